"""The walls of a container: each call that builds them, made to fail once. See injection.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import cpu_count

from .check import Check, Complaint, Place
from .injection import Fault, Joining, Launches, joining
from .sample import of_each

LAUNCH, JOIN = "launch", "join"
OF_EACH, OF_EACH_QUICK = 6, 1  # of a call, of each of the two ways


def sample(faults: Sequence[Fault], most: int) -> list[Fault]:
    """Of each call some."""
    return of_each(faults, most, lambda fault: (fault.call, fault.path))


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """The check."""
    launches = Launches(place.directory)
    with joining(place.directory) as second:
        ways: dict[str, Launches | Joining] = {LAUNCH: launches, JOIN: second}
        every = {way: builder.faults() for way, builder in ways.items()}
        most = OF_EACH_QUICK if place.quick else OF_EACH
        chosen = {way: sample(faults, most) for way, faults in every.items()}

        def attempt(case: str) -> Complaint:
            way, words = case.split(maxsplit=1)
            return ways[way].attempt(Fault.read(words))

        cases = [f"{way} {fault}" for way, faults in chosen.items() for fault in faults]
        figures = ", ".join(f"{len(faults)} faults of a {way}" for way, faults in every.items())
        yield Check(
            "a call of a container's fails: 125, nothing ran",
            cases,
            attempt,
            at_once=cpu_count() or 1,
            figures=lambda: figures,
        )
