"""Each probe can succeed somewhere: one that never says ESCAPED would prove nothing where it says REFUSED."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.kernel import landlock, seccomp, syscalls

from .conftest import Tell
from .launchers import LAUNCHERS, carry_out, is_there, probes

CAP_SYS_RESOURCE, CAP_SYS_ADMIN = 1 << 24, 1 << 21
# What a kernel says that lacks the thing itself, or a machine where there is no such file.
NOT_THERE = ("ENOSYS", "ENOENT", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ENODEV", "ENXIO", "none there", "none seen")
# Outside, the probe begins a group of its own.
BEYOND_A_PROCESS_GROUP = "signal_the_launchers_group"

# What the walls are not for: mounts hide these, namespaces separate them, and the launcher closes what it had open.
NOT_BY_WALLS = {
    *("shadow_by_path", "shadow_by_inherited_descriptor", "any_inherited_descriptor", "real_root"),
    *("change_mode_of_hosts_file", "change_times_of_hosts_file", "hosts_tmp", "hosts_shared_memory"),
    *("see_a_process", "socket_by_path", "socket_in_tmp", "loopback_of_the_host", "shared_memory", "list_of_keys"),
    *("write_into_any_directory", "write_any_file", "set_an_attribute"),
    *("timers_of_all", "disk_by_its_device", "other_devices", "log_by_device", "leave_the_terminal"),
}


@pytest.fixture(scope="module")
def escaped() -> list[str]:
    """The probes that succeeded outside, which are counted when all have been tried."""
    return []


def capabilities() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))


def test_there_are_many() -> None:
    assert len(probes()) >= 100


@pytest.mark.parametrize("probe", probes())
def test_a_probe_succeeds_outside(probe: str, told: dict[str, Any], escaped: list[str]) -> None:
    said = carry_out(LAUNCHERS["plain"], probe, told)
    escaped += [probe] if said.startswith("ESCAPED") else []
    assert said.startswith(("ESCAPED (", "REFUSED (")), said
    reason = said.partition("(")[2].removesuffix(")")
    if said.startswith("ESCAPED") or not capabilities() & CAP_SYS_ADMIN:
        return  # what an ordinary user is refused on the host already, root is not
    if probe == BEYOND_A_PROCESS_GROUP:
        pytest.skip("it is the leader of its own group here")
    if reason in NOT_THERE or (probe == "adjust_the_oom_killer" and not capabilities() & CAP_SYS_RESOURCE):
        pytest.skip(f"this machine has it not: {reason}")
    pytest.fail(said)


def test_how_many_succeed_outside_is_shown(escaped: list[str], tell: Tell) -> None:
    tell("no launcher", len(escaped), len(probes()))


def test_a_process_group_reaches_out_of_bubblewrap(told: dict[str, Any]) -> None:
    """It begins no session unless told to."""
    if not is_there(LAUNCHERS["bwrap"]):
        pytest.skip("bwrap is not installed")
    assert carry_out(LAUNCHERS["bwrap"], BEYOND_A_PROCESS_GROUP, told) == "ESCAPED (its leader is outside)"


@pytest.mark.skipif(seccomp.program(syscalls.machine()) is None, reason="no filter is made for this machine")
@pytest.mark.skipif(landlock.version() < 6, reason="no Landlock of version 6 or later")
@pytest.mark.parametrize("probe", [name for name in probes() if name not in NOT_BY_WALLS])
def test_what_the_walls_hold_by_themselves(probe: str, told: dict[str, Any]) -> None:
    if probe == "capabilities" and os.getuid() != 0:
        pytest.skip("an ordinary user has none to lock")
    said = carry_out(LAUNCHERS["walls"], probe, told)
    assert said.startswith("REFUSED ("), said
