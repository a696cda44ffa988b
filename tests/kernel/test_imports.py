"""What a launch loads: what it costs. Init's side, whose stderr is /dev/null, is in tests/test_house.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sandbox

from ..test_house import SLOW, imported

LAUNCHER = Path(sandbox.__file__).parents[1] / "bin" / "sandbox"


def test_a_plain_pair_loads_nothing_slow() -> None:
    python = [sys.executable, "-X", "importtime"]
    pair = ["run", "--pair", "a:192.168.1.1", "b:192.168.1.2", "--", "true"]
    bare = subprocess.run([*python, "-c", ""], capture_output=True, text=True, timeout=20)
    launch = subprocess.run([*python, LAUNCHER, *pair], capture_output=True, text=True, timeout=20)
    assert launch.returncode == 0, launch.stderr
    ours = imported(launch.stderr) - imported(bare.stderr)
    assert {"sandbox", "select"} <= ours
    assert ours.isdisjoint(SLOW)
