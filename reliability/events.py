"""What the host hears of runs: nothing, in any of the groups in which the kernel tells of networks."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from . import labs
from .check import Check, Complaint, Place
from .cli import ended_well, launched, must, told
from .host import Host, host_of_its_own
from .launch import PAIR

RUNS, QUICK = 200, 30
LATE_S = 1.0  # what is freed after a run is gone by then
SWITCH = ("--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b", "--node", "c")
LAUNCHES = {"run-pair": PAIR, "run-switch": SWITCH, "run-ipv6": ("--pair", "a:fd00::1", "b:fd00::2")}
KINDS = (*LAUNCHES, *labs.LABS)


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Launches, and labs of a program, in a namespace that is the host's to them and to nobody else."""
    with host_of_its_own() as host, labs.started(before=host.before) as program:

        def attempt(case: str) -> None:
            kind, _ = case.split()
            if kind in LAUNCHES:
                ended_well(launched("run", *LAUNCHES[kind], "--", "true", before=host.before))
            else:
                must((said := program.make(kind)) == "ok", said)
            must(not (heard := _heard(host)), f"the host heard {heard}")

        def afterwards() -> Complaint:
            return f"the host heard {heard}" if (heard := _heard(host, LATE_S)) else ""

        cases = [f"{KINDS[number % len(KINDS)]} {number + 1}" for number in range(QUICK if place.quick else RUNS)]
        shows = "what a host of their own hears of runs, in all groups of rtnetlink: nothing"
        yield Check(shows, cases, told(attempt), afterwards=afterwards)


def _heard(host: Host, within_s: float = 0) -> str:
    try:
        return ", ".join(f"{name} x {count}" for name, count in Counter(host.heard(within_s)).items())
    except OSError as error:
        if error.errno != errno.ENOBUFS:
            raise
        return "more than its socket could hold (ENOBUFS)"
