"""A launch stays fast: not in milliseconds, which are the machine's, but beside the same by `ip` commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.apart import script
from benchmarks.launcher import launch
from benchmarks.stopwatch import medians, process

MOST = 0.5  # times as long; it was 0.38 when this was written
RUNS, MORE_RUNS = 15, 45

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="the commands by hand need root"),
    pytest.mark.skipif(not shutil.which("ip"), reason="ip is not installed"),
]


def compared(runs: int, command: str) -> float:
    """How many times as long as by hand a launch takes, by the medians of runs that take turns."""
    contestants = {
        "launch": process([*launch(), command]),
        "by hand": process(["/bin/sh", script("by_hand.sh")]),
    }
    with ahead_of_others():
        found = medians(contestants, runs)
    return found["launch"] / found["by hand"]


@contextmanager
def ahead_of_others() -> Iterator[None]:
    """As the bench does it: whatever else runs here, in other tests of this machine, waits."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


@pytest.mark.deadline(60)
def test_a_launch_takes_half_as_long_as_by_hand_at_most(remark: list[str]) -> None:
    ratio = compared(RUNS, "true")
    if ratio > MOST:
        # Others may have been busy just then: what is slow by itself is so in more runs as well.
        remark.append(f"measured again: a launch took {ratio:.2f} x as long as by hand in {RUNS} runs")
        ratio = compared(MORE_RUNS, "true")
    assert ratio <= MOST


@pytest.mark.deadline(60)
def test_what_is_too_slow_would_be_seen(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 0.1\n", encoding="utf-8")
    slow.chmod(0o755)
    assert compared(RUNS // 3, str(slow)) > MOST
