"""What a topology asks the kernel for, and what the kernel has: read by rtnetlink, with nothing of sandbox's own."""

from __future__ import annotations

import json
import socket
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from sandbox import Lab, Node, Topology

from .check import Complaint

GET_LINK, GET_ADDRESS, DONE, ERROR = 18, 22, 3, 2
REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
HEADER, LINK, ADDRESS, ATTRIBUTE = (struct.Struct(each) for each in ("=IHHII", "=BxHiII", "=BBBBI", "=HH"))
NAME, MAC, MTU = 3, 1, 4  # IFLA_*
WHOLE, LOCAL = 1, 2  # IFA_ADDRESS and, where there is one, IFA_LOCAL
UP_AND_RUNNING = 0x41  # IFF_UP | IFF_RUNNING
DEFAULT_MTU = 1500
LOOPBACK = "lo"


@dataclass(frozen=True)
class Wired:
    """One interface: its addresses with their prefixes, its MTU, and its MAC address where one was asked for.

    The link-local address, which the kernel gives it by itself, is one of them where no other of IPv6 is.
    """

    addresses: frozenset[str]
    mtu: int = DEFAULT_MTU
    mac: str = ""
    is_up: bool = True


def wanted(topology: Topology) -> Mapping[str, Mapping[str, Wired]]:
    """By node and interface what was asked for."""
    by_node: dict[str, dict[str, Wired]] = {node: {} for node in topology.nodes}
    switches = {switch.name: switch for switch in topology.switches}
    for link in topology.links:
        for end, peer in (link.ends, link.ends[::-1]):
            if end.node in by_node:
                of_switch = switches[peer.node].mtu if peer.node in switches else None
                mtu = end.mtu or (peer.mtu if peer.node in switches else None) or of_switch or DEFAULT_MTU
                own = by_node[end.node]
                own[f"eth{len(own)}"] = Wired(frozenset(map(str, end.addresses)), mtu, end.mac or "")
    return by_node


def difference(lab: Lab) -> Complaint:
    """Where the nodes of the lab are not as was asked for."""
    for node, asked in wanted(lab.topology).items():
        found = interfaces(lab[node])
        if found.keys() != asked.keys():
            return f"{node} has {sorted(found)}, not {sorted(asked)}"
        for name, want in asked.items():
            have = found[name] if want.mac else _without_mac(found[name])
            if have != want:
                return f"{name} of {node} is {have}, not {want}"
    return ""


def interfaces(node: Node) -> Mapping[str, Wired]:
    """What the kernel has in a node, but for lo."""
    with node.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as rtnetlink:
        addresses: dict[int, list[str]] = defaultdict(list)
        for body in _dump(rtnetlink, GET_ADDRESS):
            _, prefix, _, _, index = ADDRESS.unpack_from(body)
            content = _attributes(body, ADDRESS.size)
            addresses[index].append(f"{ip_address(content.get(LOCAL) or content[WHOLE])}/{prefix}")
        found = {}
        for body in _dump(rtnetlink, GET_LINK):
            _, _, index, flags, _ = LINK.unpack_from(body)
            content = _attributes(body, LINK.size)
            (mtu,) = struct.unpack("=I", content[MTU])
            is_up = flags & UP_AND_RUNNING == UP_AND_RUNNING
            name = content[NAME].rstrip(b"\0").decode()
            found[name] = Wired(_asked_for(addresses[index]), mtu, content[MAC].hex(":"), is_up)
    del found[LOOPBACK]
    return found


def as_ip_says(node: Node) -> Mapping[str, Wired]:
    """The same as `ip` tells it."""
    said = node.run(["ip", "-j", "address"], check=True, capture_output=True, text=True).stdout
    return {each["ifname"]: _read(each) for each in json.loads(said) if each["ifname"] != LOOPBACK}


def _read(link: Mapping[str, object]) -> Wired:
    told = link["addr_info"]
    assert isinstance(told, list)
    addresses = [f"{each['local']}/{each['prefixlen']}" for each in told]
    return Wired(_asked_for(addresses), int(str(link["mtu"])), str(link["address"]), link["operstate"] == "UP")


def _asked_for(addresses: Sequence[str]) -> frozenset[str]:
    own = frozenset(each for each in addresses if not each.startswith("fe80:"))
    return own if any(":" in each for each in own) else frozenset(addresses)


def _without_mac(interface: Wired) -> Wired:
    return Wired(interface.addresses, interface.mtu, "", interface.is_up)


def _dump(rtnetlink: socket.socket, kind: int) -> Iterator[bytes]:
    """The bodies of the messages that answer."""
    rtnetlink.send(HEADER.pack(HEADER.size + 4, kind, REQUEST_DUMP, 1, 0) + bytes(4))
    while True:
        data = rtnetlink.recv(1 << 16)
        while data:
            length, answer, *_ = HEADER.unpack_from(data)
            if answer == DONE:
                return
            if answer == ERROR:
                raise OSError("the kernel tells nothing of its links")
            yield data[HEADER.size : length]
            data = data[_aligned(length) :]


def _attributes(body: bytes, start: int) -> Mapping[int, bytes]:
    found = {}
    while start + ATTRIBUTE.size <= len(body):
        length, kind = ATTRIBUTE.unpack_from(body, start)
        found[kind & 0x3FFF] = body[start + ATTRIBUTE.size : start + length]
        start += _aligned(length)
    return found


def _aligned(length: int) -> int:
    return length + 3 & ~3
