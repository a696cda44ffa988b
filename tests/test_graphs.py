"""Topologies as graphs of networkx, and back."""

from __future__ import annotations

import sys

import networkx
import pytest
from hypothesis import given

from sandbox.errors import NotAllowed, RequestError
from sandbox.topology import Topology
from sandbox.topology.address import Address
from sandbox.topology.draft import Draft
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.graphs import from_networkx, to_networkx

from . import shapes


@given(shapes.topologies())
def test_a_topology_comes_back_as_it_was(topology: Topology) -> None:
    assert from_networkx(to_networkx(topology)) == topology


def test_everything_a_topology_says_but_commands_and_publications_comes_back() -> None:
    draft = Draft()
    draft.pair("a:10.0.1.1,fd00::1,mtu=1400,mac=02:00:00:00:00:01", "r:10.0.1.2,fd00::2")
    draft.pair("r:10.0.2.2", "a:10.0.2.1")
    draft.switch("lan:10.0.3.0/24,mtu=9000")
    draft.node("r")
    draft.node("b")
    draft.link(Endpoint("a"), Endpoint("b"))  # a cable for whoever brings addresses later
    draft.router("r")
    draft.alias("www", "b")
    draft.uplink("b")
    draft.no_routes()
    topology = draft.topology()
    graph = to_networkx(topology)
    assert graph.nodes["r"]["router"]
    assert graph.nodes["lan"] == {"switch": True, "subnets": ("10.0.3.0/24",), "mtu": 9000}
    assert graph.edges["a", "r", 0]["addresses"]["a"] == ("10.0.1.1/24", "fd00::1/64")
    assert graph.number_of_edges("a", "r") == 2
    assert from_networkx(graph) == topology


def test_the_graph_may_have_been_copied() -> None:
    draft = Draft()
    for first, second in (("b:10.0.1.1", "a:10.0.1.2"), ("c:10.0.2.1", "a:10.0.2.2"), ("b:10.0.3.1", "c:10.0.3.2")):
        draft.pair(first, second)
    topology = draft.topology()
    assert from_networkx(networkx.MultiGraph(to_networkx(topology))) == topology


def test_a_plain_graph_is_a_network_of_cables_in_which_inner_nodes_forward() -> None:
    topology = from_networkx(networkx.path_graph(3))
    assert topology.nodes == ("0", "1", "2")
    assert topology.routers == ("1",)
    assert [str(link) for link in topology.links] == ["0:10.0.0.1/30 1:10.0.0.2/30", "1:10.0.0.5/30 2:10.0.0.6/30"]


def test_where_somebody_says_who_is_a_router_nobody_else_is() -> None:
    graph = networkx.path_graph(4)
    graph.nodes[2]["router"] = True
    assert from_networkx(graph).routers == ("2",)


def test_the_nodes_on_a_switch_share_a_subnet_that_is_large_enough() -> None:
    graph = networkx.star_graph(["lan", *"abcdefg"])
    graph.nodes["lan"]["switch"] = True
    topology = from_networkx(graph, subnet="10.7.0.0/16")
    assert topology.nodes == tuple("abcdefg")
    assert [str(link.first) for link in topology.links] == [f"{c}:10.7.0.{n}/28" for n, c in enumerate("abcdefg", 1)]


def test_switches_that_are_joined_share_it_too() -> None:
    graph = networkx.Graph([("a", "s1"), ("s1", "s2"), ("s2", "b"), ("b", "s3"), ("s3", "c")])
    for switch in ("s1", "s2", "s3"):
        graph.nodes[switch]["switch"] = True
    topology = from_networkx(graph)
    subnets = {end.node: [] for link in topology.links for end in link.ends}  # type: ignore[var-annotated]
    for link in topology.links:
        for end in link.ends:
            subnets[end.node] += [address.network for address in end.addresses]
    assert subnets["a"] == ["10.0.0.0/30"]
    assert subnets["b"] == ["10.0.0.0/30", "10.0.0.4/30"]
    assert subnets["c"] == ["10.0.0.4/30"]


def test_given_addresses_are_kept_and_kept_clear_of() -> None:
    graph = networkx.Graph()
    graph.add_edge("a", "b")
    graph.add_edge("b", "c", addresses={"b": "10.0.0.1/30", "c": ["10.0.0.2/30", "10.0.0.3/28"]}, mtu={"b": 1400})
    with pytest.raises(RequestError, match="nobody to reach"):
        from_networkx(graph)
    graph.edges["b", "c"]["addresses"]["c"] = "10.0.0.2/30"
    ab, bc = from_networkx(graph).links
    assert ab == Link(Endpoint.parse("a:10.0.0.5/30"), Endpoint.parse("b:10.0.0.6/30"))
    assert bc == Link(Endpoint("b", (Address.parse("10.0.0.1/30"),), mtu=1400), Endpoint.parse("c:10.0.0.2/30"))


def test_both_families() -> None:
    topology = from_networkx(networkx.path_graph(2), subnet="10.0.0.0/8,fd00::/64")
    assert str(topology.links[0]) == "0:10.0.0.1/30,fd00::1/126 1:10.0.0.2/30,fd00::2/126"


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (networkx.DiGraph([("a", "b")]), "to_undirected"),
        (networkx.Graph([(1, "1")]), "two nodes of one name"),
        (networkx.Graph([("A", "b")]), "'A'"),
        (networkx.Graph([("a", "a")]), "two different nodes"),
        (networkx.Graph(), "without a node"),
        (networkx.Graph([("a", "b", {"addresses": {"a": "10.0.0.1"}})]), "an address on one end only"),
        (networkx.Graph([("a", "b", {"addresses": {"a": "10.0.0.1", "b": "x"}})]), "not an IP address"),
    ],
)
def test_what_makes_no_topology_is_refused(graph: networkx.Graph[object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        from_networkx(graph)


def test_without_networkx_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(NotAllowed, match=r"networkx is not installed - pip install sandbox-net\[networkx\]"):
        to_networkx(Topology.alone())
