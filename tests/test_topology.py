"""A topology as a whole: what it is made of. What it refuses is in test_checks.py."""

from __future__ import annotations

from hypothesis import given

from reliability.nearly import NEARLY_ENDPOINTS
from sandbox.errors import RequestError
from sandbox.topology import Topology
from sandbox.topology.endpoint import Endpoint, Link


def test_the_host_s_own_subnet_is_accepted() -> None:
    # The sandbox's network is not the host's: no address of the machine is looked at.
    assert Topology.parse([("a:10.0.2.15", "b:10.0.2.2")]).nodes == ("a", "b")
    assert Topology.parse([("a:172.17.0.1/16", "b:172.17.0.2/16")]).nodes == ("a", "b")


def test_an_endpoint_given_ready_made_is_taken_as_it_is() -> None:
    first, second = Endpoint.parse("a:10.0.0.1"), Endpoint.parse("b:10.0.0.2")
    assert Topology.parse([(first, "b:10.0.0.2")]) == Topology(("a", "b"), (Link(first, second),))


def test_a_node_alone_has_no_link() -> None:
    assert Topology.alone() == Topology(("sandbox",), ())
    assert Topology.alone("x").nodes == ("x",)
    assert Topology.alone().wires == ()


@given(NEARLY_ENDPOINTS, NEARLY_ENDPOINTS)
def test_any_two_texts_are_refused_or_make_a_pair(first: str, second: str) -> None:
    try:
        topology = Topology.parse([(first, second)])
    except RequestError:
        return
    (link,) = topology.links
    assert Topology.parse([(str(link.first), str(link.second))]) == topology
