"""Signals sent to the launcher reach each command, once."""

from __future__ import annotations

import _signal
import os
from contextlib import contextmanager
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..process import Process

# A terminal sends these to every process of the foreground group, so all of a command's get them.
OF_A_TERMINAL = (_signal.SIGINT, _signal.SIGQUIT, _signal.SIGTSTP, _signal.SIGCONT, _signal.SIGWINCH)
OF_A_PROCESS = (_signal.SIGTERM, _signal.SIGHUP, _signal.SIGUSR1, _signal.SIGUSR2)
IMPATIENCE_S = 2.0


@contextmanager
def forwarding(processes: Sequence[Process], *, resume: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Pass signals on while in this context. `resume` is called when we go on after a stop.

    A second SIGINT within two seconds kills.
    """
    interrupted_at = -IMPATIENCE_S

    def forward(number: int, _: object) -> None:
        nonlocal interrupted_at
        if number == _signal.SIGINT:
            now = monotonic()
            if now - interrupted_at < IMPATIENCE_S:
                number = _signal.SIGKILL
            interrupted_at = now
        for process in processes:
            _deliver(process, number)
        if number == _signal.SIGTSTP:
            os.kill(os.getpid(), _signal.SIGSTOP)
            resume()

    # What we were started to ignore, as nohup does with SIGHUP, stays ignored.
    forwarded = [each for each in OF_A_TERMINAL + OF_A_PROCESS if _signal.getsignal(each) != _signal.SIG_IGN]
    before = {number: _signal.signal(number, forward) for number in forwarded}
    try:
        yield
    finally:
        for number, handler in before.items():
            _signal.signal(number, handler)


def _deliver(process: Process, number: int) -> None:
    if number == _signal.SIGTSTP and _stops_by_default(process.pid):
        # A session of its own is an orphaned process group, in which the kernel drops the default
        # action of SIGTSTP (setpgid(2)): the stop that the user asked for needs SIGSTOP.
        number = _signal.SIGSTOP
    if number in OF_A_TERMINAL or number == _signal.SIGSTOP:
        process.send_signal_to_group(number)
    else:
        process.send_signal(number)


def _stops_by_default(pid: int) -> bool:
    """Whether the process neither catches nor ignores SIGTSTP: proc_pid_status(5), SigIgn and SigCgt."""
    bit = 1 << (_signal.SIGTSTP - 1)
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            fields = dict(line.split(":", 1) for line in status)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return not (int(fields["SigIgn"], 16) | int(fields["SigCgt"], 16)) & bit
