"""Labs from their beginning to their end: how long both take, and what one weighs while it is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from functools import partial
from statistics import median
from time import monotonic, sleep

import psutil

import sandbox

from . import memory
from .floor import Ask
from .namespaces import network_namespaces
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
    """Lives of labs of ours; the program that calls weighs as well."""
    server = memory.fork_server()

    def once() -> Life:
        labs: list[sandbox.Lab] = []
        build, close = timed(lambda: labs.append(sandbox.Lab(topology))), timed(lambda: labs[0].close())
        return _weighed(build, close, server) if weighed else Life(build(), close())

    return once


@contextmanager
def of_program(program: AbstractContextManager[Ask], *, weighed: bool = False) -> Iterator[Lives]:
    """Lives of the labs of a program that answers `build` and `close`."""
    with program as ask:
        build, close = partial(ask, "build"), partial(ask, "close")
        yield lambda: _weighed(build, close) if weighed else Life(build(), close())


def medians(samples: Mapping[str, Sequence[Life]]) -> Mapping[str, Life]:
    """The median of every number, for each name."""
    names = [field.name for field in fields(Life)]
    return {
        who: Life(*(median(getattr(life, each) for life in of) for each in names)) for who, of in samples.items() if of
    }


def _weighed(build: Contestant, close: Contestant, *others: psutil.Process) -> Life:
    def held() -> tuple[float, float]:
        return memory.of_the_kernel_kib(), memory.of_processes_kib(psutil.Process(), *others)

    before = held()
    built = build()
    kernel, user = (now - then for now, then in zip(held(), before, strict=True))
    return Life(built, close(), kernel, user)


class Rest:
    """Waits until the kernel has freed the namespaces made since its birth: else the next run would pay for them."""

    def __init__(self) -> None:
        self._before = network_namespaces()

    def __call__(self) -> None:
        deadline = monotonic() + FREED_WITHIN_S
        while network_namespaces() > self._before + SLACK * (os.cpu_count() or 1) and monotonic() < deadline:
            sleep(0.01)
        sleep(0.05)
