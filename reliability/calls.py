"""SIGKILL at every system call of the set-up: of the caller, of init, of each command until it waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import cpu_count
from typing import Self

from .aftermath import Aftermath
from .check import Check, Complaint, Place
from .launch import SLEEPERS
from .sample import spread
from .tracer import tracer

# Of the calls of each: the caller's before it forks are an interpreter's start, with nothing there to be left.
MOST = {"caller": 250, "init": 1000, "a": 1000, "b": 50}
MOST_QUICK = {"caller": 8, "init": 16, "a": 10, "b": 2}
MOST_OF_CALLER, MOST_OF_CALLER_QUICK = 150, 6  # where it is killed as init makes a call


@dataclass(frozen=True)
class Instant:
    """As `who` begins its call of that `number`, the first being 1, `victim` is killed."""

    who: str
    number: int
    victim: str

    @classmethod
    def read(cls, case: str) -> Self:
        """As it is written: WHO NUMBER [VICTIM]."""
        who, number, *victim = case.split()
        return cls(who, int(number), *(victim or [who]))

    def __str__(self) -> str:
        return f"{self.who} {self.number}" + (f" {self.victim}" if self.victim != self.who else "")


def instants(calls: Mapping[str, Sequence[object]], *, quick: bool) -> list[Instant]:
    """Those to try, given the calls of each: all of init's and the first command's, some of the others'."""
    most = MOST_QUICK if quick else MOST
    chosen = [
        Instant(who, number, who)
        for who, made in calls.items()
        for number in spread(range(1, len(made) + 1), most[who])
    ]
    of_init = [replace(each, victim="caller") for each in chosen if each.who == "init"]
    return chosen + spread(of_init, MOST_OF_CALLER_QUICK if quick else MOST_OF_CALLER)


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """The check."""
    aftermath = Aftermath()
    fewer: list[str] = []
    with tracer() as traced:
        made = traced.calls(SLEEPERS, place.directory)

        def attempt(case: str) -> Complaint:
            at = Instant.read(case)
            launch, was_reached = traced.kill(at.who, at.number, at.victim, SLEEPERS, place.directory)
            if not was_reached:
                fewer.append(case)  # it was killed all the same, once all was quiet
            with launch:
                return aftermath.judge(launch, at.victim)

        def figures() -> str:
            counts = ", ".join(f"{who} {len(names)}" for who, names in made.items())
            late = f", {len(fewer)} only after the last" if fewer else ""
            return f"calls: {counts}{late}; gone after {aftermath.longest_s:.2f} s at most"

        cases = list(map(str, instants(made, quick=place.quick)))
        yield Check(
            "killed at a system call: nothing left after 1 s", cases, attempt, at_once=cpu_count() or 1, figures=figures
        )
