"""Each call that builds a container's walls may fail: then nothing runs. A sample; injection.py carries out all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli
from .injection import Fault, Joining, Launches, NotTraced, carried_out, joining, places

ALL_ARE = 200


@pytest.fixture
def directory(strace: str) -> Iterator[Path]:
    """Where a command would leave its mark."""
    del strace
    with places() as directory:
        yield directory


def sample(faults: list[Fault], of_each: int) -> list[Fault]:
    """Of each call some: the first, the last, and others in between, not all with the same error."""
    by_call: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        by_call.setdefault((fault.call, fault.path), []).append(fault)
    return [each[number * (len(each) - 1) // of_each] for each in by_call.values() for number in range(1, of_each + 1)]


@pytest.mark.deadline(60)
def test_a_launch_with_a_fault_is_refused(directory: Path, remark: list[str]) -> None:
    launches = Launches(directory)
    every = launches.faults()
    assert len(every) >= ALL_ARE
    wanted = sample(every, 2)
    assert carried_out(launches.attempt, wanted, at_once=os.cpu_count() or 1) == []
    remark.append(f"injected faults: {len(wanted)} of {len(every)} were tried, and refused: {launches.name}")


@pytest.mark.deadline(60)
def test_a_command_with_a_fault_is_refused_in_a_container_that_goes_on(directory: Path, remark: list[str]) -> None:
    try:
        with joining(directory) as second:
            every = second.faults()
            assert len(every) >= ALL_ARE
            wanted = sample(every, 3)
            assert carried_out(second.attempt, wanted) == []
    except NotTraced as reason:
        pytest.skip(f"nobody may be traced here: {reason}")
    remark.append(f"injected faults: {len(wanted)} of {len(every)} were tried, and refused: {second.name}")


@pytest.mark.parametrize("way", [Launches, Joining])
def test_a_fault_that_does_no_harm_would_be_seen(directory: Path, way: Any) -> None:
    harmless = Fault("prctl", 999, "EPERM")
    if way is Launches:
        assert "the command was executed" in Launches(directory).attempt(harmless)
        return
    with joining(directory) as second:
        assert "the command was executed" in second.attempt(harmless)


def test_a_kernel_without_landlock_builds_the_other_walls(cli: Cli, strace: str) -> None:
    missing = ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")
    inject = [word for call in missing for word in ("-e", f"inject={call}:error=ENOSYS")]
    done = cli("run", "--contain", "--", "echo", "ran", before=(strace, "-f", "-qq", "-o", "/dev/null", *inject))
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr


def test_a_kernel_that_keeps_no_keys_is_refused(cli: Cli, strace: str) -> None:
    before = (strace, "-f", "-qq", "-o", "/dev/null", "-e", "inject=keyctl:error=ENOSYS")
    done = cli("run", "--contain", "--", "echo", "ran", before=before)
    assert (done.returncode, done.stdout) == (125, ""), done.stderr
