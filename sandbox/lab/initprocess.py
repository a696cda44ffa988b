"""The init of a lab as a process: PID 1 inside, one among others out here."""

from __future__ import annotations

import os
import select

from ..kernel.signals import posix

PATIENCE_MS = 5_000


class InitProcess:
    """It, by a pidfd and by its `pid`. When it has ended, so has every process of the lab."""

    def __init__(self, pidfd: int, pid: int) -> None:
        self.pid = pid
        self._pidfd = pidfd

    def await_end(self) -> None:
        """Return when it has ended."""
        self._has_ended(None)

    def see_end(self) -> None:
        """As await_end(), once it was told to end. Where it does not within five seconds it is killed.

        A file system that never answers keeps an init that is to execute something from it.
        """
        if not self._has_ended(PATIENCE_MS):
            from contextlib import suppress

            with suppress(ProcessLookupError):  # it was faster
                posix.pidfd_send_signal(self._pidfd, posix.SIGKILL)
            self._has_ended(PATIENCE_MS)

    def let_go(self) -> None:
        """Look at it no more."""
        os.close(self._pidfd)

    def _has_ended(self, within_ms: int | None) -> bool:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        # PID 1 is gone only after every process of its PID namespace: pid_namespaces(7).
        return bool(poll.poll(within_ms))
