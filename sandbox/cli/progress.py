"""How far a large lab is built, on a terminal."""

from __future__ import annotations

import os

WIDTH = 40
CLEAR_LINE = "\r\x1b[K"


class Bar:
    """A context with a bar on stderr, if that is a terminal, once update() is called; gone afterwards."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_shown = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            os.write(2, CLEAR_LINE.encode())

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` steps are done."""
        if os.isatty(2):
            self._is_shown = True
            full = WIDTH * done // total
            bar = "█" * full + "░" * (WIDTH - full)
            os.write(2, f"{CLEAR_LINE}{self._what} {bar} {100 * done // total:3} %".encode())
