"""Tables of the kernel read over a netlink socket of any kind: netlink(7), NLM_F_DUMP."""

from __future__ import annotations

import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

AF_NETLINK, SOCK_RAW = 16, 3
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence number, port
ATTRIBUTE = struct.Struct("=HH")  # nlattr: length, type
LARGEST = 1 << 18
NESTED = 0xC000  # flags in an attribute's type


def dump(sock: socket, kind: int, body: bytes) -> Iterator[bytes]:
    """The body of each message that answers a request for a whole table. Raises OSError where it is refused."""
    sock.send(HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + body)
    while True:
        data = sock.recv(LARGEST)
        offset = 0
        while offset < len(data):
            length, answer, _, _, _ = HEADER.unpack_from(data, offset)
            content = data[offset + HEADER.size : offset + length]
            if answer == NLMSG_DONE:
                return
            if answer == NLMSG_ERROR:
                (status,) = struct.unpack_from("=i", content)
                raise OSError(-status, os.strerror(-status))
            yield content
            offset += (length + 3) & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes in `data` by their types."""
    found = {}
    offset = 0
    while offset + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        found[kind & ~NESTED] = data[offset + ATTRIBUTE.size : offset + length]
        offset += max(ATTRIBUTE.size, (length + 3) & ~3)
    return found
