"""The messages that wire a lab, packed by hand.

Only because importing pyroute2 takes 140 ms and a launch 25. A test holds each message byte for byte
against what pyroute2 makes of the same request. Layouts: rtnetlink(7), include/uapi/linux/if_link.h.
"""

from __future__ import annotations

import _struct as struct

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_DELROUTE = 16, 17, 18, 20, 24, 25
RTM_GETROUTE, RTM_DELNEIGH = 26, 29
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400

IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER, IFLA_LINKINFO, IFLA_IFALIAS, IFLA_AF_SPEC = 1, 3, 4, 10, 18, 20, 26
IFLA_NET_NS_FD, IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES = 28, 31, 32
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER, IFLA_BR_MCAST_SNOOPING = 1, 2, 1, 23
IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE = 8, 1
IFA_ADDRESS, IFA_LOCAL = 1, 2
RTA_DST, RTA_GATEWAY, NDA_DST = 1, 5, 1
IFA_F_NODAD = 0x02
AF_INET, AF_INET6 = 2, 10
IFF_UP = 0x1
RTM_F_FIB_MATCH = 0x2000
RT_SCOPE_UNIVERSE, RT_TABLE_MAIN, RTPROT_BOOT, RTN_UNICAST = 0, 254, 3, 1

HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence number, port
LINK = struct.Struct("=BxHiII")  # ifinfomsg: family, type, index, flags, change mask
ADDRESS = struct.Struct("=BBBBI")  # ifaddrmsg: family, prefix, flags, scope, index
ROUTE = struct.Struct("=BBBBBBBBI")  # rtmsg: family, prefixes to and from, tos, table, protocol, scope, type, flags
NEIGHBOUR = struct.Struct("=BxxxiHBB")  # ndmsg: family, index, state, flags, type
NUMBER = struct.Struct("=I")
ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type


def create_veth(end: bytes, peer: bytes) -> bytes:
    """`ip link add END type veth peer PEER`, both as veth_end() packs them: they are made where they belong.

    Moving an end afterwards would block for 16 ms: it waits for every packet in flight on the machine.
    """
    info = _attribute(IFLA_INFO_KIND, b"veth\0") + _attribute(IFLA_INFO_DATA, _attribute(VETH_INFO_PEER, peer))
    return _message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, end + _attribute(IFLA_LINKINFO, info))


def veth_end(
    name: str, index: int, netns_fd: int, *, mtu: int | None = None, mac: str | None = None, master: int | None = None
) -> bytes:
    """`NAME netns N index I`, with MTU and MAC address where they are given; `master` only of the first end."""
    end = LINK.pack(0, 0, index, 0, 0) + _attribute(IFLA_IFNAME, name.encode() + b"\0")
    if mac is not None:
        end += _attribute(IFLA_ADDRESS, bytes.fromhex(mac.replace(":", "")))
    if mtu is not None:
        end += _attribute(IFLA_MTU, NUMBER.pack(mtu))
    if master is not None:
        end += _attribute(IFLA_MASTER, NUMBER.pack(master))
    return end + _attribute(IFLA_NET_NS_FD, NUMBER.pack(netns_fd)) + ONE_QUEUE


def create_bridge(name: str, index: int) -> bytes:
    """`ip link add name NAME index I type bridge mcast_snooping 0`."""
    info = _attribute(IFLA_INFO_KIND, b"bridge\0")
    info += _attribute(IFLA_INFO_DATA, _attribute(IFLA_BR_MCAST_SNOOPING, bytes([0])))
    body = LINK.pack(0, 0, index, 0, 0) + _attribute(IFLA_IFNAME, name.encode() + b"\0")
    return _message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body + _attribute(IFLA_LINKINFO, info))


def delete_link(index: int) -> bytes:
    """`ip link del dev NAME`: of a veth pair both ends."""
    return _message(RTM_DELLINK, 0, LINK.pack(0, 0, index, 0, 0))


def set_master(index: int, master: int) -> bytes:
    """`ip link set dev NAME master BRIDGE`."""
    return _message(RTM_NEWLINK, 0, LINK.pack(0, 0, index, 0, 0) + _attribute(IFLA_MASTER, NUMBER.pack(master)))


def no_link_local(index: int) -> bytes:
    """`ip link set dev NAME addrgenmode none`."""
    mode = _attribute(IFLA_INET6_ADDR_GEN_MODE, bytes([IN6_ADDR_GEN_MODE_NONE]))
    spec = _attribute(IFLA_AF_SPEC, _attribute(AF_INET6, mode))
    return _message(RTM_NEWLINK, 0, LINK.pack(0, 0, index, 0, 0) + spec)


def set_alias(index: int, alias: str) -> bytes:
    """`ip link set dev NAME alias ALIAS`."""
    return _message(RTM_NEWLINK, 0, LINK.pack(0, 0, index, 0, 0) + _attribute(IFLA_IFALIAS, alias.encode()))


def add_address(index: int, packed: bytes, prefix: int) -> bytes:
    """`ip address add ADDRESS/PREFIX dev NAME`, for IPv6 with `nodad`. The address in network order."""
    family, flags = (AF_INET, 0) if len(packed) == 4 else (AF_INET6, IFA_F_NODAD)
    body = ADDRESS.pack(family, prefix, flags, RT_SCOPE_UNIVERSE, index)
    body += _attribute(IFA_LOCAL, packed) + _attribute(IFA_ADDRESS, packed)
    return _message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body)


def set_up(index: int) -> bytes:
    """`ip link set dev NAME up`."""
    return _message(RTM_NEWLINK, 0, LINK.pack(0, 0, index, IFF_UP, IFF_UP))


def set_down(index: int) -> bytes:
    """`ip link set dev NAME down`."""
    return _message(RTM_NEWLINK, 0, LINK.pack(0, 0, index, 0, IFF_UP))


def add_route(to: bytes, prefix: int, via: bytes) -> bytes:
    """`ip route add TO/PREFIX via VIA`; `to` empty: the default route. Addresses in network order."""
    return _message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, _route(to, prefix, via, RTPROT_BOOT, RTN_UNICAST))


def delete_route(to: bytes, prefix: int, via: bytes) -> bytes:
    """`ip route del TO/PREFIX via VIA`."""
    return _message(RTM_DELROUTE, 0, _route(to, prefix, via, 0, 0))


def find_route(to: bytes) -> bytes:
    """`ip route get fibmatch TO`: the answer is a route whose prefix route_prefix() tells."""
    family = AF_INET if len(to) == 4 else AF_INET6
    head = ROUTE.pack(family, len(to) * 8, 0, 0, 0, 0, 0, 0, RTM_F_FIB_MATCH)
    return _message(RTM_GETROUTE, 0, head + _attribute(RTA_DST, to))


def route_prefix(message: bytes) -> int:
    """The length of the prefix of the route in a message."""
    return message[HEADER.size + 1]


def delete_neighbour(index: int, packed: bytes) -> bytes:
    """`ip neighbour del ADDRESS dev NAME`, to be sent without waiting for what comes of it."""
    family = AF_INET if len(packed) == 4 else AF_INET6
    body = NEIGHBOUR.pack(family, index, 0, 0, 0) + _attribute(NDA_DST, packed)
    return HEADER.pack(HEADER.size + len(body), RTM_DELNEIGH, NLM_F_REQUEST, 0, 0) + body


def get_link(index: int) -> bytes:
    """`ip link show dev NAME`."""
    return _message(RTM_GETLINK, 0, LINK.pack(0, 0, index, 0, 0))


def numbered(message: bytes, sequence: int, *, acknowledged: bool = True) -> bytes:
    """The message with the sequence number by which its answer will be known: a refusal, else one if `acknowledged`."""
    length, kind, flags, _, port = HEADER.unpack_from(message)
    flags = flags if acknowledged else flags & ~NLM_F_ACK
    return HEADER.pack(length, kind, flags, sequence, port) + message[HEADER.size :]


def _message(kind: int, flags: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | NLM_F_ACK | flags, 0, 0) + body


def _route(to: bytes, prefix: int, via: bytes, protocol: int, kind: int) -> bytes:
    family = AF_INET if len(via) == 4 else AF_INET6
    head = ROUTE.pack(family, prefix, 0, 0, RT_TABLE_MAIN, protocol, RT_SCOPE_UNIVERSE, kind, 0)
    return head + (_attribute(RTA_DST, to) if to else b"") + _attribute(RTA_GATEWAY, via)


def _attribute(kind: int, content: bytes) -> bytes:
    padding = -len(content) % 4
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(content), kind) + content + bytes(padding)


# One queue instead of one per processor: 16 % cheaper to make, and nothing here uses more.
ONE_QUEUE = _attribute(IFLA_NUM_TX_QUEUES, NUMBER.pack(1)) + _attribute(IFLA_NUM_RX_QUEUES, NUMBER.pack(1))
