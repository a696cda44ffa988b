"""A command in a lab that stays: `sandbox exec`."""

from __future__ import annotations

import subprocess
import sys

from .launcher import ENDS, SANDBOX
from .row import Row
from .stopwatch import environment, medians, process

NAME, RUNS = "bench", 20


def row() -> Row:
    """What `sandbox exec x/a -- true` costs, next to an empty Python."""
    what, reach = "sandbox exec x/a -- true", 2.5
    if not _is_built():
        return Row(what, None, "x", reach, "there is no sandbox exec yet")
    _sandbox("up", "-d", "--name", NAME, "--pair", *ENDS)
    try:
        exec_ = process([SANDBOX, "exec", f"{NAME}/a", "--", "true"])
        found = medians({"exec": exec_, "python": process([sys.executable, "-c", "pass"])}, RUNS)
    finally:
        _sandbox("down", NAME)
    source = f"{found['exec']:.1f} ms, python -c pass {found['python']:.1f} ms"
    return Row(what, found["exec"] / found["python"], "x", reach, source)


def _is_built() -> bool:
    return subprocess.run([SANDBOX, "exec", "--help"], capture_output=True, env=environment()).returncode == 0


def _sandbox(*words: str) -> None:
    subprocess.run([SANDBOX, *words], check=True, stdin=subprocess.DEVNULL, env=environment())
