"""Where the ends of links appear: names and indexes in order of declaration, MTU and MAC address."""

from __future__ import annotations

from sandbox.topology import Topology
from sandbox.topology.address import Address
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.interface import Interface, Wiring
from sandbox.topology.switch import Switch
from sandbox.topology.words import read_link

LAN, WAN = Switch.parse("lan:10.0.0.0/24"), Switch.parse("wan")


def wires(*links: str, switches: tuple[Switch, ...] = (LAN, WAN)) -> list[tuple[Interface, Interface]]:
    wiring = Wiring(switches)
    return [wiring.wire(read_link(link)) for link in links]


def places(*links: str) -> list[tuple[str, str, int]]:
    return [(end.node, end.name, end.index) for wire in wires(*links) for end in wire]


def test_nodes_and_interfaces_are_numbered_in_order_of_declaration() -> None:
    chain = Topology.parse([("b:10.0.1.1", "a:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2"), ("c:fd00::1", "b:fd00::2")])
    assert chain.nodes == ("b", "a", "c")
    assert chain.wires == (
        (
            Interface("b", "eth0", 2, (Address.parse("10.0.1.1/24"),)),
            Interface("a", "eth0", 2, (Address.parse("10.0.1.2/24"),)),
        ),
        (
            Interface("b", "eth1", 3, (Address.parse("10.0.2.1/24"),)),
            Interface("c", "eth0", 2, (Address.parse("10.0.2.2/24"),)),
        ),
        (
            Interface("c", "eth1", 3, (Address.parse("fd00::1/64"),)),
            Interface("b", "eth2", 4, (Address.parse("fd00::2/64"),)),
        ),
    )


def test_ports_of_a_switch_are_numbered_behind_its_bridge() -> None:
    assert places("a:10.0.0.1 lan", "b:10.0.0.2 lan", "a:10.1.0.1 c:10.1.0.2") == [
        ("lan", "port0", 3),
        ("a", "eth0", 2),
        ("lan", "port1", 4),
        ("b", "eth0", 2),
        ("a", "eth1", 3),
        ("c", "eth0", 2),
    ]


def test_the_switch_s_end_is_made_first_whichever_was_named_first_and_is_a_port_of_its_bridge() -> None:
    assert wires("a:10.0.0.1 lan") == wires("lan a:10.0.0.1")
    (((port, end)),) = wires("a:10.0.0.1 lan")
    assert (port.master, end.master) == ("br0", None)
    assert (port.addresses, end.addresses) == ((), (Address.parse("10.0.0.1/24"),))


def test_a_link_of_two_switches_is_a_port_of_each() -> None:
    ((first, second),) = wires("lan wan")
    assert (first.node, first.name, first.master) == ("lan", "port0", "br0")
    assert (second.node, second.name, second.master) == ("wan", "port0", "br0")


def test_several_links_between_the_same_two_nodes_are_interfaces_of_their_own() -> None:
    assert places("a:10.0.0.1 b:10.0.0.2", "b:10.0.1.2 a:10.0.1.1") == [
        ("a", "eth0", 2),
        ("b", "eth0", 2),
        ("b", "eth1", 3),
        ("a", "eth1", 3),
    ]


def mtus(link: str, *switches: str) -> list[int | None]:
    ((first, second),) = wires(link, switches=tuple(map(Switch.parse, switches)))
    return [first.mtu, second.mtu]


def test_an_end_has_its_own_mtu_else_what_the_cable_and_the_switch_agree_on() -> None:
    assert mtus("a:10.0.0.1 b:10.0.0.2") == [None, None]
    assert mtus("a:10.0.0.1,mtu=1400 b:10.0.0.2") == [1400, None], "each interface of a pair has its own"
    assert mtus("a:10.0.0.1 lan", "lan") == [None, None]
    assert mtus("a:10.0.0.1 lan", "lan:mtu=9000") == [9000, 9000]
    assert mtus("a:10.0.0.1,mtu=1400 lan", "lan:mtu=9000") == [1400, 1400]
    assert mtus("a:10.0.0.1,mtu=1400 lan:mtu=2000", "lan:mtu=9000") == [2000, 1400]
    assert mtus("lan wan", "lan", "wan:mtu=9000") == [9000, 9000]
    assert mtus("lan wan", "lan:mtu=2000", "wan:mtu=9000") == [2000, 2000], "one cable, one size"


def test_a_mac_address_is_the_end_s_own() -> None:
    ((port, end),) = wires("a:10.0.0.1,mac=02:00:00:00:00:01 lan")
    assert (port.mac, end.mac) == (None, "02:00:00:00:00:01")


def test_wiring_goes_on_counting() -> None:
    wiring = Wiring([LAN])
    ends = [wiring.wire(Link(Endpoint("a"), Endpoint("lan"))) for _ in range(3)]
    assert [end.name for _, end in ends] == ["eth0", "eth1", "eth2"]
    assert [port.index for port, _ in ends] == [3, 4, 5]


def test_an_interface_speaks_ipv6_if_any_of_its_addresses_does() -> None:
    assert not Interface("a", "eth0", 2).speaks_ipv6
    assert not Interface("a", "eth0", 2, (Address.parse("10.0.0.1"),)).speaks_ipv6
    assert Interface("a", "eth0", 2, (Address.parse("10.0.0.1"), Address.parse("fd00::1"))).speaks_ipv6
    assert str(Interface("a", "eth0", 2)) == "eth0 of a"
