"""Namespaces without names: made by unshare(2), kept by descriptor, entered by setns(2).

A namespace lives as long as a process is in it or a descriptor is open on it. Nothing is mounted
under /run/netns, so nothing can be left there.
"""

from __future__ import annotations

import os

from . import status
from .libc import call

# include/uapi/linux/sched.h
MOUNT = 0x0002_0000
HOSTNAME = 0x0400_0000
NETWORK = 0x4000_0000
OF_A_CONTAINER = 0x3A02_0000 | HOSTNAME | NETWORK  # and user, PID, IPC, mount, cgroup


def create(kinds: int) -> None:
    """Leave this process's namespaces of these kinds for new ones. Needs CAP_SYS_ADMIN."""
    call("unshare", kinds)


def create_network() -> int:
    """Enter a new network namespace; returns the descriptor that keeps it alive."""
    create(NETWORK)
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def processes_in(netns_fd: int) -> list[int]:
    """The other processes in a network namespace, by their pids in this process's own PID namespace."""
    wanted = os.fstat(netns_fd).st_ino
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}/ns/net").st_ino == wanted:
                found.append(_seen_from_here(pid))
        except OSError:
            continue  # it has ended, or is another's
    return [pid for pid in found if pid not in (0, os.getpid())]


def _seen_from_here(pid: str) -> int:
    """What number a process has here, which /proc may be of an outer PID namespace: proc_pid_status(5), NSpid."""
    numbers = status.fields(pid)["NSpid"].split()
    depth = len(status.fields()["NSpid"].split())
    return int(numbers[depth - 1]) if len(numbers) >= depth else 0


def enter_network(netns_fd: int) -> None:
    """Move this process into a network namespace. Needs CAP_SYS_ADMIN over it."""
    call("setns", netns_fd, NETWORK)


def enter_container(pidfd: int) -> None:
    """Join all namespaces of a process; those that are forked from here on are in its PID namespace.

    By its pidfd at once, since Linux 5.8: setns(2).
    """
    call("setns", pidfd, OF_A_CONTAINER)
