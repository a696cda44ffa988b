"""The launcher's tables: what one pair costs from a shell, beside every other way to it."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack

from . import floor, memory
from .peer import BY_HAND, PAIRS, SANDBOX, WITHOUT_LINK, C, Contestants, Peer
from .row import Row
from .stopwatch import Medians, medians, process
from .table import Entry, Table

ENDS = ("a:192.168.1.1", "b:192.168.1.2")
PROGRAM = os.path.join(sysconfig.get_path("scripts"), "sandbox")
PYTHON = "python -c pass"


def measure(runs: int, *, install: bool = True) -> list[Table]:
    """The table of a launch, from `runs` rounds of all contestants. Takes about two seconds a round."""
    with ExitStack() as stack:
        program = stack.enter_context(floor.compiled("floor"))
        peers = Contestants(stack, [*PAIRS, *WITHOUT_LINK], Peer.again, install=install)
        ours = {
            SANDBOX: process([*launch(), "true"]),
            PYTHON: process([sys.executable, "-c", "pass"]),
            C: process([program, "launch"]),
        }
        found = medians({**ours, **peers.run}, runs, seldom=peers.slow)
        entries = [
            Entry(SANDBOX, found[SANDBOX], "sandbox run --pair A B -- true"),
            Entry(C, found[C], "floor.c launch"),
            *peers.entries(found),
            Entry(PYTHON, found[PYTHON], "the interpreter alone"),
        ]
        title = "launch of a pair, whole process, `true` in both"
        return [Table(title, entries, ours=SANDBOX, floor=C, rows=[*_times(found), _memory()])]


def launch() -> list[str]:
    """The words that launch a pair, but for its command."""
    return [PROGRAM, "run", "--pair", *ENDS, "--"]


def _times(found: Medians) -> Iterator[Row]:
    took = found[SANDBOX]
    for what, other, reach in (("sandbox run --pair A B -- true", BY_HAND, 0.30), ("", PYTHON, 2.5)):
        if beside := found.get(other):
            yield Row(what, took / beside, "x", reach, f"{took:.1f} ms, {other} {beside:.1f} ms")


def _memory() -> Row:
    ours = memory.launcher_mib(launch(), ["sleep", "60"], nodes=2)
    return Row("memory of run, two sleeps", ours, "MiB", 25, "PSS of the launcher and init")
