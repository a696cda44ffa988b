"""What a node is told: /etc/hosts and the SANDBOX_ variables."""

from __future__ import annotations

import pytest

from sandbox.plan.names import LOOPBACK, hosts_file, variables
from sandbox.topology import Topology
from sandbox.topology.draft import Draft

PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])
CHAIN = Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2"), ("c:10.0.3.1", "d:10.0.3.2")])
BOTH = Topology.parse([("a:10.0.0.1", "b:10.0.0.2"), ("b:fd00::2", "a:fd00::1")])


def drafted(*declarations: str) -> Topology:
    draft = Draft()
    for declaration in declarations:
        verb, *operands = declaration.split()
        getattr(draft, verb)(*operands)
    return draft.topology()


LAN = drafted("switch lan:10.0.0.0/24", "node a", "node b", "node c")
ROUTED = drafted(
    "switch lan:10.0.0.0/24,fd00::/64", "node a", "node r", "switch wan:10.1.0.0/24", "node r", "node b", "router r"
)


def entries(topology: Topology, node: str) -> list[str]:
    """The lines after loopback's."""
    text = hosts_file(topology, node)
    assert text.startswith(LOOPBACK)
    assert text.endswith("\n")
    return text[len(LOOPBACK) :].splitlines()


@pytest.mark.parametrize("node", ["a", "b"])
def test_both_ends_of_a_pair_know_both_names(node: str) -> None:
    assert entries(PAIR, node) == ["192.168.1.1 a a.lab", "192.168.1.2 b b.lab"]


def test_addresses_on_a_node_s_own_links_come_first() -> None:
    # getaddrinfo takes the first that fits: it must be one that can be reached.
    assert entries(CHAIN, "a") == [
        "10.0.1.1 a a.lab",
        "10.0.1.2 b b.lab",
        "10.0.2.1 b b.lab",
        "10.0.2.2 c c.lab",
        "10.0.3.1 c c.lab",
        "10.0.3.2 d d.lab",
    ]
    assert entries(CHAIN, "c") == [
        "10.0.2.1 b b.lab",
        "10.0.2.2 c c.lab",
        "10.0.3.1 c c.lab",
        "10.0.3.2 d d.lab",
        "10.0.1.1 a a.lab",
        "10.0.1.2 b b.lab",
    ]


@pytest.mark.parametrize("topology", [PAIR, CHAIN, BOTH, LAN, ROUTED])
def test_every_node_is_known_by_name_in_every_node_and_nothing_twice(topology: Topology) -> None:
    for node in topology.nodes:
        lines = entries(topology, node)
        assert {line.split()[1] for line in lines} == set(topology.nodes)
        assert len(set(lines)) == len(lines)


def test_a_node_of_two_families_is_known_by_both() -> None:
    assert entries(BOTH, "a") == ["10.0.0.1 a a.lab", "10.0.0.2 b b.lab", "fd00::2 b b.lab", "fd00::1 a a.lab"]


def test_a_node_alone_knows_itself() -> None:
    assert entries(Topology.alone(), "sandbox") == ["127.0.1.1 sandbox sandbox.lab"]


def test_on_a_switch_all_are_near() -> None:
    assert entries(LAN, "b") == ["10.0.0.1 a a.lab", "10.0.0.2 b b.lab", "10.0.0.3 c c.lab"]
    joined = drafted("switch s1:10.0.0.0/24", "node a", "switch s2:10.0.0.0/24", "node b", "pair s1 s2")
    assert entries(joined, "a") == entries(joined, "b") == ["10.0.0.1 a a.lab", "10.0.0.2 b b.lab"]


def test_a_router_is_known_by_all_its_addresses_the_near_ones_first() -> None:
    assert entries(ROUTED, "a") == [
        "10.0.0.1 a a.lab",
        "fd00::1 a a.lab",
        "10.0.0.2 r r.lab",
        "fd00::2 r r.lab",
        "10.1.0.1 r r.lab",
        "10.1.0.2 b b.lab",
    ]
    assert entries(ROUTED, "b")[:2] == ["10.1.0.1 r r.lab", "10.1.0.2 b b.lab"]


def test_an_alias_is_another_name_of_each_address() -> None:
    topology = drafted(
        "switch lan:10.0.0.0/24,fd00::/64", "node a", "alias www a", "alias www.example.com a", "node b", "alias db b"
    )
    assert entries(topology, "b") == [
        "10.0.0.1 a a.lab www www.example.com",
        "fd00::1 a a.lab www www.example.com",
        "10.0.0.2 b b.lab db",
        "fd00::2 b b.lab db",
    ]
    assert entries(drafted("node a", "alias www a"), "a") == ["127.0.1.1 a a.lab www"]


def test_a_node_that_is_to_find_an_address_by_itself_knows_itself_and_the_others() -> None:
    topology = drafted("switch lan", "node a", "node b:10.0.0.2")
    assert entries(topology, "a") == ["127.0.1.1 a a.lab", "10.0.0.2 b b.lab"]
    assert entries(topology, "b") == ["10.0.0.2 b b.lab"]
    assert variables(topology, "a") == {"SANDBOX_NAME": "a"}
    assert variables(topology, "b") == {"SANDBOX_NAME": "b", "SANDBOX_IP": "10.0.0.2"}


def test_a_node_without_a_link_is_unknown_to_the_others() -> None:
    topology = drafted("node a", "pair b:10.0.0.1 c:10.0.0.2")
    assert entries(topology, "a") == ["127.0.1.1 a a.lab", "10.0.0.1 b b.lab", "10.0.0.2 c c.lab"]
    assert entries(topology, "b") == ["10.0.0.1 b b.lab", "10.0.0.2 c c.lab"]


def test_localhost_is_always_there() -> None:
    assert LOOPBACK.splitlines()[0] == "127.0.0.1 localhost"
    assert LOOPBACK.splitlines()[1].split()[:2] == ["::1", "localhost"]


@pytest.mark.parametrize(
    ("topology", "node", "ip", "peer", "peer_ip"),
    [
        (PAIR, "a", "192.168.1.1", "b", "192.168.1.2"),
        (PAIR, "b", "192.168.1.2", "a", "192.168.1.1"),
        (CHAIN, "b", "10.0.1.2", "a", "10.0.1.1"),
        (CHAIN, "c", "10.0.2.2", "b", "10.0.2.1"),
        (BOTH, "b", "10.0.0.2", "a", "10.0.0.1"),
        (LAN, "a", "10.0.0.1", "b", "10.0.0.2"),
        (LAN, "b", "10.0.0.2", "c", "10.0.0.3"),
        (LAN, "c", "10.0.0.3", "a", "10.0.0.1"),
        (ROUTED, "r", "10.0.0.2", "a", "10.0.0.1"),
        (ROUTED, "b", "10.1.0.2", "r", "10.1.0.1"),
    ],
)
def test_variables_tell_of_the_first_link(topology: Topology, node: str, ip: str, peer: str, peer_ip: str) -> None:
    assert variables(topology, node) == {
        "SANDBOX_NAME": node,
        "SANDBOX_IP": ip,
        "SANDBOX_PEER": peer,
        "SANDBOX_PEER_IP": peer_ip,
    }


def test_of_several_addresses_the_first_is_told_and_the_peer_s_in_its_subnet() -> None:
    dual = Topology.parse([("a:10.0.0.1,fd00::1", "b:fd00::2,10.0.0.2")])
    told = [(variables(dual, node)["SANDBOX_IP"], variables(dual, node)["SANDBOX_PEER_IP"]) for node in dual.nodes]
    assert told == [("10.0.0.1", "10.0.0.2"), ("fd00::2", "fd00::1")], "the peer's is one that can be reached from it"


def test_on_a_switch_alone_there_is_an_address_and_no_peer() -> None:
    assert variables(drafted("switch lan:10.0.0.0/24", "node a"), "a") == {
        "SANDBOX_NAME": "a",
        "SANDBOX_IP": "10.0.0.1",
    }


def test_a_node_alone_has_a_name_and_no_peer() -> None:
    assert variables(Topology.alone("box"), "box") == {"SANDBOX_NAME": "box"}
