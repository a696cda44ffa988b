"""What does not fit together, although each part of it is sound, is refused as a whole."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from ipaddress import ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import RequestError
from sandbox.topology import Topology
from sandbox.topology.address import Address
from sandbox.topology.checks import check_places
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.publication import Publication
from sandbox.topology.service import Service
from sandbox.topology.switch import Switch
from sandbox.topology.words import read_link

from .refusal import refusal


def topology(*links: str, nodes: str = "", switches: tuple[str, ...] = (), **more: Any) -> Topology:
    """The topology of these links, with the nodes that they mention if no others are named."""
    read = tuple(map(read_link, links))
    made = tuple(map(Switch.parse, switches))
    names = {switch.name for switch in made}
    mentioned = dict.fromkeys(end.node for link in read for end in link.ends if end.node not in names)
    return Topology(tuple(nodes.split()) or tuple(mentioned), read, made, **more)


def refused(*links: str, **more: Any) -> str:
    return refusal(lambda: topology(*links, **more))


@pytest.mark.parametrize(
    ("pairs", "what"),
    [
        ([("a:192.168.1.1", "b:192.168.1.1")], "the same address twice - change one of them"),
        ([("a:fd00::1", "b:fd00:0::1")], "the same address twice - change one of them"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.1.1")], "different subnets"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("c:10.0.1.2", "d:10.0.1.3")], "the same address twice"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("a:10.0.1.3", "b:10.0.1.4")], "a subnet of its own"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("a:10.0.1.3", "c:10.0.1.4")], "a subnet of its own"),
        ([("a:10.0.1.1/8", "b:10.0.1.2/8"), ("a:10.9.1.3", "c:10.9.1.4")], "a subnet of its own"),
        ([("a:10.9.1.3", "c:10.9.1.4"), ("a:10.0.1.1/8", "b:10.0.1.2/8")], "a subnet of its own"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("a:10.0.2.1,fd00::1", "b:10.0.2.2,fd00::1")], "the same address twice"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("a:10.0.2.1,10.0.1.3", "c:10.0.2.2,10.0.1.4")], "a subnet of its own"),
    ],
)
def test_pairs_that_contradict_each_other_are_refused(pairs: list[tuple[str, str]], what: str) -> None:
    said = refusal(Topology.parse, pairs)
    assert what in said
    if "different" not in what:
        assert sum(str(Endpoint.parse(end)) in said for pair in pairs for end in pair) >= 2, "both are shown"


@pytest.mark.parametrize(
    "pairs",
    [
        [("a:10.0.1.1", "b:10.0.1.2"), ("c:10.0.1.3", "d:10.0.1.4")],
        [("a:10.0.1.1,10.0.1.3", "b:10.0.1.2")],
        [("a:10.0.1.1", "b:10.0.1.2"), ("a:10.0.2.1", "b:10.0.2.2")],
        [("a:10.0.1.1,fd00::1", "b:10.0.1.2,fd00::2"), ("a:10.0.2.1,fd00:0:0:1::1", "c:10.0.2.2,fd00:0:0:1::2")],
    ],
)
def test_pairs_that_do_not_are_accepted(pairs: list[tuple[str, str]]) -> None:
    assert len(Topology.parse(pairs).links) == len(pairs)


@pytest.mark.parametrize(("nodes", "what"), [(("a",), "'b'"), ((), "'a'"), (("a", "b", "a"), "'a'")])
def test_links_between_nodes_that_are_not_declared_once_are_refused(nodes: tuple[str, ...], what: str) -> None:
    link = Link(Endpoint.parse("a:10.0.0.1"), Endpoint.parse("b:10.0.0.2"))
    assert what in refusal(Topology, nodes, (link,))


@pytest.mark.parametrize("name", ["", "A", "a b", "localhost", "\x1b"])
def test_every_name_is_checked(name: str) -> None:
    assert repr(name) in refusal(Topology, (name,))
    refused(nodes="a", aliases=((name, "a"),))


@pytest.mark.parametrize("value", [3232235777, True, None, b"a", ["a"]])
def test_a_name_that_is_no_text_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        Topology((value,))  # type: ignore[arg-type]


def test_nothing_at_all_is_refused() -> None:
    assert "without a node" in refusal(Topology, ())
    assert "without a node" in refused("lan wan", switches=("lan", "wan"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["10.0.0", "10.0.1", "10.128.0", "11.0.0", "fd00:"]),
            st.sampled_from([8, 9, 16, 23, 24, 25]),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_subnets_of_a_node_overlap_as_they_do_one_by_one(drawn: list[tuple[str, int, bool]]) -> None:
    """The check sorts them: held against the same question asked of every two."""
    written: list[list[str]] = []
    for number, (start, prefix, again) in enumerate(drawn, start=1):
        address = f"fd00::{number}:0:0:1/{prefix + 64}" if ":" in start else f"{start}.{number}/{prefix}"
        if again and written:
            written[-1].append(address)
        else:
            written.append([address])
    networks = [[ip_interface(text).network for text in words] for words in written]
    two = itertools.combinations(networks, 2)
    overlap = any(
        one.version == other.version and one.overlaps(other)  # type: ignore[arg-type]
        for ours, theirs in two
        for one in ours
        for other in theirs
    )
    switches = [Switch(f"s{at}") for at in range(len(written))]
    ends = [Endpoint("a", tuple(map(Address.parse, words))) for words in written]
    links = [Link(end, Endpoint(switch.name)) for end, switch in zip(ends, switches, strict=True)]
    with pytest.raises(RequestError, match="a subnet of its own") if overlap else nullcontext():
        Topology(("a",), tuple(links), tuple(switches))


# --- names


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"nodes": "a lan", "switches": ("lan",)}, "lan"),
        ({"nodes": "a", "switches": ("lan", "lan")}, "lan"),
        ({"nodes": "a", "aliases": (("a", "a"),)}, "a"),
        ({"nodes": "a b", "aliases": (("b", "a"),)}, "b"),
        ({"nodes": "a", "switches": ("lan",), "aliases": (("lan", "a"),)}, "lan"),
        ({"nodes": "a", "aliases": (("www", "a"), ("www", "a"))}, "www"),
        ({"nodes": "a b", "aliases": (("www", "a"), ("www", "b"))}, "www"),
        ({"nodes": "a b", "aliases": (("b.lab", "a"),)}, "b.lab"),
        ({"nodes": "a b", "aliases": (("www", "a"), ("www.lab", "b"))}, "www.lab"),
    ],
)
def test_a_name_is_that_of_one_thing(more: dict[str, Any], name: str) -> None:
    assert refused(**more).startswith(f"{name!r}: the name of two things")


def test_aliases_that_nobody_else_is_called_are_accepted() -> None:
    aliases = (("www", "a"), ("www.example.com", "a"), ("c.lab", "b"))
    assert topology(nodes="a b", aliases=aliases).aliases == aliases


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"routers": ("r",)}, "router"),
        ({"aliases": (("www", "r"),)}, "alias 'www'"),
        ({"uplinks": ("r",)}, "uplink"),
        ({"publications": (Publication(80, "r", 80),)}, "publish '80:r:80'"),
        ({"services": (Service("r", ("true",)),)}, "service"),
        ({"routers": ("lan",)}, "router"),
        ({"publications": (Publication(80, "lan", 80),)}, "publish '80:lan:80'"),
    ],
)
def test_what_is_said_of_a_node_is_said_of_one_that_is_there(more: dict[str, Any], what: str) -> None:
    said = refused(nodes="a b", switches=("lan",), **more)
    assert said.startswith(f"{what}: no node ")
    assert said.endswith("the nodes are a, b")


def test_of_many_nodes_a_few_are_named() -> None:
    said = refused(nodes=" ".join(f"n{number}" for number in range(1000)), routers=("r",))
    assert said.endswith("n7 and 992 more")


# --- ends


def test_an_end_that_is_on_one_side_of_a_cable_only_is_refused() -> None:
    assert "an address on one end only - give b one as well" in refused("a:10.0.0.1 b")
    assert topology("a b").links, "both may find theirs by themselves"


@pytest.mark.parametrize("link", ["a:10.0.0.1 lan:10.0.0.2", "lan:10.0.0.2 a:10.0.0.1", "lan:10.0.0.1 wan:10.0.0.2"])
def test_a_switch_with_an_address_is_refused(link: str) -> None:
    assert "a switch has no address of its own" in refused(link, nodes="a", switches=("lan", "wan"))


# --- switches


LAN = ("lan:10.0.0.0/16,fd00::/48",)


@pytest.mark.parametrize(
    ("link", "what"),
    [
        ("a:10.1.0.1/16 lan", "not in a subnet of 'lan' - take one from 10.0.0.0/16 or fd00::/48"),
        ("lan a:fd01::1/48", "not in a subnet of 'lan' - take one from 10.0.0.0/16 or fd00::/48"),
        ("a:10.0.0.1/16,192.168.0.1 lan", "not in a subnet of 'lan'"),
        ("a:10.0.7.1/24 lan", "another prefix than that of 'lan', 10.0.0.0/16 - write 10.0.7.1/16"),
        ("a:10.0.7.1/8 lan", "another prefix than that of 'lan', 10.0.0.0/16 - write 10.0.7.1/16"),
        ("a:fd00::1/64 lan", "another prefix than that of 'lan', fd00::/48 - write fd00::1/48"),
    ],
)
def test_an_address_that_is_not_in_the_switch_s_subnets_is_refused(link: str, what: str) -> None:
    assert what in refused(link, switches=LAN)


@pytest.mark.parametrize("link", ["a:10.0.7.0/16 lan", "lan a:fd00::1/48,10.0.0.1/16", "a lan", "a:mtu=1400 lan"])
def test_an_address_that_is_in_them_and_an_end_without_any_are_accepted(link: str) -> None:
    assert topology(link, switches=LAN).links == (read_link(link),)


def test_a_switch_without_subnets_takes_any_address() -> None:
    assert topology("a:10.0.0.1 lan", "b:192.168.0.1 lan", switches=("lan",)).links


@pytest.mark.parametrize(
    "links",
    [
        ("s1 s2", "s2 s1"),
        ("s1 s2", "s2 s3", "s3 s1"),
        ("s1 s2", "a:10.0.0.1 s1", "s2 s3", "s3 s4", "s4 s1"),
    ],
)
def test_a_circle_of_switches_is_refused(links: tuple[str, ...]) -> None:
    said = refused(*links, nodes="a", switches=("s1", "s2", "s3", "s4"))
    assert "closes a circle of switches" in said
    assert repr(links[-1]) in said


def test_a_circle_through_a_node_is_none() -> None:
    assert topology("s1 s2", "a:10.0.0.1 s1", "a:10.0.1.1 s2", switches=("s1", "s2")).links


@pytest.mark.parametrize("count", [1023, 1024])
def test_a_switch_has_as_many_ports_as_a_bridge(count: int) -> None:
    links = tuple(Link(Endpoint(f"n{number}"), Endpoint("lan")) for number in range(count))
    nodes = tuple(link.first.node for link in links)
    if count == 1023:
        assert Topology(nodes, links, (Switch("lan"),)).links == links
    else:
        said = refusal(Topology, nodes, links, (Switch("lan"),))
        assert "'lan': 1024 links to one switch, and a bridge has 1023 ports" in said


@pytest.mark.parametrize("links", [("a:fd00::1 lan",), ("lan a:fd00::1",), ("a:10.0.0.1,fd00::1 lan",)])
def test_an_mtu_of_a_switch_that_would_take_ipv6_off_a_node_is_refused(links: tuple[str, ...]) -> None:
    assert refused(*links, switches=("lan:mtu=1279",)).endswith("write a number from 1280 to 65535")
    assert topology(*links, switches=("lan:mtu=1280",)).links
    for_this_port = tuple(link.replace("lan", "lan:mtu=1000") for link in links)
    assert refused(*for_this_port, switches=("lan",)).endswith("write a number from 1280 to 65535")


def test_an_ipv4_node_may_have_a_smaller_mtu() -> None:
    assert topology("a:10.0.0.1 lan", "b:10.0.0.2,mtu=1000 lan", switches=("lan:mtu=68",)).links


# --- segments: who hears whom


MAC = "mac=02:00:00:00:00:01"


@pytest.mark.parametrize(
    "links",
    [
        (f"a:10.0.0.1,{MAC} b:10.0.0.2,{MAC}",),
        (f"a:10.0.0.1,{MAC} lan", f"b:10.0.0.2,{MAC} lan"),
        (f"a:10.0.0.1,{MAC} lan", "lan wan", f"wan b:10.0.0.2,{MAC}"),
    ],
)
def test_the_same_mac_address_twice_where_both_hear_each_other_is_refused(links: tuple[str, ...]) -> None:
    said = refused(*links, switches=("lan", "wan"))
    assert "the same MAC address twice" in said
    assert "'a:10.0.0.1/24" in said
    assert "'b:10.0.0.2/24" in said


def test_the_same_mac_address_on_two_links_is_accepted() -> None:
    assert topology(f"a:10.0.0.1,{MAC} b:10.0.0.2", f"a:10.0.1.1,{MAC} b:10.0.1.2").links


TWO_SWITCHES = ("a:10.0.0.1 lan", "b:10.0.0.2 wan")


@pytest.mark.parametrize(
    ("links", "more"),
    [
        (TWO_SWITCHES, {"switches": ("lan", "wan")}),
        (TWO_SWITCHES, {"switches": ("lan:10.0.0.0/24", "wan:10.0.0.0/24")}),
        (("a:10.0.0.1/16 lan", "b:10.0.7.2 wan"), {"switches": ("lan:10.0.0.0/16", "wan")}),
        (("a:10.0.0.1 lan", "b:10.0.0.2 c:10.0.0.3"), {"switches": ("lan",)}),
        (("a:10.0.0.1 b:10.0.0.2", "c:10.0.0.3 d:10.0.0.4", "a:10.0.1.1 c:10.0.1.2"), {"routers": ("a", "c")}),
        (("a:fd00::1 b:fd00::2", "c:fd00::3 d:fd00::4"), {"routers": ("a",)}),
    ],
)
def test_one_subnet_in_two_places_is_refused(links: tuple[str, ...], more: dict[str, Any]) -> None:
    # Nodes in it would take each other for neighbours, and no route could lead to both.
    assert "one subnet on two links that no switch joins" in refusal(check_places, topology(*links, **more))
    check_places(topology(*links, **more, static_routes=False))  # a routing daemon may know better


@pytest.mark.parametrize(
    ("links", "more"),
    [
        ((*TWO_SWITCHES, "lan wan"), {"switches": ("lan", "wan")}),
        ((*TWO_SWITCHES, "lan core", "wan core"), {"switches": ("lan", "wan", "core")}),
        ((*TWO_SWITCHES, "lan wan"), {"switches": ("lan:10.0.0.0/24", "wan:10.0.0.0/24")}),
        (("a:10.0.0.1 lan", "b:10.0.1.2 wan"), {"switches": ("lan", "wan")}),
        (("a:10.0.0.1 b:10.0.0.2", "c:10.0.0.3 d:10.0.0.4"), {}),
    ],
)
def test_one_subnet_in_one_place_is_accepted(links: tuple[str, ...], more: dict[str, Any]) -> None:
    check_places(topology(*links, **more))


def test_a_hub_of_a_thousand_links_is_checked_link_by_link_not_pair_by_pair() -> None:
    links = tuple(
        Link(Endpoint("hub", (Address(4, at, 30),)), Endpoint(f"n{at}", (Address(4, at + 1, 30),)))
        for at in range(0x0A00_0001, 0x0A00_0001 + 4 * 1000, 4)
    )
    star = Topology(("hub", *(link.second.node for link in links)), links, routers=("hub",))
    assert len(star.links) == 1000


# --- the host's ports


@pytest.mark.parametrize(
    "publications",
    [("80:a:80", "80:b:80"), ("80:a:80", "127.0.0.1:80:b:80"), ("53:a:53/udp", "1:a:1", "0.0.0.0:53:b:53/udp")],
)
def test_one_port_of_the_host_twice_is_refused(publications: tuple[str, ...]) -> None:
    said = refused(nodes="a b", publications=tuple(map(Publication.parse, publications)))
    assert said == f"{publications[0]!r} and {publications[-1]!r}: one port of the host twice - take another"


def test_tcp_and_udp_on_one_port_and_one_port_at_two_addresses_are_accepted() -> None:
    publications = tuple(map(Publication.parse, ("53:a:53", "53:a:53/udp", "127.0.0.1:80:a:80", "[::1]:80:b:80")))
    assert topology(nodes="a b", publications=publications).publications == publications
