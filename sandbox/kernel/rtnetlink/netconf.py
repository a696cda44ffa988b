"""What an interface does with packets for others, and with those that come a strange way: RTM_GETNETCONF.

The same as net.ipv4.conf.*.forwarding and rp_filter, for which one would have to be inside; pyroute2 does not know it.
"""

from __future__ import annotations

import struct

from ..netlink import attributes, dump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket

RTM_GETNETCONF = 82
NETCONFA_IFINDEX, NETCONFA_FORWARDING, NETCONFA_RP_FILTER = 1, 2, 3  # include/uapi/linux/netconf.h
ALL = -1
NETCONFMSG = struct.Struct("=Bxxx")


def settings(rtnetlink: socket, family: int) -> dict[int, tuple[bool, int]]:
    """By the index of an interface (ALL: `all`) whether it forwards, and its rp_filter (0: off, or IPv6)."""
    found = {}
    for message in dump(rtnetlink, RTM_GETNETCONF, NETCONFMSG.pack(family)):
        told = {kind: _number(content) for kind, content in attributes(message[NETCONFMSG.size :]).items()}
        index = told[NETCONFA_IFINDEX]
        found[index] = (bool(told.get(NETCONFA_FORWARDING)), max(0, told.get(NETCONFA_RP_FILTER, 0)))
    return found


def _number(content: bytes) -> int:
    number: int = struct.unpack("=i", content)[0]
    return number
