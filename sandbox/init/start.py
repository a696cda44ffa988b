"""The start of a command, until it runs or is refused."""

from __future__ import annotations

import os

from .. import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..command import Command

    # Told a returncode, and which limits of its node the command has reached.
    Ended = Callable[[int, Sequence[str]], object]


class Start:
    """A command that is to run: `told` is told of it, `report` how it fails before, `streams` are its descriptors."""

    def __init__(self, command: Command, inherited: Sequence[int], ended: Ended | None) -> None:
        self.command = command
        self.told, self.report = map(messages.adopt, inherited[:2])
        self.streams = inherited[2:]
        self.ended = ended

    def refuse(self, message: Mapping[str, str | Sequence[str]]) -> None:
        """It does not run; the message says why."""
        messages.tell(self.report, message)
        self.give_up()

    def give_up(self) -> None:
        """It does not run, and there is nothing to say."""
        self.told.close()
        self.close()

    def close(self) -> None:
        """Let go of what is the command's own by now."""
        self.report.close()
        for fd in self.streams:
            os.close(fd)
