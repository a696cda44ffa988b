"""Signals sent to the launcher reach each command, once."""

from __future__ import annotations

import os
from time import monotonic

from ..kernel import status
from ..kernel.signals import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Self

    from ..lab.process import Process

# A terminal sends these to every process of the foreground group, so all of a command's get them.
OF_A_TERMINAL = (posix.SIGINT, posix.SIGQUIT, posix.SIGTSTP, posix.SIGCONT, posix.SIGWINCH)
OF_A_PROCESS = (posix.SIGTERM, posix.SIGHUP, posix.SIGUSR1, posix.SIGUSR2)
OF_A_WINDOW = (posix.SIGTSTP, posix.SIGCONT, posix.SIGWINCH)  # which end nothing
THAT_END = (posix.SIGINT, posix.SIGTERM, posix.SIGHUP)
IMPATIENCE_S, STARTING_S = 2.0, 1.0


def stop() -> None:
    """Stop, as a shell's ^Z asks for; returns when the shell continues us."""
    os.kill(os.getpid(), posix.SIGSTOP)


class Hold:
    """Signals wait from now on until Forwarding.let_in(): the commands that they are for have begun by then.

    Where that takes longer than a second, this program ends of one that is to end it, and its lab with it.
    """

    def __init__(self) -> None:
        self.noted: list[int] = []
        self.before: dict[int, Any] = {}  # who handled those that end
        self._since = monotonic()
        posix.pthread_sigmask(posix.SIG_BLOCK, set(OF_A_TERMINAL + OF_A_PROCESS).difference(THAT_END))
        for number in THAT_END:
            # What we were started to ignore, as nohup does with SIGHUP, stays ignored.
            if posix.getsignal(number) != posix.SIG_IGN:
                self.before[number] = posix.signal(number, self._note)

    def _note(self, number: int, _: object) -> None:
        if monotonic() - self._since < STARTING_S:
            self.noted.append(number)
        else:
            posix.signal(number, posix.SIG_DFL)
            os.kill(os.getpid(), number)


class Forwarding:
    """A context in which signals, those of `numbers`, are passed on. `stop` is called once a stop was passed on.

    Those on `hold` wait on, until let_in().

    A second SIGINT within two seconds kills. Whoever waits polls fileno() as well, then calls awake(): a signal
    that comes just before the wait would otherwise be passed on only after it.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        hold: Hold | None = None,
        stop: Callable[[], object] = stop,
        numbers: Sequence[int] = OF_A_TERMINAL + OF_A_PROCESS,
    ) -> None:
        self._processes = processes
        self._hold = hold
        self._stop = stop
        self._numbers = numbers
        self._interrupted_at = -IMPATIENCE_S
        self._before: dict[int, Any] = dict(hold.before) if hold else {}

    def __enter__(self) -> Self:
        self._readable, self._writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._wakeup_before = posix.set_wakeup_fd(self._writable, warn_on_full_buffer=False)
        for number in self._numbers:
            if number not in self._before and posix.getsignal(number) != posix.SIG_IGN:
                self._before[number] = posix.signal(number, self._forward)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            posix.signal(number, handler)
        posix.set_wakeup_fd(self._wakeup_before)
        os.close(self._readable)
        os.close(self._writable)

    def let_in(self) -> None:
        """Hold them no longer."""
        if self._hold:
            for number in self._hold.before:
                posix.signal(number, self._forward)
            for number in self._hold.noted:
                self._forward(number, None)
        posix.pthread_sigmask(posix.SIG_UNBLOCK, OF_A_TERMINAL + OF_A_PROCESS)

    def fileno(self) -> int:
        """A descriptor that becomes readable with every signal."""
        return self._readable

    def awake(self) -> None:
        """Take note that it was readable: by now the signals were passed on."""
        os.read(self._readable, 4096)

    def _forward(self, number: int, _: object) -> None:
        if number == posix.SIGINT and self._is_impatient():
            number = posix.SIGKILL
        for process in self._processes:
            _deliver(process, number)
        if number == posix.SIGTSTP:
            self._stop()

    def _is_impatient(self) -> bool:
        before, self._interrupted_at = self._interrupted_at, monotonic()
        return self._interrupted_at - before < IMPATIENCE_S


def _deliver(process: Process, number: int) -> None:
    if number == posix.SIGTSTP and _stops_by_default(process.pid):
        # A session of its own is an orphaned process group, in which the kernel drops the default
        # action of SIGTSTP (setpgid(2)): the stop that the user asked for needs SIGSTOP.
        number = posix.SIGSTOP
    if number in OF_A_TERMINAL or number == posix.SIGSTOP:
        process.send_signal_to_group(number)
    else:
        process.send_signal(number)


def _stops_by_default(pid: int) -> bool:
    """Whether the process neither catches nor ignores SIGTSTP: proc_pid_status(5), SigIgn and SigCgt."""
    bit = 1 << (posix.SIGTSTP - 1)
    try:
        fields = status.fields(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return not (int(fields["SigIgn"], 16) | int(fields["SigCgt"], 16)) & bit
