"""The words that a process was started with, which everybody reads who sees it: proc_pid_cmdline(5)."""

from __future__ import annotations

from .libc import call


def forget() -> None:
    """Have nothing be told of this process's. They lie on its stack, where the kernel had put them."""
    with open("/proc/self/stat", "rb") as file:
        # What is in parentheses is the program's name, and any character may be in it: proc_pid_stat(5).
        fields = file.read().rpartition(b")")[2].split()
    first, last = int(fields[45]), int(fields[46])  # arg_start, arg_end
    call("memset", first, 0, last - first)
