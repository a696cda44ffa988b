"""Which ends hear each other."""

from __future__ import annotations

from itertools import pairwise

import networkx
import pytest
from hypothesis import given

from sandbox.errors import RequestError
from sandbox.topology import Topology
from sandbox.topology.draft import Draft
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.segments import segments

from . import shapes


def names(draft: Draft) -> list[list[str]]:
    topology = draft.topology()
    return [[end.node for end in segment] for segment in segments(topology.links, topology.switch_names)]


def test_every_cable_is_a_segment() -> None:
    draft = Draft()
    draft.pair("a:10.0.1.1", "b:10.0.1.2")
    draft.pair("a:10.0.2.1", "b:10.0.2.2")
    draft.pair("b:10.0.3.1", "c:10.0.3.2")
    assert names(draft) == [["a", "b"], ["a", "b"], ["b", "c"]]


def test_two_cables_without_addresses_are_two() -> None:
    link = Link(Endpoint("a"), Endpoint("b"))
    assert segments([link, link], ()) == segments([link, link], ["s"]) == (link.ends, link.ends)


def test_a_switch_is_one_in_order_of_declaration() -> None:
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    for name in "cab":
        draft.node(name)
    assert names(draft) == [["c", "a", "b"]]


def test_switches_that_are_joined_are_one_and_others_are_not() -> None:
    draft = Draft()
    for name in ("s1:10.0.1.0/24", "s2:10.0.1.0/24", "s3:10.0.3.0/24", "s4:10.0.1.0/24"):
        draft.switch(name)
    for node, switch in (("a", "s1"), ("b", "s3"), ("c", "s2"), ("d", "s4"), ("e", "s1")):
        draft.node(node, switch=switch)
    draft.link(Endpoint("s1"), Endpoint("s4"))
    draft.link(Endpoint("s4"), Endpoint("s2"))
    assert names(draft) == [["a", "c", "d", "e"], ["b"]]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_switches_in_a_circle_are_refused(size: int) -> None:
    switches = [f"s{number}" for number in range(size + 1)]
    row = [Link(Endpoint(one), Endpoint(other)) for one, other in pairwise(switches)]
    assert segments(row, switches) is not None
    with pytest.raises(RequestError, match="closes a circle of switches"):
        segments([*row, Link(Endpoint(switches[-1]), Endpoint(switches[0]))], switches)


def test_links_that_can_be_read_once_only_are_enough() -> None:
    draft = Draft()
    draft.switch("s:10.0.0.0/24")
    draft.node("a")
    topology = draft.topology()
    assert segments(iter(topology.links), topology.switch_names) == segments(topology.links, topology.switch_names)


@given(shapes.topologies())
def test_ends_are_on_one_segment_when_networkx_says_so(topology: Topology) -> None:
    graph: networkx.Graph[object] = networkx.Graph()
    graph.add_nodes_from(topology.switch_names)
    for number, link in enumerate(topology.links):
        places = [end.node if end.node in topology.switch_names else (number, end) for end in link.ends]
        graph.add_edge(*places)
    components = [
        sorted(str(place[1]) for place in component if isinstance(place, tuple))
        for component in networkx.connected_components(graph)
    ]
    found = segments(topology.links, topology.switch_names)
    assert sorted(sorted(map(str, segment)) for segment in found if segment) == sorted(filter(None, components))
