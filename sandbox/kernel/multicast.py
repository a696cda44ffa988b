"""The multicast groups that the current network namespace listens on, as /proc/net/igmp6 lists them."""

from __future__ import annotations

import errno
import os
from time import monotonic, sleep

SOLICITED_NODE = "ff0200000000000000000001ff"  # the address's last three bytes follow: RFC 4291, 2.7.1
LONGEST_S, PAUSE_S = 5.0, 0.0001


def await_solicited_node(interface: str, address: bytes) -> None:
    """Return when neighbours on `interface` may ask for this IPv6 address. Raises OSError after five seconds."""
    group = SOLICITED_NODE + address[-3:].hex()
    deadline = monotonic() + LONGEST_S
    while not _is_joined(interface, group):
        if monotonic() > deadline:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        sleep(PAUSE_S)  # the kernel gives no word of it


def _is_joined(interface: str, group: str) -> bool:
    with open("/proc/net/igmp6", encoding="ascii") as groups:
        return any(line.split()[1:3] == [interface, group] for line in groups)
