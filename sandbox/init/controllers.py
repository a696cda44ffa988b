"""The limits of a node in the kernel's words: which files of its control group say them, in either version.

Source: Documentation/admin-guide/cgroup-v1/ and cgroup-v2.rst.
"""

from __future__ import annotations

from ..sizes import spell_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..topology.limits import Limits

    Setting = tuple[str, str]  # a file, and what is written there

MEMORY, PIDS, CPU = "memory", "pids", "cpu"
ACCOUNT = "cpuacct"  # in version 1 the time that was used is counted by a controller of its own
KEYS = {MEMORY: "memory", PIDS: "pids", CPU: "cpus"}

PERIOD_US, LEAST_QUOTA_US = 100_000, 1000
# Without these swap would be a way out.
SWAP = {1: "memory.memsw.limit_in_bytes", 2: "memory.swap.max"}

# Where processes are: in a group below the one that has the limits. So not even a cgroup namespace of their own, whose
# root is the group that they are in, shows them the files with the limits.
INSIDE = "commands"


def needed(limits: Limits) -> list[str]:
    """The controllers that these take."""
    asked = {MEMORY: limits.memory, PIDS: limits.pids, CPU: limits.cpus}
    return [controller for controller, limit in asked.items() if limit is not None]


def settings(limits: Limits, controller: str, version: int) -> Iterator[Setting]:
    """What to write for one controller, in order."""
    quota_us = max(LEAST_QUOTA_US, round((limits.cpus or 0) * PERIOD_US))
    match controller, version:
        case "memory", 1:
            yield "memory.limit_in_bytes", str(limits.memory_bytes)
            yield SWAP[1], str(limits.memory_bytes)
        case "memory", _:
            yield "memory.max", str(limits.memory_bytes)
            yield SWAP[2], "0"
        case "pids", _:
            yield "pids.max", str(limits.pids)
        case "cpu", 1:
            yield "cpu.cfs_period_us", str(PERIOD_US)
            yield "cpu.cfs_quota_us", str(quota_us)
        case "cpu", _:
            yield "cpu.max", f"{quota_us} {PERIOD_US}"


def events(controller: str, version: int) -> Setting | None:
    """The file that counts how often a limit was reached, and its key there; None where it is only waited for.

    Version 1 counts in the group that a process is in, version 2 in the one that has the limit.
    """
    match controller, version:
        case "memory", 1:
            return f"{INSIDE}/memory.oom_control", "oom_kill"
        case "memory", _:
            return "memory.events", "oom_kill"
        case "pids", 1:
            return f"{INSIDE}/pids.events", "max"
        case "pids", _:
            return "pids.events", "max"
    return None


def usage(controller: str, version: int) -> Setting | None:
    """The file that tells what is used, and its key there, if there are several: bytes, processes, or microseconds."""
    match controller, version:
        case "memory", 1:
            return "memory.usage_in_bytes", ""
        case "memory", _:
            return "memory.current", ""
        case "pids", _:
            return "pids.current", ""
        case "cpuacct", 1:
            return "cpuacct.usage", ""
        case "cpu", 2:
            return "cpu.stat", "usage_usec"
    return None


def number(text: str, key: str) -> int:
    """The number in a file, or that which stands behind `key` on a line of it; 0 where there is none."""
    if not key:
        return int(text)
    return next((int(line.split()[1]) for line in text.splitlines() if line.split()[:1] == [key]), 0)


def reached(limits: Limits, controller: str, node: str) -> str:
    """What is said of a limit that was reached."""
    if controller == MEMORY:
        return f"memory limit {spell_size(limits.memory_bytes or 0)} reached in {node}"
    return f"process limit {limits.pids} reached in {node}"
