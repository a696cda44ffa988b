"""Settings of the current network namespace, under /proc/sys/net."""

from __future__ import annotations

import errno
import os

ALL_GROUPS = "0 2147483647"


def write(key: str, content: str) -> None:
    """Set `key`, written with dots, in the network namespace this process is in."""
    fd = os.open(f"/proc/sys/{key.replace('.', '/')}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, content.encode())
    finally:
        os.close(fd)


def allow_ping() -> None:
    """Let every group of the user namespace open ping sockets: icmp(7), ping_group_range."""
    try:
        write("net.ipv4.ping_group_range", ALL_GROUPS)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # A group that the user namespace does not map cannot be written: there is but our own.
        write("net.ipv4.ping_group_range", f"{os.getgid()} {os.getgid()}")
