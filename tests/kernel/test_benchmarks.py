"""The C program that labs are measured against does what init does: no more, no less."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import floor

NODES = 80  # more than have their settings written through one instance of proc
CALLS = ("unshare", "socket", "setsockopt", "sendto", "recvfrom", "fsopen", "fsmount")
BUILD = f"""
import os, sys
from benchmarks.shapes import SHAPES
from sandbox.init.apply import Builder
from sandbox.plan import plan
Builder().apply(plan(SHAPES[sys.argv[1]]({NODES})))
os._exit(0)
"""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="benchmarks need root"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed"),
]


def calls(tmp_path: Path, strace: str, *argv: str) -> Counter[str]:
    """How often a program makes each of CALLS."""
    trace = tmp_path / "trace"
    words = [strace, "-f", "-qq", "-e", f"trace={','.join(CALLS)}", "-o", str(trace), *argv]
    subprocess.run(words, input=b"build\n", stdout=subprocess.DEVNULL, check=True)
    lines = (line.split(maxsplit=1)[1] for line in trace.read_text().splitlines() if "resumed>" not in line)
    return Counter(name for line in lines if (name := line.partition("(")[0]) in CALLS)


@pytest.mark.parametrize("shape", ["pairs", "switch", "chain"])
def test_labs_in_c_makes_the_system_calls_of_init(shape: str, tmp_path: Path, strace: str) -> None:
    with floor.compiled("labs") as program:
        theirs = calls(tmp_path, strace, program, shape, str(NODES))
    ours = calls(tmp_path, strace, sys.executable, "-c", BUILD, shape)
    assert ours == theirs
    assert ours["unshare"] >= NODES
