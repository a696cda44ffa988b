"""A command that runs in a node: what popen returns. It mirrors subprocess.Popen."""

from __future__ import annotations

import errno
import operator
import os
import select
from _thread import RLock
from time import monotonic

from .. import messages
from ..errors import LabClosed, NotAllowed, StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import IO, Any, Self

    from .node import Words

SIGKILL, SIGTERM = 9, 15
MOST = 64  # _NSIG of signal(7), but for MIPS
FOREVER_S = 10**6  # infinity is more than poll(2) takes
NO_CWD = "this is the directory in which the command was to start"

# The command itself is at fault: these are raised as subprocess raises them. Anything else is ours.
OF_THE_COMMAND = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOEXEC,
    errno.ELIBBAD,
    errno.ETXTBSY,
)


class Process:
    """A command running in a node.

    `pid` is its number as this program sees it. `returncode` is None while it runs, then its exit status,
    or -N when signal N ended it. `stdin`, `stdout` and `stderr` are files where pipes were asked for.
    `limits_reached` tells, once it has ended, of limits of its node that were: "memory limit 256M reached in a".
    """

    def __init__(
        self,
        args: Words,
        send: Callable[[int, int], object],
        *,
        held: bool = False,
        stdin: IO[Any] | None = None,
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
    ) -> None:
        """Send a command to a lab's init: `send` is given two descriptors to go with it. See begin().

        On the first is told of its end, and signals come back; on the second, what failed before it executed.
        """
        self.args = args
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.returncode: int | None = None
        self.limits_reached: tuple[str, ...] = ()
        self.pid = 0
        self._held = held
        self._may_go = False
        self._lock = RLock()
        self._collected: dict[Any, bytearray] = {}
        self._status, status = messages.pair()
        self._report, report = messages.pair()
        try:
            send(status.fileno(), report.fileno())
        except (BrokenPipeError, ConnectionResetError, ValueError):
            self._hang_up()
            raise LabClosed("the lab is closed, or its init was killed - start commands before close()") from None
        finally:
            status.close()
            report.close()

    def begin(self) -> None:
        """Wait until the command executes. Raises what subprocess would where it cannot, StepFailed for ours."""
        if not self.pid:
            self.get_ready()
        if self._held:
            self.go()
            self._read_report()
        self._report.close()

    def go(self) -> None:
        """Have it execute, once it is ready; begin() waits until it does. Several start together so."""
        if self._held and not self._may_go:
            self._may_go = True
            messages.tell(self._report, {"go": ""})  # killed while it waited, it does not hear: wait() will tell

    def get_ready(self) -> None:
        """Wait until the command is about to execute: it will, unless begin() finds otherwise."""
        self._read_report()
        message, _, pid = messages.receive(self._status)
        if message is None:
            self._read_report()  # why it was not started after all, if init could tell
            self._hang_up()
            raise LabClosed("the lab's init was killed")
        self.pid = pid

    def fileno(self) -> int:
        """A descriptor that becomes readable when the command has ended."""
        return self._status.fileno()

    def poll(self) -> int | None:
        """The returncode, or None while the command runs."""
        return self._await_end(0)

    def wait(self, timeout: float | None = None) -> int:
        """The returncode, when the command has ended. Raises TimeoutExpired after `timeout` seconds."""
        returncode = self._await_end(timeout)
        if returncode is None:
            import subprocess

            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return returncode

    def send_signal(self, signal: int) -> None:
        """Send a signal to the command, if it still runs. Raises OSError for a number that is none."""
        self._signal({"signal": str(_number(signal))})

    def send_signal_to_group(self, signal: int) -> None:
        """Send a signal as a terminal would: to the command and the children in its process group."""
        self._signal({"signal": str(_number(signal)), "group": ""})

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(SIGKILL)

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        """Send `input`, read stdout and stderr to their ends, wait. Returns both, None where no pipe is.

        Raises TimeoutExpired after `timeout` seconds; nothing read is lost, and it may be called again.
        """
        from .streams import converse

        return converse(self, self._collected, input, timeout)

    def let_go(self) -> None:
        """Wait for it no more: whether it still runs will not be known here."""
        self._status.close()
        self._report.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                _close(stream)
        if kind is None or not issubclass(kind, KeyboardInterrupt):
            self.wait()

    def __repr__(self) -> str:
        state = "running" if self.returncode is None else f"returned {self.returncode}"
        return f"<Process {self.args!r} {state}>"

    def _signal(self, message: dict[str, str]) -> None:
        if self.poll() is None:
            try:
                messages.send(self._status, message)
            except OSError:
                self.poll()

    def _await_end(self, timeout: float | None) -> int | None:
        if self.returncode is not None:
            return self.returncode
        if self._has_lock():
            return self.returncode  # to the handler of a signal that came while this thread reads
        if timeout is not None and timeout > FOREVER_S:
            timeout = None
        deadline = None if timeout is None else monotonic() + timeout
        try:
            # One thread reads the status, the others wait for it to let go.
            if self._lock.acquire(timeout=-1 if timeout is None else max(0, timeout)):
                while self.returncode is None and self._is_readable(deadline):
                    self._read_status()
        finally:
            # Asked, not remembered: the handler of a signal may raise before it could be.
            if self._has_lock():
                self._lock.release()
        return self.returncode

    def _has_lock(self) -> bool:
        return self._lock._is_owned()  # type: ignore[attr-defined,no-any-return] # as threading.Condition asks

    def _is_readable(self, deadline: float | None) -> bool:
        poll = select.poll()
        poll.register(self._status.fileno(), select.POLLIN)
        left = None if deadline is None else max(0, deadline - monotonic()) * 1000
        return bool(poll.poll(left))

    def _read_status(self) -> None:
        message, _, _ = messages.receive(self._status)
        if message is None:
            # Init is gone, and the kernel has killed all that it had started.
            self.returncode = -SIGKILL
        elif "exit" in message:
            self.returncode = int(message["exit"][0])
            self.limits_reached = tuple(message.get("reached", ()))
        if self.returncode is not None:
            self._status.close()

    def _read_report(self) -> None:
        """Nothing more to hear means that the command executes: its end closes itself by exec."""
        message, _, _ = messages.receive(self._report)
        if message is None or "ready" in message:
            return
        self._hang_up()
        if "fix" in message:
            raise NotAllowed(message["failed"][0], message["fix"][0])
        stage, by_hand, path = (message[key][0] for key in ("failed", "by hand", "file"))
        number = int(message["errno"][0])
        if stage in ("execute", "cwd") and number in OF_THE_COMMAND:
            error = OSError(number, os.strerror(number), path)
            if stage == "cwd":
                error.add_note(NO_CWD)
            raise error
        from ..doctor import forbidden

        if not_allowed := forbidden(number, stage):
            raise not_allowed
        what = "cannot execute" if stage == "execute" else f"cannot {stage} for"
        raise StepFailed(f"{what} {self._program!r}: {os.strerror(number)}", by_hand, number)

    @property
    def _program(self) -> object:
        return self.args if isinstance(self.args, str) else self.args[0]

    def _hang_up(self) -> None:
        self._status.close()
        self._report.close()
        self.returncode = -SIGKILL
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                _close(stream)


def _close(stream: IO[Any]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return  # the command stopped reading; what it left unread is lost, as with a shell's pipe


def _number(signal: int) -> int:
    """A number that kill(2) takes; 0 only asks."""
    if not 0 <= operator.index(signal) <= MOST:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return int(signal)
