"""Shapes: who is joined to whom, under which names and addresses, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import networkx
import pytest

import sandbox
from reliability.refusals import NO_SHAPE
from sandbox import topologies
from sandbox.errors import RequestError
from sandbox.topologies import dumbbell, fat_tree, linear, mesh, ring, star, to_networkx, tree
from sandbox.topology import Topology


def names(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}{number}" for number in range(1, count + 1))


def cables(topology: Topology) -> list[tuple[str, str]]:
    return [(link.first.node, link.second.node) for link in topology.links]


def addresses(topology: Topology) -> list[str]:
    return [str(address) for link in topology.links for end in link.ends for address in end.addresses]


def shape(topology: Topology) -> networkx.Graph[str]:
    return networkx.Graph(to_networkx(topology))


def test_linear_is_a_row_whose_inner_nodes_forward() -> None:
    topology = linear(4)
    assert topology.nodes == names("h", 4)
    assert topology.routers == ("h2", "h3")
    assert cables(topology) == [("h1", "h2"), ("h2", "h3"), ("h3", "h4")]
    assert addresses(topology)[:4] == ["10.0.0.1/30", "10.0.0.2/30", "10.0.0.5/30", "10.0.0.6/30"]
    assert linear(2).routers == ()


def test_ring_is_a_circle_of_routers() -> None:
    topology = ring(4)
    assert topology.nodes == topology.routers == names("r", 4)
    assert cables(topology) == [("r1", "r2"), ("r2", "r3"), ("r3", "r4"), ("r4", "r1")]
    assert networkx.is_isomorphic(shape(topology), networkx.cycle_graph(4))


def test_mesh_joins_each_to_each_other() -> None:
    topology = mesh(5)
    assert topology.nodes == topology.routers == names("r", 5)
    assert networkx.is_isomorphic(shape(topology), networkx.complete_graph(5))


def test_star_is_a_switch_with_nodes_on_it() -> None:
    topology = star(3)
    assert topology.nodes == names("h", 3)
    assert topology.switch_names == ("s1",)
    assert topology.routers == ()
    assert addresses(topology) == ["10.0.0.1/8", "10.0.0.2/8", "10.0.0.3/8"]


def test_tree_is_mininet_s() -> None:
    topology = tree(2, 3)
    assert topology.nodes == names("h", 9)
    assert topology.switch_names == names("s", 4)
    assert topology.routers == ()
    # Its TreeTopo counts branch by branch as well.
    assert cables(topology)[:5] == [("s1", "s2"), ("h1", "s2"), ("h2", "s2"), ("h3", "s2"), ("s1", "s3")]
    assert addresses(topology) == [f"10.0.0.{number}/8" for number in range(1, 10)]
    assert networkx.is_isomorphic(shape(topology), networkx.balanced_tree(3, 2))


@pytest.mark.parametrize(("depth", "fanout", "hosts", "switches"), [(1, 1, 1, 1), (3, 3, 27, 13), (3, 1, 1, 3)])
def test_a_tree_has_so_many_leaves_and_switches(depth: int, fanout: int, hosts: int, switches: int) -> None:
    topology = tree(depth, fanout)
    assert (len(topology.nodes), len(topology.switches)) == (hosts, switches)


def test_a_deep_tree_needs_no_deep_stack() -> None:
    assert len(tree(2000, 1).switches) == 2000


def test_dumbbell_has_hosts_at_both_of_two_routers() -> None:
    topology = dumbbell(2, 3)
    assert topology.nodes == (*names("h", 5), "r1", "r2")
    assert topology.routers == ("r1", "r2")
    assert cables(topology) == [("h1", "r1"), ("h2", "r1"), ("h3", "r2"), ("h4", "r2"), ("h5", "r2"), ("r1", "r2")]


@pytest.mark.parametrize("k", [2, 4, 6])
def test_fat_tree_is_the_network_of_al_fares(k: int) -> None:
    topology, half = fat_tree(k), k // 2
    graph = shape(topology)
    assert topology.nodes == (*names("h", k**3 // 4), *topology.routers)
    assert topology.routers == (*names("e", k * half), *names("a", k * half), *names("c", half**2))
    assert {graph.degree[node] for node in topology.routers} == {k}
    assert {graph.degree[node] for node in topology.nodes if node[0] == "h"} == {1}
    # Every core router has one way into each pod, and hosts of two pods are six cables apart.
    assert {node[0] for core in names("c", half**2) for node in graph[core]} == {"a"}
    pods = [{(int(node[1:]) - 1) // half for node in graph[core]} for core in names("c", half**2)]
    assert pods == [set(range(k))] * half**2
    assert networkx.shortest_path_length(graph, "h1", f"h{k**3 // 4}") == 6
    # Between two hosts of different pods there are as many separate ways from edge to edge as it has ports upward.
    assert networkx.node_connectivity(graph, "e1", f"e{k * half}") == half


ALL: dict[str, Callable[[], Topology]] = {
    "linear": lambda: linear(5),
    "star": lambda: star(5),
    "ring": lambda: ring(5),
    "tree": lambda: tree(2, 2),
    "mesh": lambda: mesh(4),
    "dumbbell": lambda: dumbbell(2, 2),
    "fat_tree": lambda: fat_tree(2),
}


def test_every_generator_is_tested_here() -> None:
    assert ALL.keys() == topologies.GENERATORS.keys()


@pytest.mark.parametrize("generate", ALL.values(), ids=ALL)
def test_addresses_are_given_once_and_by_family(generate: Callable[[], Topology]) -> None:
    given = addresses(generate())
    assert len(set(given)) == len(given)
    assert all(address.startswith("10.") for address in given)


@pytest.mark.parametrize("subnet", ["192.168.0.0/16", "fd00::/48", "192.168.0.0/16,fd00::/48"])
@pytest.mark.parametrize("name", ALL)
def test_addresses_come_from_the_subnet_that_was_asked_for(name: str, subnet: str) -> None:
    numbers = {"N": "5", "K": "4", "DEPTH,FANOUT": "2,2", "LEFT,RIGHT": "1,2"}[topologies.GENERATORS[name][1]]
    topology = topologies.parse(f"{name}:{numbers},{subnet}")
    starts = {address[:8] for address in addresses(topology)}
    assert starts == {{"1": "192.168.", "f": "fd00::"}[each[0]] for each in subnet.split(",")} or len(starts) > 1
    for link in topology.links:
        for end in link.ends:
            assert len(end.addresses) in (0, len(subnet.split(",")))
            versions = [address.version for address in end.addresses]
            assert versions == [6 if ":" in each else 4 for each in subnet.split(",")][: len(versions)]


@pytest.mark.parametrize(
    ("text", "topology"),
    [
        ("linear:3", linear(3)),
        ("star:2", star(2)),
        ("ring:3", ring(3)),
        ("tree:2,3", tree(2, 3)),
        ("mesh:3", mesh(3)),
        ("dumbbell:1,2", dumbbell(1, 2)),
        ("fat_tree:2", fat_tree(2)),
        ("fat-tree:2", fat_tree(2)),
        ("ring:3,fd00::/48", ring(3, subnet="fd00::/48")),
        ("ring:3,10.9.0.0/16,fd00::/48", ring(3, subnet="10.9.0.0/16,fd00::/48")),
    ],
)
def test_a_text_names_a_topology(text: str, topology: Topology) -> None:
    assert topologies.parse(text) == topology


@pytest.mark.parametrize(("text", "said"), NO_SHAPE)
def test_what_makes_no_topology_is_refused(text: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        topologies.parse(text)
    assert said in str(caught.value)
    assert " - " in str(caught.value)


def test_the_package_knows_them() -> None:
    assert sandbox.topologies is topologies
    assert "topologies" in dir(sandbox)
    assert {"linear", "star", "ring", "tree", "mesh", "dumbbell", "fat_tree"} <= set(topologies.__all__)
