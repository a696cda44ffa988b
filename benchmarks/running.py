"""The tables of a pair in a program that runs already: it is there, it is gone, a command runs in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from time import sleep

import sandbox

from . import floor, kept, lives, memory
from .launcher import ENDS
from .peer import IN_A_NODE, LABS, SANDBOX, C, Contestants, Peer
from .row import Row
from .stopwatch import REST_S, Medians, environment, interleaved, medians, process, timed
from .table import Entry, Table

TIMES = 200
EXEC, PYTHON = "sandbox exec", "python -c pass"

# Begun before the import and ended after the lab is closed: what the first call of a program costs it.
COLD = f"""
from time import perf_counter
begun = perf_counter()
import sandbox
with sandbox.pair(*{ENDS!r}):
    pass
print((perf_counter() - begun) * 1000)
"""


def measure(runs: int, *, install: bool = True) -> list[Table]:
    """The three tables, from `runs` rounds of all contestants. Takes about two seconds a round."""
    return [*_built_and_closed(runs, install=install), _spawned(runs, install=install)]


def _built_and_closed(runs: int, *, install: bool) -> Iterator[Table]:
    with ExitStack() as stack:
        labs = stack.enter_context(floor.compiled("labs"))
        peers = Contestants(stack, LABS, lambda peer: lives.of_program(peer.lab("pairs", 1)), install=install)
        contestants = {
            SANDBOX: lives.of_sandbox(sandbox.Topology.parse([ENDS])),
            C: stack.enter_context(lives.of_program(floor.answering(labs, "pairs", "1"))),
            **peers.run,
        }
        samples = interleaved(contestants, runs, warm_up=1, rest=lambda: sleep(REST_S), seldom=peers.slow)
    found, both = lives.medians(samples), _built_and_closed_at_once(runs)

    def table(verb: str, took: Mapping[str, float], rows: Iterator[Row]) -> Table:
        ours = [Entry(SANDBOX, took[SANDBOX], "warm"), Entry(C, took[C], "labs.c, with an init")]
        title = f"a pair {verb}, in a program that runs"
        return Table(title, [*ours, *peers.entries(took)], ours=SANDBOX, floor=C, rows=list(rows))

    yield table("built", {name: life.build_ms for name, life in found.items()}, _goals(both))
    yield table("closed", {name: life.close_ms for name, life in found.items()}, _left_behind())


def _built_and_closed_at_once(runs: int) -> Medians:
    with (
        floor.compiled("floor") as program,
        floor.answering(program) as alone,
        floor.answering(program, "init") as init,
    ):
        ours = {"pair": timed(_pair), "true in both": timed(_pair_true), "cold": _cold}
        return medians({**ours, "floor": alone, "floor init": init}, runs)


def _goals(found: Medians) -> Iterator[Row]:
    took = found["pair"]
    for what, name, reach in (("pair, built and closed, warm", "floor", 3.0), ("", "floor init", None)):
        yield Row(what, took / found[name], "x", reach, f"{took:.1f} ms, {name} of floor.c {found[name]:.1f} ms")
    yield Row("pair, true run in both, warm", found["true in both"], "ms", 10)
    yield Row("pair, first of a process", found["cold"], "ms", 80, "with import sandbox")


def _left_behind() -> Iterator[Row]:
    left = memory.left_behind(_pair, times=TIMES)
    yield Row(f"{TIMES} labs in one process", left["descriptors"], "descriptors", 0, "more after than before")
    yield Row("", left["threads"], "threads", 0)
    yield Row("", left["memory"], "MiB", 1)


def _spawned(runs: int, *, install: bool) -> Table:
    with ExitStack() as stack:
        program = stack.enter_context(floor.compiled("floor"))
        node, _ = stack.enter_context(sandbox.pair(*ENDS))
        processes = Contestants(stack, IN_A_NODE, Peer.again, install=install)
        programs = Contestants(stack, LABS, Peer.spawning, install=install)
        contestants = {
            SANDBOX: timed(lambda: node.run(["true"])),
            C: stack.enter_context(floor.answering(program, "spawn")),
            EXEC: stack.enter_context(kept.executing()),
            PYTHON: process([sys.executable, "-c", "pass"]),
            **processes.run,
            **programs.run,
        }
        found = medians(contestants, runs)
    entries = [
        Entry(SANDBOX, found[SANDBOX], "Node.run"),
        Entry(C, found[C], "floor.c spawn"),
        *programs.entries(found),
        *processes.entries(found),
        Entry(EXEC, found[EXEC], "a whole process, as those above"),
    ]
    took, beside = found[EXEC], found[PYTHON]
    exec_ = Row("sandbox exec x/a -- true", took / beside, "x", 2.5, f"{took:.1f} ms, {PYTHON} {beside:.1f} ms")
    return Table("`true` in a node that is there", entries, ours=SANDBOX, floor=C, rows=[exec_])


def _pair() -> None:
    with sandbox.pair(*ENDS):
        pass


def _pair_true() -> None:
    with sandbox.pair(*ENDS) as (a, b):
        a.run(["true"])
        b.run(["true"])


def _cold() -> float:
    return float(subprocess.check_output([sys.executable, "-c", COLD], env=environment()))
