"""A lesson as it is given: step by step, on a stage, forward and back. Each step leaves a Frame."""

from __future__ import annotations

from time import monotonic, sleep

from msgspec import Struct

from ..errors import SandboxError
from . import state
from .difference import new_ranges
from .facts import is_of_the_kernel, is_said, is_so, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from ..lessons.lesson import Lesson, Step
    from .stage import Outcome, Stage

# The kernel acknowledges "up" before a link is: link_watch in net/core/link_watch.c.
SETTLES_WITHIN_S, PAUSE_S = 3.0, 0.02


class Ran(Struct, frozen=True):
    """A command of a step and what came of it; `new` are ranges of its output that it did not say the last time."""

    kind: str
    words: str
    status: int
    output: str
    new: tuple[tuple[int, int], ...] = ()


class Claim(Struct, frozen=True):
    """A fact of the step, and whether it is so."""

    what: str
    holds: bool


class Frame(Struct, frozen=True):
    """A step that was carried out, and what the kernel says after it."""

    number: int
    title: str
    text: str
    commands: tuple[Ran, ...]
    changes: tuple[state.Change, ...]
    state: dict[str, state.Place]
    facts: tuple[Claim, ...]


class Performance:
    """One lesson in one language; a context. `frames` are those of the steps so far, in order."""

    def __init__(self, lesson: Lesson, open_stage: Callable[[], Stage], language: str = "en") -> None:
        self.lesson = lesson
        self.language = language
        self.frames: list[Frame] = []
        self._open_stage = open_stage
        self.stage = open_stage()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.stage.__exit__(*failure)

    @property
    def is_over(self) -> bool:
        """Whether every step was carried out."""
        return len(self.frames) == len(self.lesson.steps)

    def forward(self) -> Frame:
        """Carry out the next step. Raises SandboxError when a command fails that should not."""
        step = self.lesson.steps[len(self.frames)]
        before = self.frames[-1].state if self.frames else self._ask()
        ran = [self._do(step, words) for words in step.run]
        self._settle(step)
        ran += [self._look(words) for words in step.look]
        after = self._ask()
        outputs = [each.output for each in ran]
        claims = (
            Claim(told(fact), is_so(fact, after) if is_of_the_kernel(fact) else is_said(fact, outputs))
            for fact in step.facts
        )
        frame = Frame(
            number=len(self.frames) + 1,
            title=step.title.spoken(self.language),
            text=step.text.spoken(self.language),
            commands=tuple(ran),
            changes=tuple(state.changes(before, after)),
            state=after,
            facts=tuple(claims),
        )
        self.frames.append(frame)
        return frame

    def back(self) -> Frame:
        """The step before the present one, anew: all up to there is carried out again on a new stage."""
        return self.go_to(max(1, len(self.frames) - 1))

    def go_to(self, number: int) -> Frame:
        """A step that was carried out before, anew."""
        del self.frames[number - 1 :]
        self.start_again()
        for step in self.lesson.steps[: number - 1]:
            for words in step.run:
                self._do(step, words)
        return self.forward()

    def start_again(self) -> None:
        """An empty stage; the frames stay."""
        self.stage.__exit__(None, None, None)
        self.stage = self._open_stage()

    def _do(self, step: Step, words: str) -> Ran:
        outcome = self.stage.run(words)
        if (outcome.status != 0) != step.is_to_fail(words):
            raise SandboxError(_surprise(words, outcome))
        return Ran("run", words, outcome.status, outcome.output)

    def _look(self, words: str) -> Ran:
        outcome = self.stage.run(words)
        before = self._said_before(words)
        new = () if before is None else new_ranges(before, outcome.output)
        return Ran("look", words, outcome.status, outcome.output, new)

    def _said_before(self, words: str) -> str | None:
        said = (ran.output for frame in reversed(self.frames) for ran in frame.commands if ran.words == words)
        return next(said, None)

    def _settle(self, step: Step) -> None:
        """Wait for what the step claims of the kernel, which tells nobody when it is so; but not for long."""
        claims = [fact for fact in step.facts if is_of_the_kernel(fact)]
        deadline = monotonic() + SETTLES_WITHIN_S
        while claims and monotonic() < deadline:
            now = self._ask()
            if all(is_so(fact, now) for fact in claims):
                return
            sleep(PAUSE_S)

    def _ask(self) -> dict[str, state.Place]:
        return state.read(self.stage.run(state.question(self.lesson.places)).output)


def _surprise(words: str, outcome: Outcome) -> str:
    if outcome.status == 0:
        return f"`{words}` works on this machine, and was to show what does not - try: sandbox doctor"
    said = " ".join(outcome.output.split()) or "nothing"
    return f"`{words}` ended with {outcome.status}, saying: {said} - try: sandbox doctor"
