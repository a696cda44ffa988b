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
USER = 0x1000_0000
NETWORK = 0x4000_0000
# A container's, in the order in which they can be joined: the first gives the power to join the others.
OF_A_CONTAINER = ("user", "pid", "mnt", "uts", "ipc", "cgroup")

SIOCGSKNS = 0x894C  # include/uapi/linux/sockios.h
NS_GET_USERNS = 0xB701  # ioctl_ns(2)


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


def network_of(socket_fd: int) -> int:
    """A descriptor of the network namespace that a socket is in. Needs CAP_NET_ADMIN over it."""
    from fcntl import ioctl

    return ioctl(socket_fd, SIOCGSKNS)


def owner_of(netns_fd: int) -> int:
    """A descriptor of the user namespace that a namespace belongs to: ioctl_ns(2). PermissionError for an outer one."""
    from fcntl import ioctl

    return ioctl(netns_fd, NS_GET_USERNS)


def enter_user(userns_fd: int) -> None:
    """Move this process into a user namespace, where it then has every capability. Not into the one it is in."""
    call("setns", userns_fd, USER)


def of_a_container(pid: int) -> list[int]:
    """The namespaces that a process has for itself, but its network; by descriptor, in the order to join them."""
    return [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in OF_A_CONTAINER]


def enter_all(namespaces: list[int]) -> None:
    """Join them. What is forked from here on is in the PID namespace among them."""
    for fd in namespaces:
        call("setns", fd, 0)
