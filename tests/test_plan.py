"""The order of the steps, and that each says what it is."""

from __future__ import annotations

import shlex

import pytest

from sandbox.plan import add_routes, plan
from sandbox.plan.beyond import AddRoute, BypassNetfilter, CreateBridge, SetMaster
from sandbox.plan.steps import (
    AddAddress,
    AllowPing,
    CreateNamespace,
    CreateVeth,
    NoLinkLocal,
    Settle,
    SetUp,
    WriteSysctl,
)
from sandbox.plan.waits import AwaitGroup, AwaitLinkLocal
from sandbox.topology import Topology
from sandbox.topology.draft import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sandbox.plan.steps import Step

PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])
PAIR6 = Topology.parse([("a:fd00::1", "b:fd00::2")])
MIXED = Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:fd00::1", "c:fd00::2"), ("c:10.0.2.1", "a:10.0.2.2")])
ALONE = Topology.alone()


def drafted(*declarations: str) -> Topology:
    draft = Draft()
    for declaration in declarations:
        verb, *operands = declaration.split()
        getattr(draft, verb)(*operands)
    return draft.topology()


DUAL = Topology.parse([("a:10.0.0.1,fd00::1,mtu=1400", "b:10.0.0.2,fd00::2,mac=02:00:00:00:00:0b")])
SWITCH = drafted("switch lan:10.0.0.0/24,mtu=1400", "node a", "node b:mac=02:00:00:00:00:0b", "node c:mtu=1300")
ROUTED = drafted(
    "switch lan:10.0.0.0/24,fd00:0:0:1::/64", "node a", "node r",
    "switch wan:10.1.0.0/24,fd00:0:0:2::/64", "node r", "node b", "pair b:10.2.0.1 c:10.2.0.2", "router r", "router b",
)  # fmt: skip
TREE = drafted(
    "switch s1:10.0.0.0/24", "node a", "switch s2:10.0.0.0/24", "node b", "switch core", "pair core s1", "pair core s2"
)
TOPOLOGIES = {
    "v4": PAIR,
    "v6": PAIR6,
    "mixed": MIXED,
    "alone": ALONE,
    "dual": DUAL,
    "switch": SWITCH,
    "routed": ROUTED,
    "tree": TREE,
}

every_topology = pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=TOPOLOGIES)


def positions(steps: tuple[Step, ...], *kinds: type[Step]) -> list[int]:
    """Where steps of these kinds stand."""
    return [at for at, step in enumerate(steps) if isinstance(step, kinds)]


def links_up(steps: tuple[Step, ...]) -> list[SetUp]:
    return [step for step in steps if isinstance(step, SetUp) and step.name not in ("lo", "br0")]


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
def test_namespaces_come_before_veths_before_up_before_routes_before_settle(topology: Topology) -> None:
    steps = plan(topology)
    kinds = (
        (CreateNamespace, CreateBridge),
        (CreateVeth,),
        (SetUp,),
        (AddRoute,),
        (Settle,),
        (AwaitGroup,),
        (AwaitLinkLocal,),
    )
    order = [positions(steps, *kind) for kind in kinds]
    flat = [at for kind in order for at in kind]
    assert flat == sorted(flat)
    assert len(order[0]) == len(topology.nodes) + 2 * len(topology.switches)
    assert len(order[1]) == len(topology.links)
    assert len(order[2]) == len(topology.nodes) + len(topology.switches) + 2 * len(topology.links)
    assert len(order[4]) == 2 * len(topology.links)


@every_topology
def test_settings_of_a_node_follow_its_own_namespace(topology: Topology) -> None:
    # init writes them in the namespace it is in: the one it has just made.
    entered = None
    for step in plan(topology):
        if isinstance(step, CreateNamespace):
            entered = step.node
        elif isinstance(step, WriteSysctl | AllowPing | BypassNetfilter):
            assert step.node == entered


@every_topology
def test_an_end_has_its_address_before_it_is_up_and_settles_after_both_ends_are(topology: Topology) -> None:
    steps = plan(topology)
    for wire in topology.wires:
        up = [steps.index(SetUp(end.node, end.name, end.index)) for end in wire]
        for end, at in zip(wire, up, strict=True):
            assert all(steps.index(AddAddress(end, address)) < at for address in end.addresses)
            assert steps.index(Settle(end)) > max(up)


@every_topology
def test_every_endpoint_is_addressed_brought_up_and_settled_once(topology: Topology) -> None:
    steps = plan(topology)
    ends = [end for wire in topology.wires for end in wire]
    settled = [step.interface for step in steps if isinstance(step, Settle)]
    addressed = [step.interface for step in steps if isinstance(step, AddAddress)]
    up = [(step.node, step.name, step.index) for step in links_up(steps)]
    by_node = [end for node in (*topology.nodes, *topology.switch_names) for end in ends if end.node == node]
    assert settled == by_node
    assert addressed == [end for end in by_node for _ in end.addresses]
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
    assert quiet == {end for wire in topology.wires for end in wire if not end.speaks_ipv6 and not end.master}


def test_an_interface_too_small_for_ipv6_is_told_nothing_of_it() -> None:
    steps = plan(Topology.parse([("a:10.0.0.1,mtu=1279", "b:10.0.0.2,mtu=1280")]))
    assert [str(step.interface) for step in steps if isinstance(step, NoLinkLocal)] == ["eth0 of b"]


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


# --- switches


def commands(topology: Topology, *kinds: type[Step]) -> list[str]:
    return [str(step) for step in plan(topology) if isinstance(step, kinds)]


def test_a_switch_is_a_bridge_in_a_namespace_of_its_own_that_speaks_no_ipv6() -> None:
    steps = list(map(str, plan(SWITCH)))
    at = steps.index("ip netns add lan")
    assert steps[at + 1 : at + 5] == [
        "ip netns exec lan sh -c 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'",
        "ip netns exec lan sh -c 'for each in /proc/sys/net/bridge/bridge-nf-call-*tables; "
        "do [ ! -e $each ] || echo 0 > $each; done'",
        "ip -n lan link add name br0 index 2 type bridge mcast_snooping 0",
        "ip -n lan link add name port0 index 3 mtu 1400 numtxqueues 1 numrxqueues 1 master br0 "
        "type veth peer netns a name eth0 index 2 mtu 1400 numtxqueues 1 numrxqueues 1",
    ]


def test_a_port_is_made_as_one_of_its_bridge_with_mtu_and_mac_where_they_were_given() -> None:
    one = "numtxqueues 1 numrxqueues 1"
    assert commands(SWITCH, CreateVeth)[1:] == [
        f"ip -n lan link add name port1 index 4 mtu 1400 {one} master br0 "
        f"type veth peer netns b name eth0 index 2 mtu 1400 address 02:00:00:00:00:0b {one}",
        f"ip -n lan link add name port2 index 5 mtu 1300 {one} master br0 "
        f"type veth peer netns c name eth0 index 2 mtu 1300 {one}",
    ]


def test_a_bridge_and_its_ports_are_up_after_the_nodes_and_have_no_addresses() -> None:
    ups = [step for step in plan(SWITCH) if isinstance(step, SetUp)]
    assert [(step.name, step.index) for step in ups if step.node == "lan"] == [
        ("br0", 2),
        ("port0", 3),
        ("port1", 4),
        ("port2", 5),
    ]
    assert [step.node for step in ups] == ["a", "a", "b", "b", "c", "c", "lan", "lan", "lan", "lan"]
    assert not any(step.node == "lan" for step in plan(SWITCH) if isinstance(step, AddAddress | NoLinkLocal))


def test_settings_of_hosts_are_not_written_for_switches() -> None:
    assert [step.key for step in plan(TREE) if isinstance(step, WriteSysctl) and step.node in TREE.switch_names] == [
        "net.ipv6.conf.default.disable_ipv6"
    ] * 3
    assert {step.node for step in plan(TREE) if isinstance(step, AllowPing)} == set(TREE.nodes)


def test_two_switches_are_joined_by_a_port_of_each() -> None:
    # The kernel reads no master of the second end of a pair.
    assert commands(TREE, SetMaster) == [
        "ip -n s1 link set dev port1 master br0",
        "ip -n s2 link set dev port1 master br0",
    ]
    masters = positions(plan(TREE), SetMaster)
    assert max(positions(plan(TREE), CreateVeth)) < min(masters) < max(masters) < min(positions(plan(TREE), SetUp))
    assert commands(SWITCH, SetMaster) == commands(PAIR, SetMaster) == []
    one = "numtxqueues 1 numrxqueues 1"
    assert commands(TREE, CreateVeth)[2] == (
        f"ip -n core link add name port0 index 3 {one} master br0 type veth peer netns s1 name port1 index 4 {one}"
    )


# --- routers


def test_a_router_forwards_what_it_speaks_and_takes_packets_from_wherever_they_come() -> None:
    def settings(topology: Topology, node: str) -> dict[str, str]:
        steps = [step for step in plan(topology) if isinstance(step, WriteSysctl) and step.node == node]
        return {step.key: step.content for step in steps}

    router = settings(ROUTED, "r")
    assert router["net.ipv4.ip_forward"] == router["net.ipv6.conf.all.forwarding"] == "1"
    assert router["net.ipv4.conf.all.rp_filter"] == router["net.ipv4.conf.default.rp_filter"] == "0"
    host = settings(ROUTED, "a")
    assert host["net.ipv4.ip_forward"] == "0"
    assert not any(key.endswith(("forwarding", "rp_filter")) for key in host)
    assert settings(MIXED, "c")["net.ipv4.conf.all.rp_filter"] == "0", "two interfaces, and no router"
    only_ipv4 = drafted("pair a:10.0.1.1 r:10.0.1.2", "pair r:10.0.2.1 b:10.0.2.2", "router r")
    assert not any("ipv6" in key for key in settings(only_ipv4, "r"))


def test_every_node_is_told_the_ways_of_both_families() -> None:
    assert commands(ROUTED, AddRoute) == [
        "ip -n a route add default via 10.0.0.2",
        "ip -6 -n a route add default via fd00:0:0:1::2",
        "ip -n r route add 10.2.0.0/24 via 10.1.0.2",
        "ip -n b route add 10.0.0.0/24 via 10.1.0.1",
        "ip -6 -n b route add fd00:0:0:1::/64 via fd00:0:0:2::1",
        "ip -n c route add default via 10.2.0.1",
    ]
    assert [step for step in plan(ROUTED) if isinstance(step, AddRoute)] == add_routes(ROUTED)


def test_without_routers_or_when_they_are_not_wanted_there_are_no_routes() -> None:
    unwanted = drafted("pair a:10.0.1.1 r:10.0.1.2", "pair r:10.0.2.1 b:10.0.2.2", "router r", "no_routes")
    for topology in (MIXED, SWITCH, unwanted):
        assert commands(topology, AddRoute) == []
    assert "ip netns exec r sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'" in commands(unwanted, WriteSysctl)


def test_a_router_awaits_the_addresses_from_which_it_asks_for_the_neighbours_of_others() -> None:
    wait = "until ip -6 address show dev {} scope link -tentative | grep -q .; do :; done"
    assert commands(ROUTED, AwaitLinkLocal) == [
        f"ip netns exec {node} sh -c '{wait.format(interface)}'"
        for node, interface in (("r", "eth0"), ("r", "eth1"), ("b", "eth0"))
    ]
    assert commands(DUAL, AwaitLinkLocal) == []


# --- dual stack


def test_an_interface_has_all_its_addresses_in_order_and_each_of_ipv6_is_awaited() -> None:
    assert commands(DUAL, AddAddress)[:2] == [
        "ip -n a address add 10.0.0.1/24 dev eth0",
        "ip -n a address add fd00::1/64 dev eth0 nodad",
    ]
    assert [(step.node, step.group) for step in plan(DUAL) if isinstance(step, AwaitGroup)] == [
        ("a", "ff02::1:ff00:1"),
        ("b", "ff02::1:ff00:2"),
    ]
    assert commands(DUAL, CreateVeth) == [
        "ip -n a link add name eth0 index 2 mtu 1400 numtxqueues 1 numrxqueues 1 "
        "type veth peer netns b name eth0 index 2 address 02:00:00:00:00:0b numtxqueues 1 numrxqueues 1"
    ]


# --- each step by itself


@every_topology
def test_each_step_is_an_ip_command_on_a_node_or_switch_that_exists(topology: Topology) -> None:
    for step in plan(topology):
        words = shlex.split(str(step))
        assert words[0] == "ip"
        assert "\n" not in str(step)
        assert step.node in (*topology.nodes, *topology.switch_names)
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
