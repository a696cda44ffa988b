"""The containers' table: what `--contain` adds to a launch, and what others take for as much."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import sandbox

from . import bundle
from .launcher import PROGRAM
from .row import Row
from .stopwatch import Contestant, Medians, medians, process, timed
from .table import Entry, Table

BUBBLEWRAP = ("--unshare-all", "--ro-bind", "/", "/", "true")


def measure(runs: int) -> list[Table]:
    """The table of a container, from `runs` rounds of all contestants."""
    with ExitStack() as stack:
        contestants = {
            "contain": process([PROGRAM, "run", "--contain", "--", "true"]),
            "plain": process([PROGRAM, "run", "--", "true"]),
            "python": process([sys.executable, "-c", "pass"]),
            "contained spawn": timed(lambda: contained.run(["true"])),
            "spawn": timed(lambda: uncontained.run(["true"])),
        }
        contained, uncontained = (stack.enter_context(_lab(contain=contain)).nodes[0] for contain in (True, False))
        if bubblewrap := shutil.which("bwrap"):
            contestants["bubblewrap"] = process([bubblewrap, *BUBBLEWRAP])
        crun = _crun(stack)
        if not isinstance(crun, str):
            contestants["crun"] = crun
        found = medians(contestants, runs)
    rows = list(_rows(found, crun if isinstance(crun, str) else ""))
    return [Table("a container", list(_entries(found)), ours="sandbox", rows=rows)]


def _entries(found: Medians) -> Iterator[Entry]:
    names = {
        "contain": ("sandbox", "run --contain -- true"),
        "plain": ("sandbox, not contained", "run -- true"),
        "bubblewrap": ("bubblewrap", " ".join(("bwrap", *BUBBLEWRAP))),
        "crun": ("crun run", "ids mapped, without a filter"),
        "python": ("python -c pass", "the interpreter alone"),
    }
    for contestant, (name, note) in names.items():
        value = found.get(contestant)
        yield Entry(name, value, note if value else "not here")


def _lab(*, contain: bool) -> sandbox.Lab:
    lab = sandbox.Lab(sandbox.Topology.alone(), contain=contain)
    lab.nodes[0].run(["true"])  # the first makes the container
    return lab


def _crun(stack: ExitStack) -> Contestant | str:
    """What runs crun, or why it cannot be run."""
    tool = shutil.which("crun")
    if tool is None:
        return "crun is not installed"
    try:
        return stack.enter_context(bundle.running(tool))
    except (RuntimeError, subprocess.CalledProcessError) as error:
        return f"crun cannot be run here: {error}"


def _rows(found: Medians, why_no_crun: str) -> Iterator[Row]:
    took, plain, python = found["contain"], found["plain"], found["python"]
    yield Row("sandbox run --contain -- true", took / plain, "x", 2.0, f"{took:.1f} ms, run -- true {plain:.1f} ms")
    if "bubblewrap" in found:
        beside = found["bubblewrap"]
        words = f"bwrap --unshare-all --ro-bind / / true {beside:.1f} ms and python -c pass {python:.1f} ms"
        yield Row("", took / (beside + python), "x", 3.0, words)
    else:
        yield Row("", None, "x", 3.0, "bwrap is not installed")
    yield Row(
        "crun run, as much contained", found.get("crun"), "ms", None, why_no_crun or "without a filter, by nsenter"
    )
    second, beside = found["contained spawn"], found["spawn"]
    yield Row("true run in a container, the second", second, "ms", None, f"in a node without {beside:.1f} ms")
