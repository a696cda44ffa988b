"""What the current network namespace is still to do for IPv6 after the kernel has said that an address is there."""

from __future__ import annotations

import errno
import os
from time import monotonic, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SOLICITED_NODE = "ff0200000000000000000001ff"  # the address's last three bytes follow: RFC 4291, 2.7.1
SCOPE_LINK, TENTATIVE = 0x20, 0x40  # IPV6_ADDR_LINKLOCAL in net/ipv6.h, IFA_F_TENTATIVE in linux/if_addr.h
LONGEST_S, PAUSE_S = 5.0, 0.0001


def await_solicited_node(interface: str, address: bytes) -> None:
    """Return when neighbours on `interface` may ask for this IPv6 address. Raises OSError after five seconds."""
    group = SOLICITED_NODE + address[-3:].hex()
    _await(lambda: any(line[1:3] == [interface, group] for line in _lines("/proc/net/igmp6")))


def await_link_local(interface: str) -> None:
    """Return when `interface` may ask from its link-local address. Raises OSError after five seconds."""
    _await(lambda: any(_is_ready(line, interface) for line in _lines("/proc/net/if_inet6")))


def _is_ready(line: list[str], interface: str) -> bool:
    # address, index, prefix, scope, flags, name
    return line[5] == interface and int(line[3], 16) == SCOPE_LINK and not int(line[4], 16) & TENTATIVE


def _lines(path: str) -> list[list[str]]:
    with open(path, encoding="ascii") as file:
        return [line.split() for line in file]


def _await(is_done: Callable[[], bool]) -> None:
    deadline = monotonic() + LONGEST_S
    while not is_done():
        if monotonic() > deadline:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        sleep(PAUSE_S)  # the kernel gives no word of it
