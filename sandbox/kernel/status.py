"""What the kernel tells of a process in /proc/PID/status: proc_pid_status(5)."""

from __future__ import annotations


def fields(pid: int | str = "self") -> dict[str, str]:
    """The fields of a process, by default this one. Raises FileNotFoundError or ProcessLookupError once it is gone."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
        return {name: content.strip() for name, _, content in (line.partition(":") for line in status)}


def may(*capabilities: int) -> bool:
    """Whether this process has these capabilities now, by their numbers in include/uapi/linux/capability.h."""
    held = int(fields()["CapEff"], 16)
    return all(held >> capability & 1 for capability in capabilities)


def is_exiting(pidfd: int) -> bool:
    """Whether a process has begun to end, though it may have to wait for others: PF_EXITING of proc_pid_stat(5)."""
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="utf-8") as file:
        pid = next(line.split()[1] for line in file if line.startswith("Pid:"))
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return bool(int(stat.read().rpartition(b")")[2].split()[6]) & 0x4)
    except (FileNotFoundError, ProcessLookupError):
        return True
