"""Changes of a topology, and the steps from one to the next."""

from __future__ import annotations

import pytest

from sandbox.errors import RequestError
from sandbox.plan import plan
from sandbox.plan.beyond import AddRoute, DeleteRoute, SetMaster
from sandbox.plan.edits import find_link, plan_link, plan_routes, with_link, with_node, without_link, without_node
from sandbox.plan.steps import CreateVeth, NoLinkLocal, Settle, SetUp, WriteSysctl
from sandbox.plan.waits import AwaitLinkLocal
from sandbox.topology import Topology
from sandbox.topology.draft import Draft
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.interface import Wiring


def routed() -> Topology:
    """a - r - b, and c beside them."""
    draft = Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.2")
    draft.pair("r:10.0.2.1", "b:10.0.2.2")
    draft.node("c")
    draft.router("r")
    draft.alias("www", "b")
    return draft.topology()


def link(first: str, second: str) -> Link:
    return Link(Endpoint.parse_bare(first), Endpoint.parse_bare(second))


def test_a_link_added_and_taken_away_is_as_before() -> None:
    added = link("r:10.0.3.1", "c:10.0.3.2")
    assert without_link(with_link(routed(), added), added) == routed()


def test_a_link_to_nobody_says_who_there_is() -> None:
    with pytest.raises(RequestError, match="'z': no such node - there are a, r, b, c; see sandbox add"):
        with_link(routed(), link("c:10.0.3.1", "z:10.0.3.2"))


def test_a_node_added_and_taken_away_is_as_before() -> None:
    assert without_node(with_node(routed(), "d"), "d") == routed()


def test_with_a_node_goes_all_that_is_said_of_it() -> None:
    left = without_node(routed(), "b")
    assert left.nodes == ("a", "r", "c")
    assert [str(each) for each in left.links] == ["a:10.0.1.1/24 r:10.0.1.2/24"]
    assert left.aliases == ()
    assert without_node(routed(), "r").routers == ()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda: with_node(routed(), "a"), "'a': there already"),
        (lambda: with_node(routed(), "A"), "names use"),
        (lambda: with_node(routed(), "www"), "the name of two things"),
        (lambda: with_link(routed(), routed().links[0]), "there already"),
        (lambda: with_link(routed(), link("a:10.0.1.9", "c:10.0.1.10")), "one subnet"),
        (lambda: with_link(routed(), link("a:10.0.5.1", "x:10.0.5.2")), "'x'"),
        (lambda: without_link(routed(), link("a:10.0.5.1", "c:10.0.5.2")), "no such link"),
        (lambda: without_node(Topology.alone("a"), "a"), "without a node"),
    ],
)
def test_a_change_that_cannot_be_is_refused(change: object, what: str) -> None:
    with pytest.raises(RequestError) as caught:
        change()  # type: ignore[operator]
    assert what in str(caught.value)
    assert " - " in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [("a", "r"), ("r", "a"), ("a:10.0.1.1/24", "r"), ("r:10.0.1.2/24", "a:10.0.1.1/24")],
)
def test_a_link_is_found_by_its_nodes_in_either_order(first: str, second: str) -> None:
    assert find_link(routed(), first, second) == routed().links[0]


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("a:10.0.1.9/24", "r"), ("a", "x")])
def test_no_link_is_found_where_there_is_none(first: str, second: str) -> None:
    with pytest.raises(RequestError, match="no such link"):
        find_link(routed(), first, second)


def test_of_two_links_the_ends_have_to_be_written() -> None:
    twice = with_link(routed(), link("a:10.0.9.1", "r:10.0.9.2"))
    with pytest.raises(RequestError, match="2 links"):
        find_link(twice, "a", "r")
    assert find_link(twice, "a:10.0.9.1/24", "r") == twice.links[2]


def test_a_link_is_made_addressed_brought_up_and_settled_as_in_a_plan() -> None:
    topology = Topology.parse([("a:10.0.0.1", "b:10.0.0.2")])
    (wire,) = topology.wires
    steps = plan_link(topology, wire, settings_of=())
    whole = [step for step in plan(topology) if isinstance(step, CreateVeth | NoLinkLocal | Settle)]
    assert [step for step in steps if isinstance(step, CreateVeth | NoLinkLocal | Settle)] == whole
    assert [step.name for step in steps if isinstance(step, SetUp)] == ["eth0", "eth0"]
    assert isinstance(steps[0], CreateVeth)


def drafted(*declarations: str) -> Topology:
    draft = Draft()
    for declaration in declarations:
        verb, *operands = declaration.split()
        getattr(draft, verb)(*operands)
    return draft.topology()


def test_a_cable_of_two_switches_can_be_put_in_and_pulled_out() -> None:
    joined = drafted("switch s1:10.0.0.0/24", "node a", "switch s2:10.0.0.0/24", "node b", "pair s1 s2")
    trunk = joined.links[-1]
    apart = without_link(joined, trunk)
    assert apart.links == joined.links[:-1], "one subnet in two places is what pulling a cable makes"
    assert with_link(apart, trunk) == joined
    with pytest.raises(RequestError, match="circle"):
        with_link(joined, link("s2", "s1"))
    steps = plan_link(joined, joined.wires[-1], settings_of=joined.nodes)
    assert isinstance(steps[0], CreateVeth)
    assert steps[1] == SetMaster(joined.wires[-1][1])
    assert not any(isinstance(step, WriteSysctl | NoLinkLocal) for step in steps)


def test_a_new_link_of_a_router_waits_for_the_address_it_asks_from() -> None:
    routers = drafted("pair a:fd00::1 r:fd00::2", "pair r:fd01::1 b:fd01::2", "router r")
    steps = plan_link(routers, routers.wires[1], settings_of=())
    assert [str(step.interface) for step in steps if isinstance(step, AwaitLinkLocal)] == ["eth1 of r"]


def test_settings_are_written_only_where_they_are_ours_and_before_the_interface_is_there_to_copy_them() -> None:
    topology = Topology.parse([("a:fd00::1", "b:fd00::2")])
    (wire,) = topology.wires
    steps = plan_link(topology, wire, settings_of=["a"])
    written = [step for step in steps if isinstance(step, WriteSysctl)]
    assert {step.node for step in written} == {"a"}
    assert steps.index(written[-1]) < steps.index(CreateVeth(*wire))


def test_routes_are_those_that_differ() -> None:
    before = routed()
    after = with_link(before, link("r:10.0.3.1", "c:10.0.3.2"))
    assert plan_routes(before, before) == []
    (added,) = plan_routes(before, after)
    assert isinstance(added, AddRoute)
    assert (added.node, added.to, added.via.ip) == ("c", None, "10.0.3.1")
    (gone,) = plan_routes(after, before)
    assert gone == DeleteRoute(added.node, added.to, added.via)
    assert str(gone) == "ip -n c route del default via 10.0.3.1"


def test_no_route_is_deleted_in_a_node_that_is_gone() -> None:
    assert {step.node for step in plan_routes(routed(), without_node(routed(), "b"))} == {"a"}


def test_a_number_once_used_is_not_used_again() -> None:
    wiring = Wiring()
    first = wiring.wire(link("a:10.0.0.1", "b:10.0.0.2"))
    second = wiring.wire(link("a:10.0.0.1", "b:10.0.0.2"))
    assert [end.name for end in (*first, *second)] == ["eth0", "eth0", "eth1", "eth1"]
