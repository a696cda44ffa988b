"""What a node is told: /etc/hosts and the SANDBOX_ variables."""

from __future__ import annotations

import pytest

from sandbox.draft import Draft
from sandbox.names import LOOPBACK, hosts_file, variables
from sandbox.topology import Topology

PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])
CHAIN = Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2"), ("c:10.0.3.1", "d:10.0.3.2")])
BOTH = Topology.parse([("a:10.0.0.1", "b:10.0.0.2"), ("b:fd00::2", "a:fd00::1")])


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


@pytest.mark.parametrize("topology", [PAIR, CHAIN, BOTH])
def test_every_node_is_known_by_name_in_every_node_and_nothing_twice(topology: Topology) -> None:
    for node in topology.nodes:
        lines = entries(topology, node)
        assert {line.split()[1] for line in lines} == set(topology.nodes)
        assert len(set(lines)) == len(lines)


def test_a_node_of_two_families_is_known_by_both() -> None:
    assert entries(BOTH, "a") == ["10.0.0.1 a a.lab", "10.0.0.2 b b.lab", "fd00::2 b b.lab", "fd00::1 a a.lab"]


def test_a_node_alone_knows_itself() -> None:
    assert entries(Topology.alone(), "sandbox") == ["127.0.1.1 sandbox sandbox.lab"]


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
    ],
)
def test_variables_tell_of_the_first_link(topology: Topology, node: str, ip: str, peer: str, peer_ip: str) -> None:
    assert variables(topology, node) == {
        "SANDBOX_NAME": node,
        "SANDBOX_IP": ip,
        "SANDBOX_PEER": peer,
        "SANDBOX_PEER_IP": peer_ip,
    }


def test_on_a_switch_the_peer_is_the_next_node_and_the_last_one_s_the_first() -> None:
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    for name in "abc":
        draft.node(name)
    topology = draft.topology()
    peers = [variables(topology, name)["SANDBOX_PEER"] for name in "abc"]
    assert peers == ["b", "c", "a"]
    assert variables(topology, "c")["SANDBOX_PEER_IP"] == "10.0.0.1"


def test_a_node_alone_has_a_name_and_no_peer() -> None:
    assert variables(Topology.alone("box"), "box") == {"SANDBOX_NAME": "box"}
