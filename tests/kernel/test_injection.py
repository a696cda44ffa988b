"""Each call that builds a container's walls may fail: then nothing runs. `./sbx reliability walls` has all of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reliability.injection import Fault, Joining, Launches, NotTraced, joining
from reliability.walls import sample

from .conftest import Cli

ALL_ARE = 200


@pytest.fixture
def directory(strace: str) -> Iterator[Path]:
    """Where a command would leave its mark: a container sees no /tmp of the host's."""
    del strace
    with tempfile.TemporaryDirectory(prefix="sandbox-injection-", dir="/var/tmp") as name:
        yield Path(name)


def refused(attempt: Callable[[Fault], str], wanted: list[Fault], *, at_once: int = 1) -> list[str]:
    """What there is to complain of."""
    with ThreadPoolExecutor(at_once) as pool:
        judged = zip(wanted, pool.map(attempt, wanted), strict=True)
        return [f"{fault}: {complaint}" for fault, complaint in judged if complaint]


@pytest.mark.deadline(60)
def test_a_launch_with_a_fault_is_refused(directory: Path, remark: list[str]) -> None:
    launches = Launches(directory)
    every = launches.faults()
    assert len(every) >= ALL_ARE
    wanted = sample(every, 2)
    assert refused(launches.attempt, wanted, at_once=os.cpu_count() or 1) == []
    remark.append(f"injected faults: {len(wanted)} of {len(every)} were tried, and refused: {launches.name}")


@pytest.mark.deadline(60)
def test_a_command_with_a_fault_is_refused_in_a_container_that_goes_on(directory: Path, remark: list[str]) -> None:
    try:
        with joining(directory) as second:
            every = second.faults()
            assert len(every) >= ALL_ARE
            wanted = sample(every, 3)
            assert refused(second.attempt, wanted) == []
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
