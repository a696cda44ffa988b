"""The launcher's table: what one pair costs, from a shell and from Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import sandbox

from . import floor, memory
from .row import Row
from .stopwatch import Contestant, Medians, environment, medians, process, timed

ENDS = ("a:192.168.1.1", "b:192.168.1.2")
BY_HAND = os.path.join(os.path.dirname(__file__), "by_hand.sh")
BUBBLEWRAP = ("--unshare-net", "--unshare-pid", "--bind", "/", "/", "true")
LABS = 200
SANDBOX = os.path.join(sysconfig.get_path("scripts"), "sandbox")

# Begun before the import and ended after the lab is closed: what the first call of a program costs it.
COLD = f"""
from time import perf_counter
begun = perf_counter()
import sandbox
with sandbox.pair(*{ENDS!r}):
    pass
print((perf_counter() - begun) * 1000)
"""


def measure(runs: int) -> list[Row]:
    """Every row, from `runs` rounds of all contestants. Takes about a second a round."""
    with ExitStack() as stack:
        found = medians(_contestants(stack), runs)
    return [*_times(found), *_memory()]


def _contestants(stack: ExitStack) -> Mapping[str, Contestant]:
    program = stack.enter_context(floor.compiled("floor"))
    first, _ = stack.enter_context(sandbox.pair(*ENDS))
    contestants = {
        "launch": process([*_launch(), "true"]),
        "by hand": process(["/bin/sh", BY_HAND]),
        "python": process([sys.executable, "-c", "pass"]),
        "pair": timed(_pair),
        "floor": stack.enter_context(floor.running(program)),
        "floor init": stack.enter_context(floor.running(program, "init")),
        "pair true": timed(_pair_true),
        "cold": _cold,
        "spawn": timed(lambda: first.run(["true"])),
        "close": _close,
    }
    if bubblewrap := shutil.which("bwrap"):
        contestants["bubblewrap"] = process([bubblewrap, *BUBBLEWRAP])
    return contestants


def _times(found: Medians) -> Iterator[Row]:
    def times(what: str, name: str, other: str, reach: float | None, against: str) -> Row:
        took, compared = found[name], found[other]
        return Row(what, took / compared, "x", reach, f"{took:.1f} ms, {against} {compared:.1f} ms")

    yield times("sandbox run --pair A B -- true", "launch", "by hand", 0.30, "by_hand.sh")
    yield times("", "launch", "python", 2.5, "python -c pass")
    yield times("pair, nothing run, warm", "pair", "floor", 3.0, "floor.c")
    yield times("", "pair", "floor init", None, "floor.c with an init")
    yield Row("pair, true run in both, warm", found["pair true"], "ms", 10)
    yield Row("pair, first of a process", found["cold"], "ms", 80, "with import sandbox")
    yield Row("true run in a node", found["spawn"], "ms")
    yield Row("close of a lab", found["close"], "ms")
    if "bubblewrap" in found:
        yield Row("bwrap --unshare-net -- true", found["bubblewrap"], "ms")


def _memory() -> Iterator[Row]:
    ours = memory.launcher_mib(_launch(), ["sleep", "60"], nodes=2)
    yield Row("memory of run, two sleeps", ours, "MiB", 25, "PSS of the launcher and init")
    left = memory.left_behind(_pair, times=LABS)
    yield Row(f"{LABS} labs in one process", left["descriptors"], "descriptors", 0, "more after than before")
    yield Row("", left["threads"], "threads", 0)
    yield Row("", left["memory"], "MiB", 1)


def _launch() -> list[str]:
    return [SANDBOX, "run", "--pair", *ENDS, "--"]


def _pair() -> None:
    with sandbox.pair(*ENDS):
        pass


def _pair_true() -> None:
    with sandbox.pair(*ENDS) as (a, b):
        a.run(["true"])
        b.run(["true"])


def _close() -> float:
    lab = sandbox.Lab(sandbox.Topology.parse([ENDS]))
    return timed(lab.close)()


def _cold() -> float:
    return float(subprocess.check_output([sys.executable, "-c", COLD], env=environment()))
