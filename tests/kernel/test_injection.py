"""A fault in a call that builds a container's walls is seen where it does harm; `./sbx reliability walls` has all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reliability.injection import Fault, Joining, Launches, joining

from .conftest import Cli


@pytest.fixture
def directory(strace: str) -> Iterator[Path]:
    """Where a command would leave its mark: a container sees no /tmp of the host's."""
    del strace
    with tempfile.TemporaryDirectory(prefix="sandbox-injection-", dir="/var/tmp") as name:
        yield Path(name)


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
