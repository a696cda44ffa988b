"""A lesson on the terminal: what a step says, does and shows, the difference from before in colour."""

from __future__ import annotations

import os
import re
import sys

from rich.console import Console
from rich.text import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..learn.performance import Frame, Ran
    from ..learn.state import Change
    from ..lessons.lesson import Lesson

WIDEST = 100
CODE = re.compile(r"`([^`]+)`")
SIGNS = {"+": "green", "-": "red", "~": "yellow"}
NEW = "bold green"
NOT_SO = {"en": "not so on this machine", "zh": "本机并非如此"}


class Board:
    """Where frames are shown. Without a terminal it speaks in plain text, for a pipe or a file."""

    def __init__(self, language: str) -> None:
        self._language = language
        is_coloured = bool(os.environ.get("FORCE_COLOR")) or None
        self._console = Console(highlight=False, markup=False, emoji=False, force_terminal=is_coloured)
        self._width = min(self._console.width, WIDEST) if sys.stdout.isatty() else WIDEST

    def announce(self, lesson: Lesson) -> None:
        """The title of the lesson, and what it is about."""
        self._line(Text(lesson.title.spoken(self._language), "bold"))
        self._prose(lesson.about.spoken(self._language))

    def show(self, frame: Frame, of: int) -> None:
        """One step."""
        self._line()
        self._line(Text.assemble((f"{frame.number}/{of}  ", "dim"), (frame.title, "bold cyan")))
        self._prose(frame.text)
        self._line()
        for ran in frame.commands:
            self._command(ran)
        if frame.changes:
            self._line()
            for change in frame.changes:
                self._line(_change(change))
        for fact in frame.facts:
            if not fact.holds:
                self._line(Text(f"! {NOT_SO[self._language]}: {fact.what}", "bold red"))

    def _prose(self, text: str) -> None:
        parts = CODE.split(text)
        prose = Text.assemble(*((part, "bold" if at % 2 else "") for at, part in enumerate(parts)))
        for line in prose.wrap(self._console, self._width):
            line.rstrip()
            self._line(line)

    def _command(self, ran: Ran) -> None:
        self._line(Text(f"$ {ran.words}", "bold"))
        output = Text(ran.output)
        for start, end in ran.new:
            output.stylize(NEW, start, end)
        output.rstrip()
        if output:
            self._line(output)

    def _line(self, text: Text | str = "") -> None:
        """As it is: a line of output is never broken."""
        self._console.print(text, soft_wrap=True)


def _change(change: Change) -> Text:
    return Text(f"{change.sign} {change.place}: {change.what}", SIGNS[change.sign])
