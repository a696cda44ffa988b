"""The commands that a lab has started, as long as they may still run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .process import Process


class Started:
    """They, safe from any thread and from a signal's handler: what is done to `_processes` is one call each time."""

    def __init__(self) -> None:
        self._processes: dict[Process, None] = {}

    def add(self, process: Process) -> None:
        """Note one more; those that ended are forgotten, so that a long-lived lab does not grow."""
        for each in list(self._processes):
            if each.returncode is not None:
                self._processes.pop(each, None)
        self._processes[process] = None

    def note_ends(self) -> None:
        """See which have ended."""
        for each in list(self._processes):
            each.poll()

    def let_go(self) -> None:
        """Wait for none any more."""
        for each in list(self._processes):
            each.let_go()
