"""What the kernel tells of a process in /proc/PID/status: proc_pid_status(5)."""

from __future__ import annotations


def fields(pid: int | str = "self") -> dict[str, str]:
    """The fields of a process, by default this one. Raises FileNotFoundError or ProcessLookupError once it is gone."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
        return {name: content.strip() for name, _, content in (line.partition(":") for line in status)}
