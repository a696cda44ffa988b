"""The waiting of a single-threaded process: descriptors, and what to do when one has something to tell."""

from __future__ import annotations

import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn


class Loop:
    """Watches descriptors and calls what belongs to each that is readable."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._watched: dict[int, tuple[int, Callable[[], object]]] = {}
        self._turn = 0
        self._last = -1

    def watch(self, fd: int, heard: Callable[[], object], *, last: bool = False) -> None:
        """Call `heard` whenever `fd` is readable or its other end is gone; `last`: after all others of a turn."""
        self._poll.register(fd, select.POLLIN)
        self._watched[fd] = (self._turn, heard)
        if last:
            self._last = fd

    def forget(self, fd: int) -> None:
        """Watch `fd` no more. To be said before it is closed."""
        if self._watched.pop(fd, None):
            self._poll.unregister(fd)

    def run(self) -> NoReturn:
        """Wait and call, for ever."""
        while True:
            ready = sorted(self._poll.poll(), key=lambda event: event[0] == self._last)
            self._turn += 1
            for fd, _ in ready:
                since, heard = self._watched.get(fd, (self._turn, None))
                # The number of one that was closed meanwhile may already be another's, which has told nothing yet.
                if heard and since < self._turn:
                    heard()
