"""The init of a lab as a process: PID 1 inside, one among others out here."""

from __future__ import annotations

import os
import select

from ..kernel.signals import posix


class InitProcess:
    """It, by a pidfd and by its `pid`. When it has ended, so has every process of the lab."""

    def __init__(self, pidfd: int, pid: int) -> None:
        self.pid = pid
        self._pidfd = pidfd

    def has_ended(self, within_ms: int | None = None) -> bool:
        """Whether it has, after waiting for that long if need be, or else for ever."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        # PID 1 is gone only after every process of its PID namespace: pid_namespaces(7).
        return bool(poll.poll(within_ms))

    def kill(self) -> None:
        """Kill it, and with it all of the lab."""
        try:
            posix.pidfd_send_signal(self._pidfd, posix.SIGKILL)
        except ProcessLookupError:
            return  # it was faster

    def let_go(self) -> None:
        """Look at it no more."""
        os.close(self._pidfd)
