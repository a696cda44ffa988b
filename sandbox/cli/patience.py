"""The time that commands have: when it is over they are asked to end, and a while later they are not asked."""

from __future__ import annotations

from time import monotonic

from ..lab.process import SIGKILL, SIGTERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GRACE_S = 5.0  # between SIGTERM and SIGKILL
TIMED_OUT = 124  # the exit status of timeout(1)


class Patience:
    """Has commands end by `signal` when `timeout_s` seconds are over, if it is not None, or when it is told to.

    Whoever waits for them waits no longer than left_ms(), and calls check() then.
    """

    def __init__(self, timeout_s: float | None, signal: Callable[[int], object]) -> None:
        self.is_over = False
        self._timeout_s = timeout_s
        self._signal = signal
        self._timeout_at = None if timeout_s is None else monotonic() + timeout_s
        self._kill_at: float | None = None

    def left_ms(self) -> float | None:
        """How long to wait at most; None: for ever."""
        times = [at for at in (self._timeout_at, self._kill_at) if at is not None]
        # poll(2) rounds up, and what is left of a millisecond is not waited for in a circle.
        return max(0.0, min(times) - monotonic()) * 1000 + 1 if times else None

    def end(self) -> None:
        """Ask them to end now, whatever time is left."""
        self._timeout_at, self._kill_at = None, monotonic() + GRACE_S
        self._signal(SIGTERM)

    def check(self) -> bool:
        """Do what it is time for; whether the time has just run out."""
        if self._timeout_at is not None and monotonic() >= self._timeout_at:
            self.is_over = True
            self.end()
            return True
        if self._kill_at is not None and monotonic() >= self._kill_at:
            self._kill_at = None
            self._signal(SIGKILL)
        return False

    @property
    def said(self) -> str:
        """What is to be told of it."""
        return f"timeout of {self._timeout_s:g} s reached"
