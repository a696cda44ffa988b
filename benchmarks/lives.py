"""Labs from their beginning to their end: how long both take, and what one weighs while it is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from statistics import median
from time import monotonic, sleep

import sandbox

from . import memory
from .floor import Ask
from .stopwatch import Contestant, timed

# Freeing 2000 namespaces takes the kernel about half a second, longer beside others: it counts what there is in slabs.
FREED_WITHIN_S, SLACK = 3.0, 16


@dataclass(frozen=True)
class Life:
    """How long a lab took to build and to be gone; and in between what it took of the kernel's memory and others'."""

    build_ms: float
    close_ms: float
    kernel_kib: float = 0.0
    user_kib: float = 0.0


Lives = Callable[[], Life]


def of_sandbox(topology: sandbox.Topology, *, weighed: bool = False) -> Lives:
    """Lives of labs of ours."""
    with sandbox.Lab(sandbox.Topology.alone()):
        pass  # the fork server is there

    def once() -> Life:
        labs: list[sandbox.Lab] = []
        return _life(timed(lambda: labs.append(sandbox.Lab(topology))), timed(lambda: labs[0].close()), weighed)

    return once


@contextmanager
def of_program(program: AbstractContextManager[Ask], *, weighed: bool = False) -> Iterator[Lives]:
    """Lives of the labs of a program that answers `build` and `close`."""
    with program as ask:
        yield lambda: _life(lambda: ask("build"), lambda: ask("close"), weighed)


def medians(samples: Mapping[str, Sequence[Life]]) -> Mapping[str, Life]:
    """The median of every number, for each name."""
    names = [field.name for field in fields(Life)]
    return {
        who: Life(*(median(getattr(life, each) for life in of) for each in names)) for who, of in samples.items() if of
    }


def _life(build: Contestant, close: Contestant, weighed: bool) -> Life:
    if not weighed:
        return Life(build(), close())
    kernel, user = memory.of_the_kernel_kib(), memory.of_children_kib()
    built = build()
    kernel, user = memory.of_the_kernel_kib() - kernel, memory.of_children_kib() - user
    return Life(built, close(), kernel, user)


class Rest:
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
