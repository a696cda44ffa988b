"""Settings of the current network namespace, under /proc/sys/net."""

from __future__ import annotations

import errno
import os

ALL_GROUPS = "0 2147483647"
PER_INSTANCE = 64


class Settings:
    """Writes settings of one network namespace after another.

    To proc the directory net/ipv4 of every namespace on the machine has one name in one parent, so that a first look
    into the next one goes through all of them (proc_sys_compare in fs/proc/proc_sysctl.c): 40 us with a few, 800 us
    with 2000. Another instance of proc knows none of them.
    """

    def __init__(self) -> None:
        self._namespaces = 0
        self._proc_fd: int | None = None

    def begin(self) -> None:
        """What follows is of a namespace that was just made."""
        self._namespaces += 1
        if self._namespaces % PER_INSTANCE == 0:
            self.close()
            from . import procfs  # few labs are that large

            try:
                self._proc_fd = procfs.open_instance()
            except OSError:
                return  # without the right to mount it just takes longer

    def write(self, key: str, content: str) -> None:
        """Set `key`, written with dots, in the network namespace this process is in."""
        path = f"sys/{key.replace('.', '/')}"
        if self._proc_fd is None:
            path = f"/proc/{path}"
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._proc_fd)
        try:
            os.write(fd, content.encode())
        finally:
            os.close(fd)

    def allow_ping(self) -> None:
        """Let every group of the user namespace open ping sockets: icmp(7), ping_group_range."""
        try:
            self.write("net.ipv4.ping_group_range", ALL_GROUPS)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # A group that the user namespace does not map cannot be written: there is but our own.
            self.write("net.ipv4.ping_group_range", f"{os.getgid()} {os.getgid()}")

    def bypass_netfilter(self) -> None:
        """Keep br_netfilter, if there is one, from what the bridges of this namespace pass on."""
        for kind in ("arp", "ip6", "ip"):
            try:
                self.write(f"net.bridge.bridge-nf-call-{kind}tables", "0")
            except FileNotFoundError:
                return

    def close(self) -> None:
        """Go back to the /proc of everyone."""
        if self._proc_fd is not None:
            os.close(self._proc_fd)
            self._proc_fd = None
