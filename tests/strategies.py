"""Texts that are nearly what is asked for, and topologies of every shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from hypothesis import strategies as st

from sandbox.address import Subnet
from sandbox.endpoint import LEAST_MTU_IPV6, LOOPBACK_NAMES, MOST_MTU, Endpoint, Link
from sandbox.publication import Publication
from sandbox.switch import Switch
from sandbox.topology import Topology

T = TypeVar("T")

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
NEARLY_ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.from_regex(r"[0-9a-f:.%/ ]{0,24}", fullmatch=True),
    st.tuples(st.ip_addresses(), st.integers(-1, 130)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
)
NEARLY_SETTINGS = st.one_of(
    st.integers(0, 70_000).map("mtu={}".format),
    st.from_regex(r"mac=0[0-3](:[0-9a-fA-F]{2}){5}", fullmatch=True),
    st.from_regex(r"m(tu|ac)=?[0-9a-f:=]{0,17}", fullmatch=True),
)
NEARLY_ENDPOINTS = st.one_of(
    ANY_TEXT,
    st.tuples(ANY_TEXT, ANY_TEXT).map(":".join),
    st.tuples(st.from_regex(r"[a-z0-9-]{1,5}", fullmatch=True), NEARLY_ADDRESSES).map(":".join),
    st.lists(NEARLY_ADDRESSES | NEARLY_SETTINGS, min_size=1, max_size=3).map(lambda words: f"a:{','.join(words)}"),
)


NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True).filter(lambda name: name not in LOOPBACK_NAMES)
MTUS = st.none() | st.integers(LEAST_MTU_IPV6, MOST_MTU)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """A topology that is sound: nodes, switches, cables between any two of them, and all that is said of nodes."""
    names = draw(st.lists(NAMES, min_size=1, max_size=9, unique=True))
    nodes = tuple(names[: draw(st.integers(1, len(names)))])
    switches = tuple(draw(_switches(number, name)) for number, name in enumerate(names[len(nodes) :]))
    links = [*_trunks(draw, switches), *_plugged(draw, nodes, switches), *_cables(draw, nodes)]
    return Topology(
        nodes=nodes,
        links=tuple(draw(st.permutations(links))),
        switches=switches,
        routers=draw(_some(nodes)),
        aliases=tuple((f"alias{at}.{node}", node) for at, node in enumerate(draw(st.lists(st.sampled_from(nodes))))),
        uplinks=draw(_some(nodes)),
        publications=draw(_publications(nodes)),
        static_routes=draw(st.booleans()),
    )


@st.composite
def _switches(draw: st.DrawFn, number: int, name: str) -> Switch:
    texts = (f"10.{number}.0.0/{16 + number}", f"192.168.{number}.0/24", f"fd00:0:0:{number:x}::/64")
    subnets = draw(st.lists(st.sampled_from(texts), max_size=3, unique=True))
    return Switch(name, tuple(map(Subnet.parse, subnets)), draw(MTUS))


def _trunks(draw: st.DrawFn, switches: tuple[Switch, ...]) -> Iterator[Link]:
    """Cables that join a switch with one declared before: no circle can come of it."""
    for number, switch in enumerate(switches[1:], 1):
        if draw(st.booleans()):
            other = switches[draw(st.integers(0, number - 1))]
            yield Link(Endpoint(other.name, (), draw(MTUS)), Endpoint(switch.name, (), draw(MTUS)))


def _plugged(draw: st.DrawFn, nodes: tuple[str, ...], switches: tuple[Switch, ...]) -> Iterator[Link]:
    """Each node has a place on some switches, with addresses or without."""
    for place, node in enumerate(nodes, 1):
        for number, switch in enumerate(switches):
            if draw(st.booleans()):
                subnets = draw(_some(switch.subnets))
                addresses = tuple(subnet.host(place) for subnet in subnets)
                mac = draw(st.none() | st.just(f"02:00:00:00:{number:02x}:{place:02x}"))
                ends = Endpoint(node, addresses, draw(MTUS), mac), Endpoint(switch.name, (), draw(MTUS))
                yield Link(*(ends if draw(st.booleans()) else ends[::-1]))


def _cables(draw: st.DrawFn, nodes: tuple[str, ...]) -> Iterator[Link]:
    """Cables of two nodes, each a subnet of its own in one or both families."""
    for number in range(draw(st.integers(0, 5)) if len(nodes) > 1 else 0):
        first, second = draw(st.permutations(nodes))[:2]
        texts = (f"172.16.{number}.0/24", f"172.17.{number}.0/31", f"fd01:0:0:{number:x}::/64")
        subnets = tuple(map(Subnet.parse, draw(st.lists(st.sampled_from(texts), max_size=3, unique=True))))
        ends = (
            Endpoint(node, tuple(subnet.host(place) for subnet in subnets), draw(MTUS))
            for place, node in enumerate((first, second), 1)
        )
        yield Link(*ends)


@st.composite
def _publications(draw: st.DrawFn, nodes: tuple[str, ...]) -> tuple[Publication, ...]:
    ports = draw(st.lists(st.integers(1, 65535), max_size=3, unique=True))
    hosts = st.sampled_from([None, "127.0.0.1", "0.0.0.0", "::1", "::"])
    protocols = st.sampled_from(["tcp", "udp"])
    return tuple(
        Publication(port, draw(st.sampled_from(nodes)), draw(st.integers(1, 65535)), draw(protocols), draw(hosts))
        for port in ports
    )


def _some(things: tuple[T, ...]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(st.booleans(), min_size=len(things), max_size=len(things)).map(
        lambda chosen: tuple(thing for thing, is_in in zip(things, chosen, strict=True) if is_in)
    )
