"""What a lesson is: places, and steps that each say why, do something and look at it. Pure.

Each is a file of data and prose beside this one. msgspec reads TOML's tables into these values, and refuses what it
does not know.
"""

from __future__ import annotations

import tomllib

from msgspec import Struct, ValidationError, convert, structs

from ..errors import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("en", "zh")


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """What all tables are."""


class Text(Table, frozen=True):
    """Prose in the languages that lessons speak, or in one of them."""

    en: str = ""
    zh: str = ""

    def __post_init__(self) -> None:
        if not (self.en or self.zh):
            raise ValueError("no text in any language")

    def spoken(self, language: str) -> str:
        """It in this language if it is there, else in the other."""
        wanted = {"en": self.en, "zh": self.zh}[language]
        return (wanted or self.en or self.zh).strip()


class Fact(Table, frozen=True, omit_defaults=True):
    """One thing that a text claims, so that it can be checked against the kernel each time the lesson is given.

    With `place` and `interface`: its `state` as `ip` says it, a `flag`, an `address`, the place where its `peer` is,
    its `master`. With `place` alone: a `route`, a `neighbour`, and that there is no such interface, route or neighbour.
    Alone: what a command of the step `says` or `never_says`, and which of them `fails` because it is meant to.
    """

    place: str | None = None
    interface: str | None = None
    state: str | None = None
    flag: str | None = None
    address: str | None = None
    peer: str | None = None
    master: str | None = None
    no_interface: str | None = None
    no_address: str | None = None
    route: str | None = None
    no_route: str | None = None
    neighbour: str | None = None
    no_neighbour: str | None = None
    says: str | None = None
    never_says: str | None = None
    fails: str | None = None


class Step(Table, frozen=True):
    """One step: why, what is done (`run`), what is looked at (`look`), and what then is so (`facts`).

    Each command is a line for `sh`, as a reader would type it.
    """

    title: Text
    text: Text
    run: tuple[str, ...] = ()
    look: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()

    def is_to_fail(self, words: str) -> bool:
        """Whether the step shows that this command does not work."""
        return any(fact.fails == words for fact in self.facts)


class Fault(Table, frozen=True):
    """Something to find in what the steps have built: `run` breaks it, `mend` repairs it.

    `proof` is a command that fails as long as it is broken.
    """

    name: str
    symptom: Text
    run: tuple[str, ...]
    proof: str
    hints: tuple[Text, ...]
    mend: tuple[str, ...]
    truth: Text


class Lesson(Table, frozen=True):
    """A lesson. Its commands are run in the first of its `places`; `needs` are programs.

    `on_host`: whether it may be given on the real host, which it must not where it changes the host itself.
    """

    title: Text
    about: Text
    places: tuple[str, ...]
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...] = ()
    on_host: bool = True

    def __post_init__(self) -> None:
        if not self.places or not self.steps:
            raise ValueError("a lesson takes a place and a step at least")
        for name in (name for name in self.places if self.places.count(name) > 1 or not name.strip()):
            raise ValueError(f"{name!r} in places: each has a name of its own")
        for number, step in enumerate(self.steps, 1):
            for fact in step.facts:
                if fact.place not in (None, *self.places):
                    raise ValueError(f"step {number}: {fact.place!r} is none of the places")
                if fact.fails not in (None, *step.run):
                    raise ValueError(f"step {number}: {fact.fails!r} is meant to fail, and is not run there")

    @property
    def commands(self) -> Iterator[str]:
        """All that it runs or looks at, those of its faults as well."""
        for step in self.steps:
            yield from (*step.run, *step.look)
        for fault in self.faults:
            yield from (*fault.run, fault.proof, *fault.mend)


def parse(text: str) -> Lesson:
    """The lesson written as `text`. Raises RequestError."""
    try:
        return convert(tomllib.loads(text), Lesson)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        what = str(error).replace("`", "")
        raise RequestError(
            f"not a lesson: {what[0].lower()}{what[1:]} - `sandbox learn pair --toml` shows one"
        ) from None


def with_faults(lesson: Lesson, first: str | None = None) -> Lesson:
    """The lesson with its faults, from the `first` on, as further steps: each is made and shown, then mended.

    Raises RequestError for a fault that is not there.
    """
    faults = faults_from(lesson, first)
    return structs.replace(lesson, steps=(*lesson.steps, *(step for fault in faults for step in _told(fault))))


def faults_from(lesson: Lesson, first: str | None) -> tuple[Fault, ...]:
    """The faults of a lesson from one on. Raises RequestError for one that is not there."""
    names = [fault.name for fault in lesson.faults]
    if first is None:
        return lesson.faults
    if first not in names:
        there = f"there are {', '.join(names)}" if names else "a lesson that has some: sandbox learn broken"
        raise RequestError(f"{first!r}: no such fault - {there}")
    return lesson.faults[names.index(first) :]


def _told(fault: Fault) -> Iterator[Step]:
    broken = (Fact(fails=fault.proof),)
    yield Step(_headed("Fault", "故障", fault.name), fault.symptom, (*fault.run, fault.proof), facts=broken)
    yield Step(_headed("Mended", "修复", fault.name), fault.truth, (*fault.mend, fault.proof))


def _headed(en: str, zh: str, name: str) -> Text:
    return Text(f"{en}: {name}", f"{zh}：{name}")
