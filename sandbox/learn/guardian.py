"""Who runs the commands of a lesson on the real host, and takes away what they leave there, whatever happens.

A process in a session of its own, so that what ends the lesson's terminal does not end it. It becomes the parent of
all that its commands start, and so knows what to end: nothing that runs can escape it by losing its own parent. It
waits for the program that gives the lesson: for its word or its end.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import termios
from contextlib import suppress
from typing import NamedTuple

from .. import messages
from ..errors import SandboxError
from ..kernel import caps, descriptors
from ..kernel.terminal import SavedTerminal
from .leavings import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import NoReturn

    from .belongings import Belongings

CLEAN, NOT_CLEAN = 0, 1
# What a terminal or a person might send; what is killed instead, is for the program to clean up.
NOT_FOR_US = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGTSTP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def start(own: Belongings) -> Guarded:
    """Fork it, for a lesson that has these; it lives until the socket to it is closed, or we are gone.

    Raises SandboxError where Record.claim raises something.
    """
    # Should it be killed, what it had started becomes ours.
    caps.adopt_orphans()
    ours, theirs = messages.pair()
    caller_fd = os.pidfd_open(os.getpid())
    before = signal.pthread_sigmask(signal.SIG_BLOCK, NOT_FOR_US)
    pid = os.fork()
    if pid == 0:
        try:
            Guardian(theirs, caller_fd).serve(own)
        finally:
            os._exit(NOT_CLEAN)
    theirs.close()
    os.close(caller_fd)
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        message, inherited, _ = messages.receive(ours)
        if message is None:
            raise SandboxError("the guardian of the lesson was killed - begin it again")
        if "failed" in message:
            raise SandboxError(*message["failed"])
        return Guarded(ours, pid, Record.adopt(*inherited))
    except BaseException:
        ours.close()
        os.waitpid(pid, 0)
        raise


class Guarded(NamedTuple):
    """How a guardian is spoken to, its pid, and what it is to take away."""

    socket: socket
    pid: int
    record: Record


def end_all() -> None:
    """Kill everything that descends from this process; returns when nothing does."""
    import psutil

    while True:
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


class Guardian:
    """The process itself."""

    def __init__(self, sock: socket, caller_fd: int) -> None:
        self._socket = sock
        self._caller_fd = caller_fd
        self._running: dict[int, tuple[subprocess.Popen[bytes], int]] = {}  # and who hears how it ended, by pidfd
        self._terminal: SavedTerminal | None = None

    def serve(self, own: Belongings) -> NoReturn:
        """Carry out what is asked for; at the end take everything away."""
        os.setsid()
        for number in NOT_FOR_US:
            signal.signal(number, lambda *_: None)  # not SIG_IGN, which the commands would inherit
        signal.pthread_sigmask(signal.SIG_UNBLOCK, NOT_FOR_US)
        _close_all_but(self._socket.fileno(), self._caller_fd)
        caps.adopt_orphans()
        try:
            self._record = Record.claim(own)
        except (SandboxError, OSError) as error:
            messages.tell(self._socket, {"failed": str(error)})
            os._exit(CLEAN)
        messages.tell(self._socket, {"ready": ""}, descriptors=[self._record.fd])
        is_killed = False
        while not is_killed:
            poll = select.poll()
            for fd in (self._socket.fileno(), self._caller_fd, *self._running):
                poll.register(fd, select.POLLIN)
            ready = {fd for fd, _ in poll.poll()}
            is_killed = self._caller_fd in ready
            for fd in ready & self._running.keys():
                self._tell_end(fd)
            if self._socket.fileno() in ready and not self._hear():
                break
        os._exit(self._clean_up(is_killed=is_killed))

    def _hear(self) -> bool:
        """Do what is asked for; False when nothing more will be."""
        message, inherited, _ = messages.receive(self._socket)
        if message is None:
            return False
        if "terminal" in message:
            fd, reads = inherited
            if self._terminal:
                self._terminal.close()
            self._terminal = SavedTerminal(fd)
            os.close(reads)
        else:
            self._start(message, inherited)
        return True

    def _start(self, message: messages.Message, inherited: list[int]) -> None:
        """Begin a command on the first descriptor; on the second is told how it ended."""
        output, told = inherited
        takes_terminal = "interactive" in message
        process = subprocess.Popen(
            ["sh", "-c", message["words"][0]],
            stdin=output if takes_terminal else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(line.split("=", 1) for line in message["env"]),
            cwd="/",
            start_new_session=True,
            preexec_fn=_take_terminal if takes_terminal else None,
        )
        os.close(output)
        self._running[os.pidfd_open(process.pid)] = process, told

    def _tell_end(self, fd: int) -> None:
        process, told = self._running.pop(fd)
        with suppress(BrokenPipeError):
            os.write(told, str(process.wait()).encode())
        os.close(told)
        os.close(fd)

    def _clean_up(self, *, is_killed: bool) -> int:
        if is_killed and self._terminal:
            with suppress(termios.error):  # the terminal is gone as well
                self._terminal.restore()
        end_all()
        try:
            self._record.clean()
        except SandboxError:
            return NOT_CLEAN  # the program will try, and tell
        self._record.remove()
        return CLEAN


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _close_all_but(*kept: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number in range(3):
        os.dup2(nowhere, number)
    descriptors.close_others((0, 1, 2, *kept))
