"""A lesson taken key by key: on, back, a shell in the midst of it."""

from __future__ import annotations

import os
from shlex import quote
from shutil import which

from ..errors import SandboxError
from ..lab.node import current_directory
from ..learn.stage import environment
from . import phrases
from .terminal import visit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..learn.performance import Performance
    from .board import Board, Speech
    from .keys import Keys

ON = ("enter", "n", "right")
BACK = ("b", "left")
LEAVE = ("q", "end")
HELP = "?"
# bash reads this before each prompt, after whatever its own files have made of PS1.
MARK_PROMPT = 'case $PS1 in "($SANDBOX_PLACE) "*) ;; *) PS1="($SANDBOX_PLACE) $PS1" ;; esac'


class Walk:
    """One learner before a performance: they type, and it goes on or back."""

    def __init__(self, performance: Performance, board: Board, keys: Keys) -> None:
        self._performance = performance
        self._board = board
        self._keys = keys
        self._is_lost = False  # whether the lab has become another than the step above it shows

    def through_the_steps(self) -> bool:
        """From the first step to the last; whether the learner came to its end and went on."""
        lesson = self._performance.lesson
        self._board.announce(lesson)
        self._forward()
        while True:
            key = self.key(self._prompt())
            if key in ON and self._performance.is_over and not self._is_lost:
                return True
            if key in LEAVE:
                return False
            if key in ON:
                self._forward()
            elif key in BACK:
                self._back()
            elif key == "s":
                self.shell()
            else:
                self._board.say(phrases.HELP)

    def key(self, prompt: Speech) -> str:
        """The next key, asked for by a prompt."""
        key = self._keys.read(self._performance.stage.guard_terminal, lambda: self._board.prompt(prompt))
        self._board.answered()
        return key

    def line(self, prompt: Speech, offer: str) -> str | None:
        """A line, asked for by a prompt; None when none is to come."""
        self._board.prompt(prompt, offer)
        return self._keys.line()

    def shell(self) -> None:
        """A shell where the learner wants it, and what has become different in it."""
        place = self._place()
        if place is None:
            return
        self._board.remark(self._board.spoken(phrases.SHELL).format(place=place))
        performance, surroundings = self._performance, _environment(place)
        words = _words(place, is_first=place == performance.lesson.places[0])
        try:
            visit(performance.stage.guard_terminal, lambda fd: performance.stage.start(words, fd, surroundings))
            changes = performance.look_again()
        except SandboxError as error:
            self._lose(error)
            return
        if changes:
            self._board.remark(phrases.CHANGED)
            self._board.changes(changes)

    def _prompt(self) -> Speech:
        performance = self._performance
        if not performance.is_over:
            return phrases.PROMPT
        return phrases.BEFORE_FAULTS if performance.lesson.faults else phrases.AT_THE_END

    def _forward(self) -> None:
        performance = self._performance
        try:
            frame = performance.forward()
        except SandboxError as error:
            if not performance.frames:
                raise
            self._lose(error)
        else:
            self._board.show(frame, len(performance.lesson.steps))

    def _back(self) -> None:
        self._board.remark(phrases.REBUILDING)
        performance = self._performance
        frame = performance.go_to(len(performance.frames)) if self._is_lost else performance.back()
        self._is_lost = False
        self._board.show(frame, len(performance.lesson.steps))

    def _lose(self, error: SandboxError) -> None:
        self._is_lost = True
        self._board.warn(f"! {error}")
        self._board.say(phrases.FAILED)

    def _place(self) -> str | None:
        """Which of the places that are there now; the beginning of its name is enough, and the first needs none."""
        there = list(self._performance.known)
        asked = self.line(phrases.WHICH, f"[{there[0]}] {' '.join(there[1:])}".rstrip() + ": ")
        if asked is None:
            return None
        found = asked if asked in there else next((name for name in there if name.startswith(asked)), None)
        if found is None:
            self._board.warn(f"! {self._board.spoken(phrases.NO_PLACE)} {' '.join(there)}")
        return found


def _words(place: str, *, is_first: bool) -> str:
    shell = os.environ.get("SHELL") or ""
    if not which(shell) or os.path.basename(shell) in ("nologin", "false"):
        shell = "/bin/sh"
    entering = "" if is_first else f"ip netns exec {quote(place)} "
    return f"cd {quote(current_directory())} 2>/dev/null; exec {entering}{quote(shell)}"


def _environment(place: str) -> Mapping[str, str]:
    return {
        **environment(),
        "SANDBOX_PLACE": place,
        "PS1": f"({place}) # ",
        "PROMPT_COMMAND": MARK_PROMPT,
    }
