"""The labs' table: many nodes, beside a C program that makes the same system calls, and beside Mininet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from time import monotonic, perf_counter, sleep

import sandbox

from . import floor, kept, memory, mininet
from .row import Row
from .shapes import SHAPES
from .stopwatch import interleaved

RUNS = {10: 20, 100: 8, 1000: 3}
QUICK_RUNS = {10: 6, 100: 3, 1000: 1}
MININET_RUNS = {10: 3, 100: 2, 1000: 1}
FEWEST, MOST = min(RUNS), max(RUNS)
# Freeing 2000 namespaces takes the kernel about half a second, longer beside others: it counts what there is in slabs.
FREED_WITHIN_S, SLACK = 3.0, 16


@dataclass(frozen=True)
class Life:
    """How long a lab took to build and to be gone."""

    build_ms: float
    close_ms: float


Builds = Callable[[], Life]


def measure(*, quick: bool, full: bool) -> list[Row]:
    """Every row. Takes about two minutes, Mininet's thousand nodes (`full`) about four more."""
    with ExitStack() as stack:
        programs = _Programs(stack)
        lives = {(shape, n): programs.compare(shape, n, quick) for shape in SHAPES for n in RUNS}
    rows = [*_against_c(lives), *_linear(lives)]
    missing = mininet.why_missing()
    for shape in SHAPES:
        for n in MININET_RUNS:
            why = missing or ("" if full or n < MOST else "takes minutes: measured with --full")
            rows += [Row(f"{n} {shape}, Mininet", None, "x", 15, why, True)] if why else _against_mininet(shape, n)
    return [*rows, *_closing(lives), *_memory(), kept.row()]


def _against_c(lives: Mapping[tuple[str, int], Mapping[str, Life]]) -> Iterator[Row]:
    for (shape, n), found in lives.items():
        ours, floor_ = found["sandbox"].build_ms, found["c"].build_ms
        yield Row(f"{n} {shape}, build", ours / floor_, "x", 1.25, f"{ours:.1f} ms, labs.c {floor_:.1f} ms")


def _linear(lives: Mapping[tuple[str, int], Mapping[str, Life]]) -> Iterator[Row]:
    for shape in SHAPES:
        few, many = (lives[shape, n]["sandbox"].build_ms / n for n in (FEWEST, MOST))
        c_few, c_many = (lives[shape, n]["c"].build_ms / n for n in (FEWEST, MOST))
        source = f"{many:.2f} ms each, of {FEWEST} {few:.2f} ms; labs.c {c_many / c_few:.2f} x"
        yield Row(f"{shape}, one of {MOST}", many / few, "x", 1.6, source)


def _against_mininet(shape: str, n: int) -> Iterator[Row]:
    with floor.answering(*mininet.command(shape, n)) as ask:
        contestants = {"sandbox": _of_sandbox(shape, n), "mininet": lambda: Life(*ask())}
        found = _medians(interleaved(contestants, MININET_RUNS[n], warm_up=0, rest=_Rest()))
    for verb, reach in (("build", 15), ("close", 100)):
        ours, its = (getattr(found[name], f"{verb}_ms") for name in ("sandbox", "mininet"))
        source = f"{ours:.1f} ms, Mininet {its / 1000:.2f} s"
        yield Row(f"{n} {shape}, {verb} faster than Mininet", its / ours, "x", reach, source, at_least=True)


def _closing(lives: Mapping[tuple[str, int], Mapping[str, Life]]) -> Iterator[Row]:
    for shape in SHAPES:
        yield Row(f"{MOST} {shape}, close", lives[shape, MOST]["sandbox"].close_ms, "ms", 50)


def _memory() -> Iterator[Row]:
    for shape, make in SHAPES.items():
        init, server = memory.idle_lab_mib(make(MOST))
        source = f"PSS of init {init:.1f}, fork server {server:.1f}"
        yield Row(f"{MOST} {shape}, memory idle", init + server, "MiB", 40, source)


class _Programs:
    """labs.c, compiled once."""

    def __init__(self, stack: ExitStack) -> None:
        self._labs = stack.enter_context(floor.compiled("labs"))

    def compare(self, shape: str, n: int, quick: bool) -> Mapping[str, Life]:
        """The medians of sandbox and of C."""
        with floor.answering(self._labs, shape, str(n)) as ask:
            contestants = {"sandbox": _of_sandbox(shape, n), "c": lambda: Life(*ask())}
            runs = (QUICK_RUNS if quick else RUNS)[n]
            return _medians(interleaved(contestants, runs, warm_up=1 if n < MOST else 0, rest=_Rest()))


def _of_sandbox(shape: str, n: int) -> Builds:
    topology = SHAPES[shape](n)
    with sandbox.Lab(sandbox.Topology.alone()):
        pass  # the fork server is there

    def once() -> Life:
        begun = perf_counter()
        lab = sandbox.Lab(topology)
        up = perf_counter()
        lab.close()
        return Life((up - begun) * 1000, (perf_counter() - up) * 1000)

    return once


def _medians(samples: Mapping[str, Sequence[Life]]) -> Mapping[str, Life]:
    return {
        name: Life(median(life.build_ms for life in lives), median(life.close_ms for life in lives))
        for name, lives in samples.items()
    }


class _Rest:
    """Waits until the kernel has freed the namespaces of the run before: else the next one would pay for it."""

    def __init__(self) -> None:
        self._before = _network_namespaces()

    def __call__(self) -> None:
        deadline = monotonic() + FREED_WITHIN_S
        while _network_namespaces() > self._before + SLACK * (os.cpu_count() or 1) and monotonic() < deadline:
            sleep(0.01)
        sleep(0.05)


def _network_namespaces() -> int:
    with open("/proc/slabinfo", encoding="ascii") as slabs:
        return next((int(line.split()[1]) for line in slabs if line.startswith("net_namespace ")), 0)
