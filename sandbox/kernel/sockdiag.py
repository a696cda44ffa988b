"""The sockets of a network namespace that wait for who comes: sock_diag(7), over a socket made inside."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .netlink import attributes, dump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
AF_INET, AF_INET6 = 2, 10
PROTOCOLS = {"tcp": 6, "udp": 17}
# The state of a TCP socket that listens, and of a UDP socket that has no peer: include/net/tcp_states.h.
WAITING = {"tcp": 10, "udp": 7}
INET_DIAG_SKV6ONLY = 12
# inet_diag_req_v2: family, protocol, extensions, states; a socket's id, of which none is asked for.
REQUEST = struct.Struct("=BBBxI48x")
# inet_diag_msg: family, state; port (in network order) and address of a socket's id, and of what follows the size.
ANSWER = struct.Struct("=BBxx2s2x16s48x")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A socket that waits: tcp or udp, its address in network order, its port; `only_ipv6` as in ipv6(7)."""

    protocol: str
    packed: bytes
    port: int
    only_ipv6: bool


def waiting(sock_diag: socket) -> Iterator[Waiting]:
    """Every TCP socket that listens, and every UDP socket without a peer. Raises OSError where that is not told."""
    for protocol, number in PROTOCOLS.items():
        for family in (AF_INET, AF_INET6):
            request = REQUEST.pack(family, number, 0, 1 << WAITING[protocol])
            for message in dump(sock_diag, SOCK_DIAG_BY_FAMILY, request):
                _, _, port, address = ANSWER.unpack_from(message)
                told = attributes(message[ANSWER.size :])
                packed = address[:4] if family == AF_INET else address
                only = told.get(INET_DIAG_SKV6ONLY, b"\0") != b"\0"
                yield Waiting(protocol, packed, int.from_bytes(port, "big"), only)
