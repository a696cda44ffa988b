"""SIGKILL at every system call of the set-up: of the caller, of init, of each command until it waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import cpu_count
from typing import Self

from .aftermath import Aftermath
from .check import Check, Complaint, Place
from .launch import SANDBOX, SLEEPERS
from .sample import spread
from .tracer import tracer

# Of two kinds, for commands that start together wait in forks of init; one alone is executed by init itself.
PAIR, ALONE = "pair", "alone"
LAUNCHES = {PAIR: SLEEPERS, ALONE: (*SANDBOX, "run", "--", "sleep", "99")}
# Of the calls of each: the caller's before it forks are an interpreter's start, with nothing there to be left.
MOST = {"caller": 200, "init": 1000, "a": 1000, "b": 50}
MOST_QUICK = {"caller": 6, "init": 10, "a": 8, "b": 2}
MOST_OF_CALLER, MOST_OF_CALLER_QUICK = 100, 4  # where it is killed as init makes a call


@dataclass(frozen=True)
class Instant:
    """In a launch of a kind, as `who` begins its call of that `number`, the first being 1, `victim` is killed."""

    kind: str
    who: str
    number: int
    victim: str

    @classmethod
    def read(cls, case: str) -> Self:
        """As it is written: KIND WHO NUMBER [VICTIM]."""
        kind, who, number, *victim = case.split()
        return cls(kind, who, int(number), *(victim or [who]))

    def __str__(self) -> str:
        return f"{self.kind} {self.who} {self.number}" + (f" {self.victim}" if self.victim != self.who else "")


def instants(kind: str, calls: Mapping[str, Sequence[object]], *, quick: bool) -> list[Instant]:
    """Those to try, given the calls of each: all of init's and the first command's, some of the others'."""
    most = MOST_QUICK if quick else MOST
    chosen = [
        Instant(kind, who, number, who)
        for who, made in calls.items()
        for number in spread(range(1, len(made) + 1), most[who])
        if kind == PAIR or who != "caller"  # whose calls are the same
    ]
    of_init = [replace(each, victim="caller") for each in chosen if each.who == "init"]
    return chosen + spread(of_init, MOST_OF_CALLER_QUICK if quick else MOST_OF_CALLER)


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """The check."""
    aftermath = Aftermath()
    fewer: list[str] = []
    with tracer() as traced:
        made = {kind: traced.calls(words, place.directory) for kind, words in LAUNCHES.items()}

        def attempt(case: str) -> Complaint:
            at = Instant.read(case)
            launch, was_reached = traced.kill(at.who, at.number, at.victim, LAUNCHES[at.kind], place.directory)
            if not was_reached:
                fewer.append(case)  # it was killed all the same, once all was quiet
            with launch:
                return aftermath.judge(launch, at.victim)

        def figures() -> str:
            counts = ", ".join(f"{who} {len(names)}" for who, names in made[PAIR].items())
            late = f", {len(fewer)} only after the last" if fewer else ""
            return f"calls of a pair: {counts}{late}; gone after {aftermath.longest_s:.2f} s at most"

        cases = [str(each) for kind in LAUNCHES for each in instants(kind, made[kind], quick=place.quick)]
        yield Check(
            "killed at a system call: nothing left after 1 s", cases, attempt, at_once=cpu_count() or 1, figures=figures
        )
