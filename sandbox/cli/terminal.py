"""One command with a terminal of its own inside ours: job control, window size, ^C and ^Z are its own.

It cannot have ours: a terminal belongs to one session, and a command that shares it could type into it
(TIOCSTI, ioctl_tty(2)). So it gets a pseudo-terminal, pty(7), and bytes are carried across.
"""

from __future__ import annotations

import fcntl
import os
import select
import termios
import tty
from contextlib import ExitStack, contextmanager
from signal import SIGWINCH, signal

from .patience import Patience
from .signals import OF_A_WINDOW, Forwarding, Hold, stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol

    from ..command import Command
    from ..lab import Lab
    from ..lab.process import Process

    class Visitor(Protocol):
        """What runs on a terminal: a descriptor tells of its end."""

        def fileno(self) -> int: ...
        def poll(self) -> int | None: ...

    Ending = tuple[Process, Patience]  # what has ended, and whether that was for want of time

AT_ONCE = 64 * 1024
NO_WINDOW = bytes(8)
SETTLE_MS = 50


def run_in_terminal(
    lab: Lab, command: Command, begin: Callable[[Sequence[Process]], None], *, timeout_s: float | None = None
) -> Ending:
    """Run `command` on a terminal to its end, once it was set going by `begin`, or until `timeout_s` are over."""
    with ExitStack() as stack:
        inner, given = _open(stack)
        # Before the command: once that has begun, init has also read the settings that it is to put back.
        raw = RawMode(lab.guard_terminal)
        try:
            stderr = given if os.isatty(2) else 2
            hold = Hold()
            process = lab.start(command, (given, given, stderr))
        finally:
            os.close(given)
        begin([process])
        ended = process.fileno()  # a signal may be what finds that it has ended already
        stack.callback(raw.leave)
        raw.enter()
        with Forwarding([process], hold=hold, stop=raw.stop) as signals, _window_passed_on(inner):
            signals.let_in()
            patience = Patience(timeout_s, process.send_signal)
            _relay(inner, process, ended, signals, patience)
        lab.close()
        _drain(inner)
        return process, patience


def visit(guard: Callable[[int], object], start: Callable[[int], Visitor]) -> None:
    """Give the terminal to what `start` begins on the descriptor of one, until that has ended.

    What it leaves running may keep its terminal. What is to end this program does so now as well.
    """
    with ExitStack() as stack:
        inner, given = _open(stack)
        raw = RawMode(guard)
        try:
            visitor = start(given)
        finally:
            os.close(given)
        stack.callback(raw.leave)
        raw.enter()
        with Forwarding((), stop=raw.stop, numbers=OF_A_WINDOW) as signals, _window_passed_on(inner):
            signals.let_in()
            _relay(inner, visitor, visitor.fileno(), signals, Patience(None, lambda _: None))
        while _has_more(inner) and _pass_on(inner):
            continue


def _open(stack: ExitStack) -> tuple[int, int]:
    """A terminal of the size of ours: the side where bytes are carried, and that of the command."""
    inner, given = os.openpty()
    stack.callback(os.close, inner)
    _copy_window(inner)
    return inner, given


@contextmanager
def _window_passed_on(inner: int) -> Iterator[None]:
    before = signal(SIGWINCH, lambda *_: _copy_window(inner))
    try:
        yield
    finally:
        signal(SIGWINCH, before)


class RawMode:
    """Our terminal without a mind of its own: every key goes through. Put back on leaving, or by init."""

    def __init__(self, guard: Callable[[int], object]) -> None:
        """`guard` is given the terminal: its settings are to be put back should this program be killed."""
        self._settings = termios.tcgetattr(0)
        guard(0)

    def enter(self) -> None:
        """Hand every key through."""
        # Not TCSAFLUSH, the default: it would throw away what was typed ahead.
        tty.setraw(0, termios.TCSADRAIN)

    def stop(self) -> None:
        """Stop, and leave the terminal to the shell meanwhile."""
        self.leave()
        stop()
        self.enter()

    def leave(self) -> None:
        """Put everything back."""
        termios.tcsetattr(0, termios.TCSADRAIN, self._settings)


def _relay(inner: int, process: Visitor, ended: int, signals: Forwarding, patience: Patience) -> None:
    poll = select.poll()
    for fd in (0, inner, ended, signals.fileno()):
        poll.register(fd, select.POLLIN)
    while process.poll() is None:
        for fd, _ in poll.poll(patience.left_ms()):
            if fd == 0:
                keys = os.read(0, AT_ONCE)
                if keys:
                    _write(inner, keys)
                else:
                    poll.unregister(0)
            elif fd == signals.fileno():
                signals.awake()
            elif fd == inner and not _pass_on(inner):
                poll.unregister(inner)
        patience.check()


def _pass_on(inner: int) -> bool:
    """Carry what the command wrote to our terminal; False once nobody has its terminal open."""
    try:
        data = os.read(inner, AT_ONCE)
    except OSError:
        return False  # EIO: the other side is closed
    _write(1, data)
    return bool(data)


def _drain(inner: int) -> None:
    while _pass_on(inner):
        pass


def _has_more(inner: int) -> bool:
    """Whether there is more to carry; what was written has arrived within this time, if not at once: pty(7)."""
    poll = select.poll()
    poll.register(inner, select.POLLIN)
    return bool(poll.poll(SETTLE_MS))


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _copy_window(inner: int) -> None:
    fcntl.ioctl(inner, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, NO_WINDOW))
