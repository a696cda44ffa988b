"""Faults to find: each is made, shown by what no longer works, and counts as mended when that works again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from ..errors import SandboxError
from ..learn.performance import Ran
from ..learn.trial import Trial, parties
from . import phrases
from .walk import LEAVE, ON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..learn.performance import Performance
    from ..lessons.lesson import Fault, Text
    from .board import Board
    from .walk import Walk

ROOT = Path(__file__).parents[2]
WHY = "why"
HERE = "/proc/self/ns/net"


class Hunt:
    """A learner who looks for faults, one after the other."""

    def __init__(self, performance: Performance, board: Board, walk: Walk) -> None:
        self._performance = performance
        self._board = board
        self._walk = walk
        self._met = self._found = self._revealed = self._hints = 0

    def through(self, faults: Sequence[Fault]) -> None:
        """All of them, until the learner leaves; then the counts."""
        for number, fault in enumerate(faults, 1):
            self._met = number
            if not self._one(fault, len(faults)) or not self._goes_on(is_last=number == len(faults)):
                break
        self._board.say(
            self._board.spoken(phrases.COUNT).format(
                found=self._found, of=self._met, hints=self._hints, revealed=self._revealed
            )
        )

    def _one(self, fault: Fault, of: int) -> bool:
        """One fault; whether the learner wants to go on after it."""
        board, trial = self._board, Trial(self._performance, fault)
        board.remark(phrases.REBUILDING)
        proof = trial.begin()
        board.head(board.spoken(phrases.FAULT).format(number=self._met, of=of), "")
        board.say(fault.symptom)
        board.command(proof)
        hints = enumerate(fault.hints, 1)
        while (key := self._walk.key(phrases.FAULT_PROMPT)) not in LEAVE:
            if (key in ON or key == "c") and self._is_mended(trial):
                return True
            if key == "r":
                return self._reveal(trial)
            if key == "s":
                self._walk.shell()
            elif key == "h":
                self._hint(next(hints, None), len(fault.hints))
            elif key == "w":
                self._ask_why(fault)
            elif key == "?":
                board.say(phrases.FAULT_HELP)
        return False

    def _goes_on(self, *, is_last: bool) -> bool:
        prompt = phrases.NO_MORE_FAULTS if is_last else phrases.NEXT_FAULT
        while (key := self._walk.key(prompt)) not in LEAVE:
            if key in ON:
                return True
            if key == "s":
                self._walk.shell()
        return False

    def _is_mended(self, trial: Trial) -> bool:
        proof = trial.prove()
        self._board.command(proof)
        if proof.status:
            self._board.warn(self._board.spoken(phrases.STILL_BROKEN))
            return False
        self._found += 1
        self._board.say(self._board.spoken(phrases.FOUND).format(name=trial.fault.name))
        self._board.say(trial.fault.truth)
        return True

    def _reveal(self, trial: Trial) -> bool:
        self._revealed += 1
        self._board.say(self._board.spoken(phrases.TRUTH).format(name=trial.fault.name))
        self._board.say(trial.fault.truth)
        try:
            for ran in trial.mend():
                self._board.command(ran)
        except SandboxError as error:
            self._board.warn(f"! {error}")  # the learner has changed too much for it
        return True

    def _hint(self, hint: tuple[int, Text] | None, of: int) -> None:
        if hint is None:
            self._board.say(phrases.NO_MORE_HINTS)
            return
        number, text = hint
        self._hints += 1
        head = self._board.spoken(phrases.HINT).format(number=number, of=of)
        self._board.say(f"{head} {self._board.spoken(text)}")

    def _ask_why(self, fault: Fault) -> None:
        """`sandbox why` between the two that the proof is about, or those whom the learner names."""
        if not _has_why():
            self._board.say(phrases.NO_WHY)
            return
        known = parties(fault.proof, self._performance.known)
        words = known or (self._walk.line(phrases.FROM_WHERE, "") or "").split()
        if len(words) < 2:
            return
        source, target, *port = words
        first, *places = self._performance.known
        on_the_way = (each for each in places if each not in (source, target))
        asked = shlex.join([WHY, *_told((source, target, *on_the_way), first), *port])
        program = f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)} -m sandbox"
        outcome = self._performance.stage.run(f"{program} {asked}")
        self._board.command(Ran("look", f"sandbox {asked}", outcome.status, outcome.output))


def _told(places: Iterable[str], first: str) -> Iterator[str]:
    """How `sandbox why` is told of places: in the first, which has no name, it runs itself."""
    for place in places:
        yield from ("--netns", HERE if place == first else place)


def _has_why() -> bool:
    from .app import app

    return any(command.name == WHY for command in app.registered_commands)
