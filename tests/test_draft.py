"""Declarations in their order, and the addresses that are given to whoever has none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.topology import Topology
from sandbox.topology.draft import Draft, plugged
from sandbox.topology.endpoint import Endpoint
from sandbox.topology.publication import Publication
from sandbox.topology.service import Service
from sandbox.topology.switch import Switch
from sandbox.topology.words import read_link

from .refusal import refusal


def draft(*declarations: str) -> Draft:
    """A draft of declarations as `node a`, `pair a:10.0.0.1 b:10.0.0.2`."""
    made = Draft()
    for declaration in declarations:
        verb, *operands = declaration.split()
        getattr(made, verb)(*operands)
    return made


def links(*declarations: str) -> list[str]:
    return list(map(str, draft(*declarations).topology().links))


def refused(*declarations: str) -> str:
    return refusal(lambda: draft(*declarations).topology())


LAN = "switch lan:10.0.0.0/24"


def test_pairs_alone_are_what_topology_parse_makes_of_them() -> None:
    pairs = [("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2")]
    assert draft(*(f"pair {' '.join(pair)}" for pair in pairs)).topology() == Topology.parse(pairs)


def test_everything_that_was_declared_is_in_the_topology() -> None:
    made = draft(LAN, "node a", "node b", "router a", "alias www a", "uplink b", "publish 80:a:80", "no_routes")
    made.serve(Service("a", ("true",)))
    assert made.topology() == Topology(
        nodes=("a", "b"),
        links=(read_link("a:10.0.0.1/24 lan"), read_link("b:10.0.0.2/24 lan")),
        switches=(Switch.parse("lan:10.0.0.0/24"),),
        routers=("a",),
        aliases=(("www", "a"),),
        uplinks=("b",),
        publications=(Publication(80, "a", 80),),
        static_routes=False,
        services=(Service("a", ("true",)),),
    )


def test_what_is_said_again_is_said_once() -> None:
    once = draft(LAN, "node a", "router a", "uplink a", "no_routes").topology()
    assert (
        draft(LAN, "node a", "router a", "router a", "uplink a", "uplink a", "no_routes", "no_routes").topology()
        == once
    )
    assert draft("node a", "node a").topology() == draft("node a").topology()


def test_a_draft_can_be_gone_on_with() -> None:
    made = draft(LAN, "node a", "uplink lan")
    first = made.topology()
    assert made.topology() == first
    made.node("b")
    assert made.topology().nodes == ("a", "lan-gateway", "b")


# --- addresses


def test_nodes_get_the_addresses_of_their_switch_in_order() -> None:
    assert links(LAN, "node a", "node b", "node c") == ["a:10.0.0.1/24 lan", "b:10.0.0.2/24 lan", "c:10.0.0.3/24 lan"]


@pytest.mark.parametrize("fixed", ["b:10.0.0.1", "b:10.0.0.2"])
def test_an_address_that_somebody_was_promised_is_given_to_nobody_else_before_or_after(fixed: str) -> None:
    other = {"b:10.0.0.1": ("2", "3"), "b:10.0.0.2": ("1", "3")}[fixed]
    assert links(LAN, "node a", f"node {fixed}", "node c") == [
        f"a:10.0.0.{other[0]}/24 lan",
        f"{fixed}/24 lan",
        f"c:10.0.0.{other[1]}/24 lan",
    ]


def test_each_subnet_of_a_switch_has_an_address_for_each_node() -> None:
    dual = "switch lan:10.0.0.0/24,fd00::/64"
    assert links(dual, "node a", "node b") == ["a:10.0.0.1/24,fd00::1/64 lan", "b:10.0.0.2/24,fd00::2/64 lan"]
    assert links(dual, "node a:fd00::1", "node b") == ["a:fd00::1/64 lan", "b:10.0.0.1/24,fd00::2/64 lan"]


def test_an_mtu_and_a_mac_address_are_kept() -> None:
    text = "a:10.0.0.1/24,mtu=1400,mac=02:00:00:00:00:01"
    assert links(LAN, f"node {text.replace('10.0.0.1/24,', '')}") == [f"{text} lan"]


def test_a_fixed_address_takes_the_prefix_of_the_switch() -> None:
    assert links("switch lan:10.0.0.0/16", "node a:10.0.9.0", "node b") == ["a:10.0.9.0/16 lan", "b:10.0.0.1/16 lan"]
    assert links("switch lan", "node a:10.0.9.1") == ["a:10.0.9.1/24 lan"]


def test_a_node_on_a_switch_without_subnets_is_to_find_an_address_by_itself() -> None:
    assert links("switch lan", "node a", "node b:mtu=1400") == ["a lan", "b:mtu=1400 lan"]


def test_the_same_subnet_on_joined_switches_gives_each_address_once() -> None:
    assert links("switch s1:10.0.0.0/24", "node a", "switch s2:10.0.0.0/24", "node b", "pair s1 s2") == [
        "a:10.0.0.1/24 s1",
        "b:10.0.0.2/24 s2",
        "s1 s2",
    ]


@pytest.mark.parametrize(
    ("subnet", "size"), [("10.0.0.0/30", 2), ("10.0.0.0/31", 2), ("fd00::/127", 2), ("10.0.0.0/29", 6)]
)
def test_a_full_subnet_is_refused(subnet: str, size: int) -> None:
    nodes = [f"node n{number}" for number in range(size + 1)]
    assert len(links(f"switch lan:{subnet}", *nodes[:-1])) == size
    assert refused(f"switch lan:{subnet}", *nodes) == f"{subnet!r}: full with {size} hosts - take a larger subnet"


def test_a_thousand_nodes_get_a_thousand_addresses() -> None:
    given = links("switch lan:10.0.0.0/16", *(f"node n{number}" for number in range(1000)))
    assert len({link.split()[0].partition(":")[2] for link in given}) == 1000
    assert given[-1] == "n999:10.0.3.232/16 lan"


def test_what_is_plugged_into_a_lab_later_gets_the_first_address_that_is_free() -> None:
    lab = draft("switch lan:10.0.0.0/24,fd00::/64", "node a", "node b:10.0.0.2", "switch bare").topology()
    assert str(plugged(lab, Endpoint("c"), "lan")) == "c:10.0.0.3/24,fd00::2/64"
    assert str(plugged(lab, Endpoint.parse("c:10.0.0.9"), "lan")) == "c:10.0.0.9/24"
    assert str(plugged(lab, Endpoint.parse_bare("c:mtu=1400"), "lan")) == "c:10.0.0.3/24,fd00::2/64,mtu=1400"
    assert str(plugged(lab, Endpoint("c"), "bare")) == "c"
    full = draft("switch lan:10.0.0.0/31", "node a", "node b").topology()
    assert "full with 2 hosts" in refusal(plugged, full, Endpoint("c"), "lan")
    assert "no such switch - there is lan, bare" in refusal(plugged, lab, Endpoint("c"), "wan")


# --- order


def test_a_node_is_plugged_into_the_last_switch_declared() -> None:
    assert links(LAN, "node a", "switch wan:10.1.0.0/24", "node b") == ["a:10.0.0.1/24 lan", "b:10.1.0.1/24 wan"]


def test_a_node_on_two_switches_has_an_interface_on_each() -> None:
    topology = draft(LAN, "node a", "node r", "switch wan:10.1.0.0/24", "node r", "node b", "router r").topology()
    assert topology.nodes == ("a", "r", "b")
    assert [end.name for _, end in topology.wires if end.node == "r"] == ["eth0", "eth1"]


def test_a_switch_may_be_named() -> None:
    made = draft(LAN, "switch wan:10.1.0.0/24")
    made.node("a", switch="lan")
    made.node(Endpoint("b"), switch="wan")
    assert list(map(str, made.topology().links)) == ["a:10.0.0.1/24 lan", "b:10.1.0.1/24 wan"]
    assert "no such switch" in refusal(lambda: made.node("c", switch="man"))


def test_a_node_before_any_switch_is_linked_to_nothing() -> None:
    topology = draft("node a", LAN, "node b").topology()
    assert topology.nodes == ("a", "b")
    assert [link.first.node for link in topology.links] == ["b"]


def test_a_router_and_an_alias_may_be_declared_before_their_node() -> None:
    topology = draft("router a", "alias www a", "uplink a", "publish 80:a:80", "node a").topology()
    assert (topology.routers, topology.aliases, topology.uplinks) == (("a",), (("www", "a"),), ("a",))


# --- pairs and switches


def test_a_pair_may_join_a_node_with_addresses_and_a_switch_or_two_switches() -> None:
    assert links(LAN, "pair a:10.0.0.9 lan") == ["a:10.0.0.9/24 lan"]
    assert links(LAN, "node a", "switch wan", "pair lan wan:mtu=9000") == ["a:10.0.0.1/24 lan", "lan wan:mtu=9000"]


@pytest.mark.parametrize("pair", ["a b", "a:10.0.0.1 b", "a lan", "a:mtu=1400 lan"])
def test_a_node_of_a_pair_needs_an_address(pair: str) -> None:
    assert "not an endpoint - write NAME:ADDRESS" in refused(LAN, f"pair {pair}")


# --- the way out of a switch


def test_the_uplink_of_a_switch_is_a_router_of_its_own() -> None:
    topology = draft(LAN, "uplink lan", "node a").topology()
    assert topology.nodes == ("a", "lan-gateway")
    assert topology.routers == topology.uplinks == ("lan-gateway",)
    assert str(topology.links[-1]) == "lan-gateway:10.0.0.2/24 lan"


@pytest.mark.parametrize(
    ("declarations", "what"),
    [
        (("switch lan", "node a", "uplink lan"), "uplink 'lan': a switch without a subnet"),
        ((LAN, "node lan-gateway", "uplink lan"), "'lan-gateway': the way out of 'lan' has this name"),
        ((LAN, "switch lan-gateway:10.1.0.0/24", "uplink lan"), "'lan-gateway': the way out of 'lan' has this name"),
        (("switch lan:10.0.0.0/30", "node a", "node b", "uplink lan"), "full with 2 hosts"),
        ((f"switch {'x' * 60}:10.0.0.0/24", "node a", f"uplink {'x' * 60}"), "at most 63 characters"),
        ((LAN, "node a", "uplink wan"), "uplink: no node 'wan'"),
    ],
)
def test_a_way_out_that_cannot_be_is_refused(declarations: tuple[str, ...], what: str) -> None:
    assert what in refused(*declarations)


# --- nonsense


@pytest.mark.parametrize(
    ("declarations", "what"),
    [
        ((LAN, "node lan"), "'lan': the name of two things"),
        (("node lan", LAN), "'lan': the name of two things"),
        (("pair lan:10.1.0.1 b:10.1.0.2", LAN), "'lan': the name of two things"),
        ((LAN, "switch lan"), "'lan': a switch twice"),
        ((LAN, "node a", "node a"), "cannot tell which way to send"),
        ((LAN, "node a:10.0.1.1"), "not in a subnet of 'lan' - take one from 10.0.0.0/24"),
        ((LAN, "node a:10.0.0.1/16"), "write 10.0.0.1/24"),
        ((LAN, "node a:10.0.0.0"), "network address"),
        ((LAN, "node a:10.0.0.255"), "broadcast address"),
        ((LAN, "node a:10.0.0.1", "node b:10.0.0.1"), "the same address twice"),
        ((LAN, "node a:"), "not an IP address"),
        ((LAN, "node a:10.0.0.1,"), "not an IP address"),
        ((LAN, "node :10.0.0.1"), "not an endpoint"),
        ((LAN, "node a,b"), "names use"),
        (("switch lan:10.0.0.0/16", "node a:10.0.255.255"), "broadcast address of 10.0.0.0/16"),
        (("switch lan:10.0.0.0/24,10.0.0.0/24",), "addresses in common"),
        ((LAN,), "a topology without a node"),
        (("node a:10.0.0.1",), "plugged into nothing"),
        (("node a:mtu=1400",), "plugged into nothing"),
        (("node a:mac=02:00:00:00:00:01",), "plugged into nothing"),
        ((LAN, "node a", "switch wan:10.0.0.0/24", "node b"), "one subnet on two links"),
        ((LAN, "node a", "switch wan:10.0.0.0/24", "node a"), "cannot tell which way to send"),
        ((LAN, "node a", "switch wan", "pair lan wan", "pair wan lan"), "closes a circle of switches"),
        ((LAN, "pair lan lan"), "two different nodes"),
        ((LAN, "node a", "router lan"), "router: no node 'lan'"),
        (("router r",), "a topology without a node"),
        (("node a", "publish 80:a:80", "publish 80:a:81"), "one port of the host twice"),
    ],
)
def test_what_contradicts_itself_is_refused(declarations: tuple[str, ...], what: str) -> None:
    assert what in refused(*declarations)


@pytest.mark.parametrize("value", [5, True, None, b"a"])
def test_what_is_not_text_is_a_type_error(value: object) -> None:
    declare: list[Callable[[object], object]] = [
        lambda each: draft(LAN).node(each),  # type: ignore[arg-type]
        lambda each: Draft().switch(each),  # type: ignore[arg-type]
        lambda each: Draft().pair(each, "b:10.0.0.1"),  # type: ignore[arg-type]
        lambda each: Draft().publish(each),  # type: ignore[arg-type]
    ]
    for verb in declare:
        with pytest.raises(TypeError):
            verb(value)
