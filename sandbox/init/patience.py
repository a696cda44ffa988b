"""Telling how far a thing has come: not at once, and not all the time."""

from __future__ import annotations

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S, EVERY_S = 0.5, 0.1


class Patience:
    """Passes on a number, from half a second after it was made on, ten times a second at most."""

    def __init__(self, tell: Callable[[int], object]) -> None:
        self._tell = tell
        self._again_at = monotonic() + PATIENCE_S

    def __call__(self, number: int) -> None:
        """Tell of it if it is time."""
        if monotonic() >= self._again_at:
            self._again_at = monotonic() + EVERY_S
            self._tell(number)
