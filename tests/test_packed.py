"""Each message that is packed by hand, byte for byte against what pyroute2 makes of the same request."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_INET, AF_INET6
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink import NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST
from pyroute2.netlink.rtnl import (
    RTM_DELLINK,
    RTM_DELNEIGH,
    RTM_DELROUTE,
    RTM_GETLINK,
    RTM_GETROUTE,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
)
from pyroute2.netlink.rtnl.ifaddrmsg import IFA_F_NODAD, ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import IFF_UP, ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from sandbox.kernel.rtnetlink import packed

ASKED = NLM_F_REQUEST | NLM_F_ACK
NEW = ASKED | NLM_F_CREATE | NLM_F_EXCL

NAMES = st.from_regex(r"[a-z0-9][a-z0-9.@_-]{0,14}", fullmatch=True)
INDEXES = st.integers(1, 2**31 - 1)
DESCRIPTORS = st.integers(0, 2**31 - 1)
MTUS = st.integers(68, 65535)
MACS = st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))


def encoded(message: Any, kind: int, asked: int, number: int = 0, /, **fields: Any) -> bytes:
    """The bytes that pyroute2 would send."""
    message["header"]["type"] = kind
    message["header"]["flags"] = asked
    message["header"]["sequence_number"] = number
    message["header"]["pid"] = 0
    for name, content in fields.items():
        message[name] = content
    message.encode()
    return bytes(message.data)


def veth_end(name: str, netns_fd: int, **given: Any) -> list[Any]:
    return [
        ("IFLA_IFNAME", name),
        *((f"IFLA_{key}", content) for key, content in given.items() if content is not None),
        ("IFLA_NET_NS_FD", netns_fd),
        ("IFLA_NUM_TX_QUEUES", 1),
        ("IFLA_NUM_RX_QUEUES", 1),
    ]


def nested(name: str, *attributes: Any) -> tuple[str, dict[str, list[Any]]]:
    return name, {"attrs": list(attributes)}


@given(NAMES, INDEXES, DESCRIPTORS, NAMES, INDEXES, DESCRIPTORS)
def test_create_veth(name: str, index: int, netns_fd: int, peer_name: str, peer_index: int, peer_netns_fd: int) -> None:
    peer = {"index": peer_index, "attrs": veth_end(peer_name, peer_netns_fd)}
    link_info = nested(
        "IFLA_LINKINFO",
        ("IFLA_INFO_KIND", "veth"),
        nested("IFLA_INFO_DATA", ("VETH_INFO_PEER", peer)),
    )
    expected = encoded(ifinfmsg(), RTM_NEWLINK, NEW, index=index, attrs=[*veth_end(name, netns_fd), link_info])
    assert (
        packed.create_veth(
            packed.veth_end(name, index, netns_fd), packed.veth_end(peer_name, peer_index, peer_netns_fd)
        )
        == expected
    )


@given(st.none() | MACS, st.none() | MTUS, st.none() | INDEXES)
def test_an_end_of_a_veth_with_mac_address_mtu_and_bridge(mac: str | None, mtu: int | None, master: int | None) -> None:
    # The order is free to the kernel, but it is one.
    end = packed.veth_end("port0", 3, 4, mtu=mtu, mac=mac, master=master)
    peer = packed.veth_end("eth0", 2, 5, mtu=mtu, mac=mac)
    given = {"ADDRESS": mac, "MTU": mtu}
    link_info = nested(
        "IFLA_LINKINFO",
        ("IFLA_INFO_KIND", "veth"),
        nested("IFLA_INFO_DATA", ("VETH_INFO_PEER", {"index": 2, "attrs": veth_end("eth0", 5, **given)})),
    )
    attributes = [*veth_end("port0", 4, **given, MASTER=master), link_info]
    assert packed.create_veth(end, peer) == encoded(ifinfmsg(), RTM_NEWLINK, NEW, index=3, attrs=attributes)


@given(NAMES, INDEXES)
def test_create_bridge(name: str, index: int) -> None:
    link_info = nested(
        "IFLA_LINKINFO", ("IFLA_INFO_KIND", "bridge"), nested("IFLA_INFO_DATA", ("IFLA_BR_MCAST_SNOOPING", 0))
    )
    expected = encoded(ifinfmsg(), RTM_NEWLINK, NEW, index=index, attrs=[("IFLA_IFNAME", name), link_info])
    assert packed.create_bridge(name, index) == expected


@given(INDEXES)
def test_delete_link(index: int) -> None:
    assert packed.delete_link(index) == encoded(ifinfmsg(), RTM_DELLINK, ASKED, index=index)


@given(INDEXES, INDEXES)
def test_set_master(index: int, master: int) -> None:
    expected = encoded(ifinfmsg(), RTM_NEWLINK, ASKED, index=index, attrs=[("IFLA_MASTER", master)])
    assert packed.set_master(index, master) == expected


@given(INDEXES, st.ip_addresses())
def test_delete_a_neighbour(index: int, ip: IPv4Address | IPv6Address) -> None:
    family = {4: AF_INET, 6: AF_INET6}[ip.version]
    expected = encoded(ndmsg(), RTM_DELNEIGH, NLM_F_REQUEST, family=family, ifindex=index, attrs=[("NDA_DST", str(ip))])
    assert packed.delete_neighbour(index, ip.packed) == expected


@given(INDEXES)
def test_no_link_local(index: int) -> None:
    af_spec = nested("IFLA_AF_SPEC", nested("AF_INET6", ("IFLA_INET6_ADDR_GEN_MODE", 1)))
    assert packed.no_link_local(index) == encoded(ifinfmsg(), RTM_NEWLINK, ASKED, index=index, attrs=[af_spec])


@given(INDEXES, st.ip_addresses(v=4).map(str), st.integers(0, 32))
def test_add_an_ipv4_address(index: int, ip: str, prefix: int) -> None:
    expected = encoded(
        ifaddrmsg(),
        RTM_NEWADDR,
        NEW,
        family=2,
        prefixlen=prefix,
        index=index,
        attrs=[("IFA_LOCAL", ip), ("IFA_ADDRESS", ip)],
    )
    assert packed.add_address(index, ip_address(ip).packed, prefix) == expected


@given(INDEXES, st.ip_addresses(v=6).map(str), st.integers(0, 128))
def test_add_an_ipv6_address_without_duplicate_detection(index: int, ip: str, prefix: int) -> None:
    expected = encoded(
        ifaddrmsg(),
        RTM_NEWADDR,
        NEW,
        family=10,
        prefixlen=prefix,
        index=index,
        flags=IFA_F_NODAD,
        attrs=[("IFA_LOCAL", ip), ("IFA_ADDRESS", ip)],
    )
    assert packed.add_address(index, ip_address(ip).packed, prefix) == expected


@given(INDEXES)
def test_set_up(index: int) -> None:
    expected = encoded(ifinfmsg(), RTM_NEWLINK, ASKED, index=index, flags=IFF_UP, change=IFF_UP)
    assert packed.set_up(index) == expected


@given(INDEXES, st.from_regex(r"[ -~]{1,60}", fullmatch=True))
def test_set_alias(index: int, alias: str) -> None:
    message = packed.set_alias(index, alias)
    # pyroute2 ends it with a NUL, which the kernel would show as a part of it.
    assert message == packed._message(RTM_NEWLINK, 0, ifinfo(index) + packed._attribute(20, alias.encode()))


def ifinfo(index: int) -> bytes:
    return struct.pack("=BxHiII", 0, 0, index, 0, 0)


@given(st.ip_addresses(v=4).map(str))
def test_find_route(to: str) -> None:
    expected = encoded(
        rtmsg(),
        RTM_GETROUTE,
        ASKED,
        family=2,
        dst_len=32,
        table=0,
        proto=0,
        scope=0,
        type=0,
        flags=0x2000,
        attrs=[("RTA_DST", to)],
    )
    assert packed.find_route(ip_address(to).packed) == expected
    assert packed.route_prefix(expected) == 32


@given(INDEXES)
def test_set_down(index: int) -> None:
    assert packed.set_down(index) == encoded(ifinfmsg(), RTM_NEWLINK, ASKED, index=index, flags=0, change=IFF_UP)


ROUTES = st.one_of(
    st.tuples(st.just(2), st.none() | st.ip_addresses(v=4), st.integers(1, 32), st.ip_addresses(v=4)),
    st.tuples(st.just(10), st.none() | st.ip_addresses(v=6), st.integers(1, 128), st.ip_addresses(v=6)),
)


@given(ROUTES)
def test_add_and_delete_a_route(route: Any) -> None:
    family, to, length, via = route
    if to is None:
        length = 0
    gateway = ("RTA_GATEWAY", str(via))
    attributes = [gateway] if to is None else [("RTA_DST", str(to)), gateway]
    asked = (to.packed if to else b"", length, via.packed)
    common = {"family": family, "dst_len": length, "table": 254, "scope": 0, "attrs": attributes}
    # Protocol 3 is RTPROT_BOOT, type 1 RTN_UNICAST, as `ip route add` has them. What is deleted may be of any.
    assert packed.add_route(*asked) == encoded(rtmsg(), RTM_NEWROUTE, NEW, proto=3, type=1, **common)
    assert packed.delete_route(*asked) == encoded(rtmsg(), RTM_DELROUTE, ASKED, proto=0, type=0, **common)


@given(INDEXES)
def test_get_link(index: int) -> None:
    assert packed.get_link(index) == encoded(ifinfmsg(), RTM_GETLINK, ASKED, index=index)


@given(INDEXES, st.integers(0, 2**32 - 1))
def test_a_numbered_message_differs_in_its_number_and_in_what_it_asks_for(index: int, sequence: int) -> None:
    expected = encoded(ifinfmsg(), RTM_NEWLINK, ASKED, sequence, index=index, flags=IFF_UP, change=IFF_UP)
    assert packed.numbered(packed.set_up(index), sequence) == expected
    unasked = encoded(ifinfmsg(), RTM_NEWLINK, ASKED & ~NLM_F_ACK, sequence, index=index, flags=IFF_UP, change=IFF_UP)
    assert packed.numbered(packed.set_up(index), sequence, acknowledged=False) == unasked


@pytest.mark.parametrize("name", ["e", "et", "eth", "eth0", "eth10"])
def test_messages_say_their_own_length_and_end_on_a_boundary(name: str) -> None:
    # Batched messages follow each other: one that is not padded would shift those behind it.
    mac = "02:00:00:00:00:01"
    for message in (
        packed.create_veth(packed.veth_end(name, 2, 3), packed.veth_end(name, 2, 4)),
        packed.create_veth(packed.veth_end(name, 2, 3, mac=mac, mtu=1400, master=2), packed.veth_end(name, 2, 4)),
        packed.create_bridge(name, 2),
        packed.add_route(b"", 0, bytes(4)),
        packed.add_route(bytes(16), 64, bytes(16)),
    ):
        assert struct.unpack_from("=I", message) == (len(message),)
        assert len(message) % 4 == 0
