"""Times taken side by side: every contestant once, then every one again, so that all meet the same machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping, Sequence
from random import Random
from statistics import median
from time import perf_counter, sleep
from typing import TypeVar

T = TypeVar("T")

Contestant = Callable[[], float]  # runs once; returns the milliseconds it took
Medians = Mapping[str, float]

WARM_UP = 2
SELDOM = 5
# The kernel frees the namespaces of one run in the background: the next shall not pay for it.
REST_S = 0.03


def medians(
    contestants: Mapping[str, Callable[[], float | None]], runs: int, *, seldom: Container[str] = ()
) -> Medians:
    """The median of each contestant's milliseconds; of those that have any."""
    samples = interleaved(contestants, runs, warm_up=WARM_UP, rest=lambda: sleep(REST_S), seldom=seldom)
    return {name: median(taken) for name, taken in samples.items() if taken}


def interleaved(
    contestants: Mapping[str, Callable[[], T | None]],
    runs: int,
    *,
    warm_up: int,
    rest: Callable[[], object],
    seldom: Container[str] = (),
) -> Mapping[str, Sequence[T]]:
    """What each contestant returned in `runs` rounds, after a `rest` each time. Their order changes every round.

    Those in `seldom`, which take long, are in one round of SELDOM, and not in those that warm up. None is no sample.
    """
    samples: dict[str, list[T]] = {name: [] for name in contestants}
    order, shuffle = list(contestants), Random(0).shuffle
    for number in range(warm_up + runs):
        shuffle(order)
        for name in order:
            if name in seldom and (number - warm_up) % SELDOM:
                continue
            rest()
            sample = contestants[name]()
            if number >= warm_up and sample is not None:
                samples[name].append(sample)
    return samples


def timed(action: Callable[[], object]) -> Contestant:
    """A contestant that calls `action`."""

    def once() -> float:
        begun = perf_counter()
        action()
        return (perf_counter() - begun) * 1000

    return once


def process(argv: list[str]) -> Contestant:
    """A contestant that starts a program and waits for its end, silent, as a shell would."""

    def run() -> None:
        quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        pid = os.posix_spawn(argv[0], argv, environment(), file_actions=quiet)
        _, status = os.waitpid(pid, 0)
        if status:
            raise RuntimeError(f"{' '.join(argv)}: ended with {os.waitstatus_to_exitcode(status)}")

    return timed(run)


def environment() -> dict[str, str]:
    """This program's environment without what changes how Python starts: a warm cache needs its .pyc files."""
    return {key: content for key, content in os.environ.items() if not key.startswith("PYTHON")}
