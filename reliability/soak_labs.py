"""Labs of one program, one after the other, for as long as it takes to see whether each leaves a little in it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from . import labs
from .census import fork_server
from .check import Check, Complaint, Place
from .cli import Times, must, told

LABS, QUICK = 2000, 100
WARM_UP = 10  # of each kind: what is loaded and cached once is no leak
MORE_MIB = 1.0
MIB = 1 << 20
MARK = "SOAKED_BY"
KINDS = tuple(labs.LABS)


@dataclass(frozen=True)
class Holdings:
    """What a process has: descriptors, threads, and the memory that is freed when it ends (USS)."""

    descriptors: int
    threads: int
    mib: float

    @classmethod
    def of(cls, pid: int) -> Holdings:
        process = psutil.Process(pid)
        return cls(process.num_fds(), process.num_threads(), process.memory_full_info().uss / MIB)

    def complaint(self, before: Holdings) -> Complaint:
        """What is too much more than before."""
        is_more = self.descriptors > before.descriptors or self.threads > before.threads
        return str(self.since(before)) if is_more or self.mib > before.mib + MORE_MIB else ""

    def since(self, before: Holdings) -> str:
        """How much more than before, in words."""
        descriptors, threads = self.descriptors - before.descriptors, self.threads - before.threads
        return f"descriptors {descriptors:+}, threads {threads:+}, memory {self.mib - before.mib:+.2f} MiB"


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Labs of a small program; what that holds, and its fork server, before and after them."""
    mark = uuid.uuid4().hex
    took = Times("each")
    with labs.started(environment={**os.environ, MARK: mark}) as program:
        for number in range(WARM_UP * len(KINDS)):
            program.make(KINDS[number % len(KINDS)])
        pids = {"the program": program.pid, "its fork server": fork_server(mark, variable=MARK)}
        before = holdings = {who: Holdings.of(pid) for who, pid in pids.items()}

        def attempt(case: str) -> None:
            with took():
                said = program.make(case.split()[0])
            must(said == "ok", said)

        def afterwards() -> Complaint:
            nonlocal holdings
            holdings = {who: Holdings.of(pid) for who, pid in pids.items()}
            complaints = {who: now.complaint(before[who]) for who, now in holdings.items()}
            return "; ".join(f"{who}: {complaint}" for who, complaint in complaints.items() if complaint)

        def figures() -> str:
            return "; ".join(f"{who}: {now.since(before[who])}" for who, now in holdings.items()) + f"; {took}"

        cases = [f"{KINDS[number % len(KINDS)]} {number + 1}" for number in range(QUICK if place.quick else LABS)]
        shows = f"labs in one process: descriptors, threads +0, memory +{MORE_MIB:g} MiB at most"
        yield Check(shows, cases, told(attempt), afterwards=afterwards, figures=figures)
