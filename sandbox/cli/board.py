"""A lesson on the terminal: what a step says, does and shows, the difference from before in colour."""

from __future__ import annotations

import os
import re
import sys

from rich.console import Console
from rich.text import Text

from .phrases import NOT_SO
from .wrapping import line_ends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..learn.performance import Frame, Ran
    from ..learn.state import Change
    from ..lessons.lesson import Lesson
    from ..lessons.lesson import Text as Phrase

    Speech = str | Phrase

WIDEST = 100
CODE = re.compile(r"`([^`]+)`")
SIGNS = {"+": "green", "-": "red", "~": "yellow"}
NEW = "bold green"


class Board:
    """Where frames are shown. Without a terminal it speaks in plain text, for a pipe or a file."""

    def __init__(self, language: str) -> None:
        self._language = language
        is_coloured = bool(os.environ.get("FORCE_COLOR")) or None
        self._console = Console(highlight=False, markup=False, emoji=False, force_terminal=is_coloured)
        self._is_one_line = True  # of the prompt
        self._width = min(self._console.width, WIDEST) if sys.stdout.isatty() else WIDEST

    def announce(self, lesson: Lesson) -> None:
        """The title of the lesson, and what it is about."""
        self._line(Text(lesson.title.spoken(self._language), "bold"))
        self.say(lesson.about.spoken(self._language))

    def show(self, frame: Frame, of: int) -> None:
        """One step."""
        self.head(f"{frame.number}/{of}", frame.title)
        self.say(frame.text)
        self._line()
        for ran in frame.commands:
            self.command(ran)
        if frame.changes:
            self._line()
            self.changes(frame.changes)
        for fact in frame.facts:
            if not fact.holds:
                self.warn(f"! {self.spoken(NOT_SO)}: {fact.what}")

    def head(self, number: str, title: str) -> None:
        """What the next lines are about."""
        self._line()
        self._line(Text.assemble((f"{number}  ", "dim"), (title, "bold cyan")))

    def changes(self, changes: Iterable[Change]) -> None:
        """What has become different."""
        for change in changes:
            self._line(Text(f"{change.sign} {change.place}: {change.what}", SIGNS[change.sign]))

    def warn(self, text: str) -> None:
        """What went wrong."""
        self._line(Text(text, "bold red"))

    def remark(self, text: Speech) -> None:
        """What is not of the lesson itself."""
        self._line(Text(self.spoken(text).replace("`", ""), "dim"))

    def prompt(self, text: Speech, offer: str = "") -> None:
        """What may be typed now, on a line that is not yet ended."""
        shown = Text(f"{self.spoken(text)} {offer}", "dim")
        self._is_one_line = shown.cell_len < self._console.width
        self._console.print(shown, end="", soft_wrap=True)
        sys.stdout.flush()

    def answered(self) -> None:
        """The prompt has had its answer, and goes."""
        is_erasable = self._is_one_line and not self._console.is_dumb_terminal
        sys.stdout.write("\r\x1b[K" if is_erasable else "\n")
        sys.stdout.flush()

    def spoken(self, text: Speech) -> str:
        """A phrase in the language of the lesson."""
        return text if isinstance(text, str) else text.spoken(self._language)

    def say(self, text: Speech) -> None:
        """Prose, in lines that fit."""
        parts = CODE.split(self.spoken(text))
        prose = Text.assemble(*((part, "bold" if at % 2 else "") for at, part in enumerate(parts)))
        for paragraph in prose.split("\n"):
            for line in paragraph.divide(line_ends(paragraph.plain, self._width)):
                line.rstrip()
                self._line(line)

    def command(self, ran: Ran) -> None:
        """A command and what it said."""
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
