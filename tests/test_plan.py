"""The order of the steps, and that each says what it is."""

from __future__ import annotations

import shlex

import pytest

from sandbox.draft import Draft
from sandbox.endpoint import Endpoint
from sandbox.plan import plan
from sandbox.steps import (
    AddAddress,
    AllowPing,
    CreateNamespace,
    CreateVeth,
    NoLinkLocal,
    SetMaster,
    Settle,
    SetUp,
    Step,
    WriteSysctl,
)
from sandbox.topology import Topology

PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])
PAIR6 = Topology.parse([("a:fd00::1", "b:fd00::2")])
MIXED = Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:fd00::1", "c:fd00::2"), ("c:10.0.2.1", "a:10.0.2.2")])
ALONE = Topology.alone()

every_topology = pytest.mark.parametrize("topology", [PAIR, PAIR6, MIXED, ALONE], ids=["v4", "v6", "mixed", "alone"])


def positions(steps: tuple[Step, ...], *kinds: type[Step]) -> list[int]:
    """Where steps of these kinds stand."""
    return [at for at, step in enumerate(steps) if isinstance(step, kinds)]


def links_up(steps: tuple[Step, ...]) -> list[SetUp]:
    return [step for step in steps if isinstance(step, SetUp) and step.name != "lo"]


def test_the_plan_of_a_pair_is_this() -> None:
    ((a, b),) = PAIR.wires
    settings = [str(step) for step in plan(PAIR) if isinstance(step, WriteSysctl | AllowPing)]
    assert [step for step in plan(PAIR) if not isinstance(step, WriteSysctl | AllowPing)] == [
        CreateNamespace("a"),
        CreateNamespace("b"),
        CreateVeth(a, b),
        SetUp("a", "lo", 1),
        NoLinkLocal(a),
        AddAddress(a, *a.addresses),
        SetUp("a", "eth0", 2),
        SetUp("b", "lo", 1),
        NoLinkLocal(b),
        AddAddress(b, *b.addresses),
        SetUp("b", "eth0", 2),
        Settle(a),
        Settle(b),
    ]
    assert settings == [
        f"ip netns exec {node} sh -c 'echo {content} > /proc/sys/net/ipv4/{key}'"
        for node in ("a", "b")
        for key, content in (
            ("ip_forward", "0"),
            ("ip_unprivileged_port_start", "0"),
            ("ping_group_range", "0 2147483647"),
        )
    ]


@every_topology
def test_namespaces_come_before_veths_before_up_before_settle(topology: Topology) -> None:
    steps = plan(topology)
    order = [
        positions(steps, CreateNamespace),
        positions(steps, CreateVeth),
        positions(steps, SetUp),
        positions(steps, Settle),
    ]
    flat = [at for kind in order for at in kind]
    assert flat == sorted(flat)
    assert len(order[0]) == len(topology.nodes)
    assert len(order[1]) == len(topology.links)
    assert len(order[2]) == len(topology.nodes) + 2 * len(topology.links)
    assert len(order[3]) == 2 * len(topology.links)


@every_topology
def test_settings_of_a_node_follow_its_own_namespace(topology: Topology) -> None:
    # init writes them in the namespace it is in: the one it has just made.
    entered = None
    for step in plan(topology):
        if isinstance(step, CreateNamespace):
            entered = step.node
        elif isinstance(step, WriteSysctl | AllowPing):
            assert step.node == entered


@every_topology
def test_an_end_has_its_address_before_it_is_up_and_settles_after_both_ends_are(topology: Topology) -> None:
    steps = plan(topology)
    for wire in topology.wires:
        up = [steps.index(SetUp(end.node, end.name, end.index)) for end in wire]
        for end, at in zip(wire, up, strict=True):
            assert steps.index(AddAddress(end, *end.addresses)) < at
            assert steps.index(Settle(end)) > max(up)


@every_topology
def test_every_endpoint_is_addressed_brought_up_and_settled_once(topology: Topology) -> None:
    steps = plan(topology)
    ends = [end for wire in topology.wires for end in wire]
    settled = [step.interface for step in steps if isinstance(step, Settle)]
    addressed = [step.interface for step in steps if isinstance(step, AddAddress)]
    up = [(step.node, step.name, step.index) for step in links_up(steps)]
    by_node = [end for node in topology.nodes for end in ends if end.node == node]
    assert settled == by_node
    assert addressed == by_node
    assert up == [(end.node, end.name, end.index) for end in by_node]
    assert len(set(steps)) == len(steps), "nothing is done twice"


def test_interfaces_are_named_in_order_of_declaration() -> None:
    names = [f"{step.end} - {step.peer}" for step in plan(MIXED) if isinstance(step, CreateVeth)]
    assert names == ["eth0 of a - eth0 of b", "eth1 of b - eth0 of c", "eth1 of c - eth1 of a"]


@every_topology
def test_loopback_is_up_in_every_node(topology: Topology) -> None:
    assert {SetUp(node, "lo", 1) for node in topology.nodes} <= set(plan(topology))


@every_topology
def test_an_interface_without_ipv6_speaks_none_and_one_with_it_does(topology: Topology) -> None:
    quiet = {step.interface for step in plan(topology) if isinstance(step, NoLinkLocal)}
    assert quiet == {end for wire in topology.wires for end in wire if not end.speaks_ipv6}


def test_a_quiet_interface_is_quiet_before_it_is_up() -> None:
    steps = plan(PAIR)
    for at in positions(steps, NoLinkLocal):
        step = steps[at]
        assert isinstance(step, NoLinkLocal)
        assert at < steps.index(SetUp(step.node, step.interface.name, step.interface.index))


def test_ipv6_settings_are_written_only_where_ipv6_was_asked_for() -> None:
    def written(topology: Topology) -> set[tuple[str, str]]:
        return {
            (step.node, step.key)
            for step in plan(topology)
            if isinstance(step, WriteSysctl) and step.key.startswith("net.ipv6")
        }

    settings = ("net.ipv6.conf.default.accept_ra", "net.ipv6.conf.default.accept_dad")
    assert written(PAIR) == written(ALONE) == set()
    assert written(PAIR6) == {(node, key) for node in ("a", "b") for key in settings}
    assert written(MIXED) == {(node, key) for node in ("b", "c") for key in settings}


def test_ipv6_settings_are_written_before_the_interface_exists_to_copy_them() -> None:
    steps = plan(PAIR6)
    assert max(positions(steps, WriteSysctl)) < min(positions(steps, CreateVeth))


def test_an_ipv6_address_is_added_without_duplicate_detection_and_an_ipv4_address_as_it_is() -> None:
    six = [str(step) for step in plan(PAIR6) if isinstance(step, AddAddress)]
    four = [str(step) for step in plan(PAIR) if isinstance(step, AddAddress)]
    assert six == [
        "ip -n a address add fd00::1/64 dev eth0 nodad",
        "ip -n b address add fd00::2/64 dev eth0 nodad",
    ]
    assert four == [
        "ip -n a address add 192.168.1.1/24 dev eth0",
        "ip -n b address add 192.168.1.2/24 dev eth0",
    ]


def test_a_veth_is_made_with_both_ends_in_place() -> None:
    (step,) = (step for step in plan(PAIR) if isinstance(step, CreateVeth))
    assert str(step) == (
        "ip -n a link add name eth0 index 2 numtxqueues 1 numrxqueues 1 "
        "type veth peer netns b name eth0 index 2 numtxqueues 1 numrxqueues 1"
    )
    assert step.node == "a"


@every_topology
def test_each_step_is_an_ip_command_on_a_node_that_exists(topology: Topology) -> None:
    for step in plan(topology):
        words = shlex.split(str(step))
        assert words[0] == "ip"
        assert "\n" not in str(step)
        assert step.node in topology.nodes
        assert step.node in words


@every_topology
def test_each_step_says_why_in_one_sentence(topology: Topology) -> None:
    for step in plan(topology):
        assert step.why
        assert step.why.isprintable()
        assert ". " not in step.why
        assert not step.why.endswith(".")
        assert len(step.why) < 110
        # The sentence is about this node, or it would explain nothing.
        assert step.node in step.why.replace(",", " ").replace("'", " ").split()


@every_topology
def test_the_same_request_is_always_the_same_plan(topology: Topology) -> None:
    assert plan(topology) == plan(topology)
    assert hash(plan(topology)) == hash(plan(topology))


def test_of_a_cable_between_two_switches_both_ends_become_ports() -> None:
    draft = Draft()
    for switch in ("s1:10.0.0.0/24,mtu=9000", "s2:10.0.0.0/24,mtu=4000"):
        draft.switch(switch)
        draft.node(f"on-{switch[:2]}")
    draft.link(Endpoint("s1"), Endpoint("s2"))
    topology = draft.topology()
    end, peer = topology.wires[-1]
    steps = plan(topology)
    assert (end.master, peer.master) == ("br0", "br0")
    assert (end.mtu, peer.mtu) == (4000, 4000)
    # The kernel takes the master of the first end alone.
    assert [step for step in steps if isinstance(step, SetMaster)] == [SetMaster(peer)]
    assert max(positions(steps, CreateVeth)) < positions(steps, SetMaster)[0] < positions(steps, SetUp)[0]
    assert str(SetMaster(peer)) == "ip -n s2 link set dev port1 master br0"
