"""Routes: held against networkx's shortest paths, on any topology."""

from __future__ import annotations

import time
from collections.abc import Iterator
from ipaddress import collapse_addresses, ip_network

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import topologies
from sandbox.plan import plan
from sandbox.plan.routes import SHORTEST_JOINED, routes
from sandbox.topology import Topology
from sandbox.topology.address import Address, Subnet
from sandbox.topology.draft import Draft
from sandbox.topology.segments import segments
from sandbox.topology.words import read, spell

from . import shapes


class Tables:
    """What every node of a topology knows after its routes are added, asked as a kernel would be."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.segments = segments(topology.links, topology.switch_names)
        self.routes = {node: [route for route in routes(topology) if route.node == node] for node in topology.nodes}
        self.subnets: dict[str, set[Subnet]] = {node: set() for node in topology.nodes}
        self.owner: dict[Address, str] = {}
        for segment in self.segments:
            for end in segment:
                for address in end.addresses:
                    self.subnets[end.node].add(address.subnet)
                    self.owner[address] = end.node

    def next_hop(self, node: str, to: Address) -> str | None:
        """To whom `node` sends what is for an address: its owner, a router, or nobody."""
        if to.subnet in self.subnets[node]:
            return self.owner[to]
        fits = [route for route in self.routes[node] if route.via.version == to.version]
        fits = [route for route in fits if route.to is None or to in route.to]
        if not fits:
            return None
        return self.owner[max(fits, key=lambda route: -1 if route.to is None else route.to.prefix).via]

    def neighbours(self, version: int) -> networkx.DiGraph[str]:
        """From each node to each router that it shares a subnet with."""
        graph: networkx.DiGraph[str] = networkx.DiGraph()
        graph.add_nodes_from(self.topology.nodes)
        for one, its in self.subnets.items():
            for other in self.topology.routers:
                if one != other and any(subnet.version == version for subnet in its & self.subnets[other]):
                    graph.add_edge(one, other)
        return graph


def distances(graph: networkx.DiGraph[str], home: set[str]) -> dict[str, int]:
    """How many routers are between each node and the subnet of the nodes at home, where there is a way."""
    found = dict.fromkeys(home, 0)
    for router in home:
        for node, distance in dict(networkx.single_target_shortest_path_length(graph, router)).items():
            found[node] = min(found.get(node, distance), distance)
    return found


@given(shapes.topologies())
def test_every_next_hop_lies_on_a_shortest_way_and_every_way_is_known(topology: Topology) -> None:
    tables = Tables(topology)
    graphs = {version: tables.neighbours(version) for version in (4, 6)}
    for to in tables.owner:
        home = {node for node, subnets in tables.subnets.items() if to.subnet in subnets}
        distance = distances(graphs[to.version], home)
        for node in topology.nodes:
            hop = tables.next_hop(node, to)
            if node in home:
                assert hop == tables.owner[to]
            elif node in distance:
                assert hop is not None
                assert hop in graphs[to.version][node]
                assert distance[hop] == distance[node] - 1
            elif hop is not None:
                # A host with one gateway sends everything there.
                assert node not in topology.routers
                assert [route.to for route in tables.routes[node] if route.via.version == to.version] == [None]


@given(shapes.topologies())
def test_no_route_is_there_twice_or_for_what_is_near(topology: Topology) -> None:
    tables = Tables(topology)
    for node, its in tables.routes.items():
        targets = [(route.via.version, route.to) for route in its]
        assert len(set(targets)) == len(targets)
        assert not {to for _, to in targets} & tables.subnets[node]
        for route in its:
            assert route.via.subnet in tables.subnets[node]
            assert tables.owner[route.via] in topology.routers


@given(shapes.topologies())
def test_joined_subnets_cover_what_was_there_and_nothing_else(topology: Topology) -> None:
    tables = Tables(topology)
    there = {address.subnet for address in tables.owner}
    for its in tables.routes.values():
        for via in {route.via for route in its}:
            found = [ip_network(str(route.to)) for route in its if route.to and route.via == via]
            parts = [ip_network(str(subnet)) for subnet in there]
            covered = [
                part for part in parts if any(part.version == each.version and part.subnet_of(each) for each in found)
            ]
            assert sorted(collapse_addresses(covered)) == sorted(collapse_addresses(found))
            # And they are as few as can be: nothing is left to join.
            assert sorted(collapse_addresses(found)) == sorted(found)


@given(shapes.topologies())
def test_the_same_topology_has_the_same_routes(topology: Topology) -> None:
    assert routes(topology) == routes(read(spell(topology)))
    assert list(dict.fromkeys(route.node for route in routes(topology))) == [
        node for node in topology.nodes if any(route.node == node for route in routes(topology))
    ]


@given(shapes.topologies())
def test_a_topology_without_a_router_or_without_routes_has_none(topology: Topology) -> None:
    assert routes(Topology(**{**vars(topology), "routers": ()})) == ()
    assert routes(Topology(**{**vars(topology), "static_routes": False})) == ()


def shown(topology: Topology) -> list[str]:
    return [f"{route.node}: {route.to or 'default'} via {route.via.ip}" for route in routes(topology)]


def test_hosts_at_both_sides_of_a_router_send_everything_there() -> None:
    draft = Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.254")
    draft.pair("r:10.0.2.254", "b:10.0.2.1")
    draft.router("r")
    assert shown(draft.topology()) == ["a: default via 10.0.1.254", "b: default via 10.0.2.254"]


def test_a_router_with_nothing_behind_it_is_no_gateway() -> None:
    draft = Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.254")
    draft.router("r")
    assert shown(draft.topology()) == []


def test_routes_to_the_subnets_in_one_direction_are_joined() -> None:
    # Cables /30: one before, four after the second node.
    assert [line for line in shown(topologies.linear(8)) if line.startswith("h3:")] == [
        "h3: 10.0.0.0/30 via 10.0.0.5",
        "h3: 10.0.0.12/30 via 10.0.0.10",
        "h3: 10.0.0.16/29 via 10.0.0.10",
        "h3: 10.0.0.24/30 via 10.0.0.10",
    ]


def test_of_two_ways_around_a_ring_the_shorter_is_taken() -> None:
    tables = Tables(topologies.ring(6))
    to_r2 = Address.parse("10.0.0.2/30")
    assert [tables.next_hop(f"r{number}", to_r2) for number in (6, 5, 4, 3)] == ["r1", "r6", "r3", "r2"]


def test_a_node_that_is_no_router_is_not_gone_through() -> None:
    draft = Draft()
    for first, second in (("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.2", "c:10.0.2.3"), ("a:10.0.3.1", "r:10.0.3.4")):
        draft.pair(first, second)
    for first, second in (("r:10.0.4.4", "q:10.0.4.5"), ("q:10.0.5.5", "c:10.0.5.3")):
        draft.pair(first, second)
    draft.router("r")
    draft.router("q")
    # c is two routers away, and b, which is nearer, does not forward.
    assert Tables(draft.topology()).next_hop("a", Address.parse("10.0.5.3")) == "r"


def test_a_host_with_two_gateways_knows_which_is_for_what() -> None:
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    for node in ("a", "r", "q"):
        draft.node(node)
    draft.pair("r:10.0.1.1", "b:10.0.1.2")
    draft.pair("q:10.0.2.1", "c:10.0.2.2")
    draft.router("r")
    draft.router("q")
    assert [line for line in shown(draft.topology()) if line.startswith("a:")] == [
        "a: 10.0.1.0/24 via 10.0.0.2",
        "a: 10.0.2.0/24 via 10.0.0.3",
    ]


def test_both_families_have_routes_of_their_own() -> None:
    draft = Draft()
    draft.pair("a:10.0.1.1,fd00:1::1", "r:10.0.1.2,fd00:1::2")
    draft.pair("r:10.0.2.1,fd00:2::1", "b:10.0.2.2,fd00:2::2")
    draft.router("r")
    assert shown(draft.topology()) == [
        "a: default via 10.0.1.2",
        "a: default via fd00:1::2",
        "b: default via 10.0.2.1",
        "b: default via fd00:2::1",
    ]


def test_who_has_a_way_out_keeps_it_and_the_others_are_led_there() -> None:
    draft = Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.2")
    draft.pair("r:10.0.2.1", "gate:10.0.2.2")
    draft.pair("r:10.0.3.1", "lonely:10.0.3.2")
    draft.router("r")
    draft.router("gate")
    draft.uplink("gate")
    draft.uplink("lonely")
    assert shown(draft.topology()) == [
        "a: default via 10.0.1.2",
        "r: default via 10.0.2.2",
        "gate: 10.0.1.0/24 via 10.0.2.1",
        "gate: 10.0.3.0/24 via 10.0.2.1",
        # Its own default route leads out of the machine.
        "lonely: 10.0.1.0/24 via 10.0.3.1",
        "lonely: 10.0.2.0/24 via 10.0.3.1",
    ]


def test_the_way_out_is_one_of_ipv4() -> None:
    draft = Draft()
    draft.pair("a:10.0.1.1,fd00:1::1", "gate:10.0.1.2,fd00:1::2")
    draft.router("gate")
    draft.uplink("gate")
    assert shown(draft.topology()) == ["a: default via 10.0.1.2"]


def test_nothing_shorter_than_a_slash_11_is_made() -> None:
    draft = Draft()
    draft.pair("b:10.0.0.1/11", "r:10.0.0.2/11")
    draft.pair("a:10.32.0.1/11", "r:10.32.0.2/11")
    draft.pair("r:172.16.0.1", "q:172.16.0.2")
    draft.router("r")
    draft.router("q")
    assert SHORTEST_JOINED == 11
    assert [line for line in shown(draft.topology()) if line.startswith("q:")] == [
        "q: 10.0.0.0/11 via 172.16.0.1",
        "q: 10.32.0.0/11 via 172.16.0.1",
    ]


def test_halves_are_not_joined_to_what_is_there_by_itself() -> None:
    # The kernel would refuse the same destination a second time.
    draft = Draft()
    draft.switch("lan")
    draft.node("r:10.0.0.1/25,10.0.0.129/25,10.0.0.2/24")
    draft.pair("r:172.16.0.1", "q:172.16.0.2")
    draft.router("r")
    draft.router("q")
    assert [line for line in shown(draft.topology()) if line.startswith("q:")] == [
        "q: 10.0.0.0/24 via 172.16.0.1",
        "q: 10.0.0.0/25 via 172.16.0.1",
        "q: 10.0.0.128/25 via 172.16.0.1",
    ]


def walk(tables: Tables, node: str, to: Address) -> Iterator[str]:
    while node != tables.owner[to]:
        hop = tables.next_hop(node, to)
        assert hop is not None
        node = hop
        yield node


@given(st.sampled_from(["linear:9", "ring:7", "mesh:5", "dumbbell:3,4", "fat-tree:4", "tree:2,3", "star:5"]), st.data())
def test_in_every_generated_topology_everybody_is_reached(text: str, data: st.DataObject) -> None:
    tables = Tables(topologies.parse(text))
    node = data.draw(st.sampled_from(tables.topology.nodes))
    to = data.draw(st.sampled_from(list(tables.owner)))
    assert len(list(walk(tables, node, to))) <= 8


@pytest.mark.parametrize(("text", "seconds"), [("linear:1000", 2.5), ("star:1000", 0.6), ("fat-tree:8", 1.0)])
def test_a_large_plan_takes_little(text: str, seconds: float) -> None:
    topology = topologies.parse(text)
    begun = time.process_time()
    plan(topology)
    assert time.process_time() - begun < seconds
