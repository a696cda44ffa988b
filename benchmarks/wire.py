"""The wire's tables: what two ends can send each other, over our links and over those of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

import psutil

from . import floor
from .ahead import put_ahead
from .paths import DOCKER, LO, OTHERS, PAIR, PAIR_JUMBO, PUBLISHED, Ask, Reading, paths
from .row import Row
from .stopwatch import interleaved
from .table import Entry, Table

RUNS, QUICK_RUNS = 7, 3
QUICK = 4  # times shorter is each sample


@dataclass(frozen=True)
class Goal:
    """How many times better `path` is to be than `other`."""

    path: str
    other: str
    times: float


@dataclass(frozen=True)
class Metric:
    """A kind of traffic that traffic.c knows, how long a sample of it takes, and how its second number is told."""

    kind: str
    title: str
    unit: str
    milliseconds: int
    beside: str
    goals: Sequence[Goal] = ()
    more_is_better: bool = False
    not_over: Sequence[str] = (PAIR_JUMBO,)  # paths where it would say nothing more


METRICS = (
    Metric(
        "tcp",
        "TCP, one stream",
        "Gbit/s",
        400,
        "{:.0f} segments sent again",
        (Goal(PAIR, DOCKER, 1.1), Goal(PAIR_JUMBO, LO, 0.95)),
        True,
        (),
    ),
    Metric("udp", "UDP, 64 bytes each", "1000/s", 400, "{:.1f} % lost", (Goal(PAIR, DOCKER, 1.5),), True),
    Metric("tcp_rr", "TCP round trips of one byte", "us", 200, "{:.0f}/s", (Goal(PAIR, DOCKER, 1.2),)),
    Metric("udp_rr", "UDP round trips of 64 bytes", "us", 200, "{:.0f}/s", (Goal(PAIR, DOCKER, 1.2),)),
    # A published port is no place to ping.
    Metric("ping", "ping", "us", 200, "{:.0f}/s", not_over=(PAIR_JUMBO, PUBLISHED)),
)


def measure(*, quick: bool, install: bool = True) -> list[Table]:
    """A table for each metric. Takes 85 seconds, a quick one 11."""
    with ExitStack() as stack:
        program = stack.enter_context(floor.compiled("traffic"))
        known = paths(program, install=install)
        missing = {name: path.why_missing() for name, path in known.items()}
        asks = {name: stack.enter_context(path.open()) for name, path in known.items() if not missing[name]}
        missing |= unanswered(asks)
        asks = {name: ask for name, ask in asks.items() if not missing[name]}
        _put_ends_ahead(program)
        return [table(metric, missing, _samples(metric, asks, quick)) for metric in METRICS]


def unanswered(asks: Mapping[str, Ask]) -> Mapping[str, str]:
    """Why some of others' do not answer: nft may be there, its part of the kernel not. Raises RuntimeError at ours."""
    why = {}
    for name, ask in asks.items():
        try:
            ask("tcp", 1)
        except RuntimeError as error:
            if name not in OTHERS:
                raise
            why[name] = f"does not run here: {error}"
    return why


def _put_ends_ahead(program: str) -> None:
    """Let both ends go before whatever else runs here: each is in a session of its own."""
    for end in psutil.process_iter(["cmdline"]):
        if (end.info["cmdline"] or [""])[0] == program:
            put_ahead(end.pid)


def _samples(metric: Metric, asks: Mapping[str, Ask], quick: bool) -> Mapping[str, Sequence[Reading]]:
    milliseconds = metric.milliseconds // (QUICK if quick else 1)
    contestants: dict[str, Callable[[], Reading]] = {
        name: partial(ask, metric.kind, milliseconds) for name, ask in asks.items() if name not in metric.not_over
    }
    return interleaved(contestants, QUICK_RUNS if quick else RUNS, warm_up=0, rest=lambda: None)


def table(metric: Metric, missing: Mapping[str, str], samples: Mapping[str, Sequence[Reading]]) -> Table:
    """What was read on each path; or why one is `missing`."""
    entries = [
        Entry(name, None, why) if why else _entry(name, metric, samples[name])
        for name, why in missing.items()
        if name not in metric.not_over
    ]
    return Table(
        metric.title,
        entries,
        metric.unit,
        ours=PAIR,
        floor=LO,
        more_is_better=metric.more_is_better,
        rows=list(_goals(metric, {entry.name: entry for entry in entries})),
    )


def _entry(name: str, metric: Metric, readings: Sequence[Reading]) -> Entry:
    values = [reading.value for reading in readings]
    beside = metric.beside.format(median(reading.beside for reading in readings))
    return Entry(name, median(values), f"{min(values):.1f} to {max(values):.1f}, {beside}")


def _goals(metric: Metric, entries: Mapping[str, Entry]) -> Iterator[Row]:
    for goal in metric.goals:
        what = f"{goal.path}, {metric.kind}"
        ours, other = entries[goal.path], entries[goal.other]
        if ours.value is None or other.value is None:
            yield Row(what, None, "x", goal.times, ours.note if ours.value is None else other.note, at_least=True)
            continue
        better, worse = (ours, other) if metric.more_is_better else (other, ours)
        assert better.value is not None
        assert worse.value is not None
        source = f"{ours.value:.1f} {metric.unit}, {goal.other} {other.value:.1f}"
        yield Row(what, better.value / worse.value, "x", goal.times, source, at_least=True)
