"""The diagnosis as a matter of thought: each check, their order, and what a real packet proves."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from sandbox.why.checks import CHECKS, judge
from sandbox.why.facts import Listener, Neighbour, Probe, Probes, as_address

from .places import ANSWERED, LOST, World, case_of, diagnosis, interface, pair, routed, switched

NAMES = [
    *("interface", "up", "carrier", "bridge", "address", "route", "route back", "neighbour"),
    *("rp_filter", "forwarding", "firewall", "mtu", "listener", "probe"),
]
WELL = Probes(ANSWERED)


def rules(hook: str, *expressions: dict[str, Any], policy: str = "accept") -> list[dict[str, Any]]:
    """A chain of nftables with one rule."""
    where = {"family": "inet", "table": "t"}
    chain = {"chain": {**where, "name": "c", "type": "filter", "hook": hook, "prio": 0, "policy": policy}}
    return [chain, {"rule": {**where, "chain": "c", "handle": 7, "expr": list(expressions)}}]


def changed(world: World, name: str, index: int = 0, **facts: Any) -> World:
    world.change(name, index, **facts)
    return world


def without_interface() -> World:
    world = World()
    world.add("a")
    world.add("b")
    return world


def unlinked() -> World:
    world = World()
    for name, net in (("a", "10.0.1"), ("b", "10.0.2")):
        world.add(name, interface("eth0", f"{net}.1/24", peer=f"{name}2"))
        world.add(f"{name}2", interface("eth0", f"{net}.2/24", peer=name))
    return world


def without_route(place: str) -> World:
    world = routed()
    world.routes[place].clear()
    return world


def with_route(place: str, to: str, by: str | int) -> World:
    world = routed()
    world.routes[place][to] = by
    return world


def without_route_beyond() -> World:
    """a, r, s, and b behind them both; r does not know of b's subnet."""
    world = routed()
    world.routes["a"] = {"0.0.0.0/0": "10.0.1.254"}
    world.add(
        "s",
        interface("eth0", "10.0.2.253/24", peer="r:3", forwards=True),
        interface("eth1", "10.0.3.254/24", peer="b", index=3, forwards=True),
        routes={"10.0.1.0/24": "10.0.2.254"},
        forwards_ipv4=True,
    )
    world.change("r", 3, peer=("s", 2))
    world.add("b", interface("eth0", "10.0.3.1/24", peer="s:3"), routes={"0.0.0.0/0": "10.0.3.254"})
    return world


def stray_port() -> World:
    world = World()
    world.add("a", interface("eth0", "10.0.0.1/24", peer="host:3"))
    world.add("b", interface("eth0", "10.0.0.2/24", peer="host:4"))
    world.add(
        "host",
        interface("br0", "10.0.0.254/24", kind="bridge"),
        interface("veth-a", peer="a", index=3, master=2),
        interface("veth-b", peer="b", index=4),
    )
    return world


def blocked_port() -> World:
    return changed(switched(), "lan", 4, passes=False)


def asymmetric() -> World:
    """a asks b by r, b answers by s; r would answer a by b."""
    world = World()
    world.add(
        "a",
        interface("eth0", "10.0.1.1/24", peer="r"),
        interface("eth1", "10.0.3.1/24", peer="s", index=3),
        routes={"10.0.2.0/24": "10.0.1.254"},
    )
    world.add(
        "r",
        interface("eth0", "10.0.1.254/24", peer="a", forwards=True, rp_filter=1),
        interface("eth1", "10.0.2.254/24", peer="b", index=3, forwards=True),
        routes={"10.0.1.1/32": "10.0.2.1"},
        forwards_ipv4=True,
    )
    world.add(
        "s",
        interface("eth0", "10.0.3.254/24", peer="a:3", forwards=True),
        interface("eth1", "10.0.4.254/24", peer="b:3", index=3, forwards=True),
        routes={"10.0.1.1/32": "10.0.3.1"},
        forwards_ipv4=True,
    )
    world.add(
        "b",
        interface("eth0", "10.0.2.1/24", peer="r:3"),
        interface("eth1", "10.0.4.1/24", peer="s:3", index=3),
        routes={"10.0.1.0/24": "10.0.4.254"},
    )
    return world


NEIGHBOUR = Neighbour(2, ip_address("192.168.1.2"), "02:00:00:00:00:99", "PERMANENT")
OTHER = (as_address("192.168.9.9/24"),)

# A world, the check that has to find what is wrong with it, what that says, and the command.
FAULTS: dict[str, tuple[Callable[[], World], str, str, str]] = {
    "no interface": (
        without_interface,
        "interface",
        "a has no interface but lo",
        "ip -n a link add eth0 type veth peer name eth0 netns b",
    ),
    "no link": (
        unlinked,
        "interface",
        "no link leads from a to b",
        "ip -n a link add eth0 type veth peer name eth0 netns b",
    ),
    "down": (lambda: changed(pair(), "b", 2, is_up=False), "up", "eth0 of b is down", "ip -n b link set eth0 up"),
    "down at a": (lambda: changed(pair(), "a", 2, is_up=False), "up", "eth0 of a is down", "ip -n a link set eth0 up"),
    "bridge down": (
        lambda: changed(switched(), "lan", 2, is_up=False),
        "up",
        "br0 of lan is down",
        "ip -n lan link set br0 up",
    ),
    "down behind the router": (
        lambda: changed(routed(), "r", 3, is_up=False),
        "up",
        "eth1 of r is down",
        "ip -n r link set eth1 up",
    ),
    "no carrier": (lambda: changed(pair(), "b", 2, has_carrier=False), "carrier", "eth0 of b has no carrier", ""),
    "no carrier out of sight": (
        lambda: changed(pair(), "a", 2, has_carrier=False, peer=None),
        "carrier",
        "eth0 of a has no carrier: its other end, which is out of sight here, is down",
        "",
    ),
    "stray port": (
        stray_port,
        "bridge",
        "veth-b of host is a port of no bridge",
        "ip -n host link set veth-b master br0",
    ),
    "blocked port": (blocked_port, "bridge", "br0 of lan lets nothing through its port port1", ""),
    "no address": (
        lambda: changed(pair(), "b", 2, addresses=()),
        "address",
        "b has no IPv4 address",
        "ip -n b address add 192.168.1.2/24 dev eth0",
    ),
    "no address at a": (
        lambda: changed(pair(), "a", 2, addresses=()),
        "address",
        "a has no IPv4 address",
        "ip -n a address add 192.168.1.1/24 dev eth0",
    ),
    "not its address": (
        lambda: changed(changed(pair(), "b", 2, addresses=OTHER), "b", declared=(as_address("192.168.1.2/24"),)),
        "address",
        "b does not have 192.168.1.2, which is its address in the lab; it has 192.168.9.9/24",
        "ip -n b address add 192.168.1.2/24 dev eth0",
    ),
    "subnets": (
        lambda: pair(other="192.168.2.2/24"),
        "address",
        "two ends of a link are in different subnets: eth0 of a has 192.168.1.1/24, eth0 of b has 192.168.2.2/24",
        "ip -n b address add 192.168.1.2/24 dev eth0",
    ),
    "subnets, and a is not where it was": (
        lambda: changed(pair("192.168.2.1/24"), "a", declared=(as_address("192.168.1.1/24"),)),
        "address",
        "two ends of a link are in different subnets: eth0 of a has 192.168.2.1/24, eth0 of b has 192.168.1.2/24",
        "ip -n a address add 192.168.1.1/24 dev eth0",
    ),
    "prefixes": (
        lambda: pair(other="192.168.1.2/31"),
        "address",
        "two ends of a link disagree about the prefix: eth0 of a has 192.168.1.1/24, eth0 of b has 192.168.1.2/31",
        "ip netns exec b sh -c 'ip address add 192.168.1.2/24 dev eth0 && ip address del 192.168.1.2/31 dev eth0'",
    ),
    "prefixes of IPv6": (
        lambda: pair("fd00::1/64", "fd00::2/127"),
        "address",
        "two ends of a link disagree about the prefix: eth0 of a has fd00::1/64, eth0 of b has fd00::2/127",
        "ip netns exec b sh -c 'ip address del fd00::2/127 dev eth0 && ip address add fd00::2/64 dev eth0 nodad'",
    ),
    "too wide": (
        lambda: changed(without_route("a"), "a", 2, addresses=(as_address("10.0.1.1/16"),)),
        "address",
        "two ends of a link disagree about the prefix: eth0 of a has 10.0.1.1/16, eth0 of r has 10.0.1.254/24",
        "ip netns exec a sh -c 'ip address add 10.0.1.1/24 dev eth0 && ip address del 10.0.1.1/16 dev eth0'",
    ),
    "too wide on the way back": (
        lambda: changed(without_route("b"), "b", 2, addresses=(as_address("10.0.2.1/16"),)),
        "address",
        "two ends of a link disagree about the prefix: eth0 of b has 10.0.2.1/16, eth1 of r has 10.0.2.254/24",
        "ip netns exec b sh -c 'ip address add 10.0.2.1/24 dev eth0 && ip address del 10.0.2.1/16 dev eth0'",
    ),
    "taken": (
        lambda: changed(switched(), "c", 2, addresses=(as_address("10.0.0.2/24"),)),
        "address",
        "b and c both have 10.0.0.2",
        "ip -n c address del 10.0.0.2/24 dev eth0",
    ),
    "its own": (
        lambda: pair("192.168.1.2/24"),
        "address",
        "192.168.1.2, the address of b, is one of a as well",
        "ip -n a address del 192.168.1.2/24 dev eth0",
    ),
    "somebody else has it": (
        lambda: changed(pair("fd00::1/64", "fd00::2/64"), "b", 2, duplicate=frozenset({ip_address("fd00::2")})),
        "address",
        "eth0 of b may not use fd00::2: somebody else on that link has it (dadfailed)",
        "ip -n b address del fd00::2/64 dev eth0",
    ),
    "not yet": (
        lambda: changed(pair("fd00::1/64", "fd00::2/64"), "a", 2, tentative=frozenset({ip_address("fd00::1")})),
        "address",
        "eth0 of a may not use fd00::1 yet: whether somebody else has it is still asked (tentative)",
        "",
    ),
    "no route": (
        lambda: without_route("a"),
        "route",
        "a has no route to 10.0.2.1",
        "ip -n a route add default via 10.0.1.254",
    ),
    "unreachable": (
        lambda: with_route("a", "10.0.2.0/24", "unreachable"),
        "route",
        "a has an unreachable route to 10.0.2.1",
        "ip -n a route replace 10.0.2.0/24 via 10.0.1.254",
    ),
    "nobody there": (
        lambda: with_route("a", "10.0.2.0/24", "10.0.1.9"),
        "route",
        "a sends packets for 10.0.2.1 to 10.0.1.9, an address that nobody on that link has",
        "ip -n a route replace 10.0.2.0/24 via 10.0.1.254",
    ),
    "taken for a neighbour": (
        lambda: with_route("a", "10.0.2.0/24", 2),
        "route",
        "a takes 10.0.2.1 for a neighbour, but nobody on that link has it",
        "ip -n a route replace 10.0.2.0/24 via 10.0.1.254",
    ),
    "circle": (
        lambda: changed(with_route("r", "10.0.2.1/32", "10.0.1.1"), "a", 2, forwards=True),
        "route",
        "packets for 10.0.2.1 go round in a circle: r and a",
        "ip -n r route replace 10.0.2.1/32 dev eth1",
    ),
    "no route back": (
        lambda: without_route("b"),
        "route back",
        "b has no route to 10.0.1.1",
        "ip -n b route add default via 10.0.2.254",
    ),
    "no route of a router": (
        without_route_beyond,
        "route",
        "r has no route to 10.0.3.1",
        "ip -n r route add 10.0.3.0/24 via 10.0.2.253",
    ),
    "neighbour": (
        lambda: changed(pair(), "a", neighbours=(NEIGHBOUR,)),
        "neighbour",
        "a sends what is for 192.168.1.2 to 02:00:00:00:00:99 (neighbour entry PERMANENT), but eth0 of b is "
        "02:00:00:00:01:02",
        "ip -n a neighbour del 192.168.1.2 dev eth0",
    ),
    "nobody answers": (
        lambda: changed(pair(), "a", neighbours=(Neighbour(2, ip_address("192.168.1.2"), None, "FAILED"),)),
        "neighbour",
        "a asks on eth0 who has 192.168.1.2, and nobody answers (ARP, FAILED)",
        "",
    ),
    "no ARP": (
        lambda: changed(pair(), "b", 2, resolves=False),
        "neighbour",
        "eth0 of b takes no part in ARP (NOARP)",
        "ip -n b link set eth0 arp on",
    ),
    "strict": (
        asymmetric,
        "rp_filter",
        "r drops packets from 10.0.1.1: they come by eth0, but it would answer by eth1 (rp_filter 1)",
        "ip netns exec r sysctl -w net.ipv4.conf.eth0.rp_filter=2",
    ),
    "forwarding": (
        lambda: changed(changed(routed(), "r", 2, forwards=False), "r", forwards_ipv4=False),
        "forwarding",
        "r does not forward IPv4",
        "ip netns exec r sysctl -w net.ipv4.ip_forward=1",
    ),
    "forwarding of one": (
        lambda: changed(routed(), "r", 2, forwards=False),
        "forwarding",
        "r does not forward IPv4 packets that come by eth0",
        "ip netns exec r sysctl -w net.ipv4.conf.eth0.forwarding=1",
    ),
    "forwarding of IPv6": (
        lambda: changed(routed("fd01::", "fd02::"), "r", forwards_ipv6=False),
        "forwarding",
        "r does not forward IPv6",
        "ip netns exec r sysctl -w net.ipv6.conf.all.forwarding=1",
    ),
    "firewall of a": (
        lambda: changed(pair(), "a", rules=rules("output", {"drop": None})),
        "firewall",
        "a drops pings on output: rule 'drop' in chain inet t c",
        "ip netns exec a nft delete rule inet t c handle 7",
    ),
    "firewall between": (
        lambda: changed(routed(), "r", rules=rules("forward", {"counter": {"packets": 3, "bytes": 9}}, {"drop": None})),
        "firewall",
        "r drops pings on forward: rule 'drop' in chain inet t c, 3 packets so far",
        "ip netns exec r nft delete rule inet t c handle 7",
    ),
    "policy": (
        lambda: changed(pair(), "b", rules=rules("input", policy="drop")[:1]),
        "firewall",
        "b drops pings on input: policy drop of chain inet t c",
        "ip netns exec b nft add rule inet t c icmp type echo-request accept",
    ),
    "solicitations": (
        lambda: changed(pair("fd00::1/64", "fd00::2/64"), "b", rules=rules("input", policy="drop")[:1]),
        "firewall",
        "b drops neighbour solicitations on input: policy drop of chain inet t c",
        "ip netns exec b nft add rule inet t c icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
    ),
    "answers": (
        lambda: changed(pair(), "a", rules=rules("input", {"drop": None})),
        "firewall",
        "a drops answers to pings on input: rule 'drop' in chain inet t c",
        "ip netns exec a nft delete rule inet t c handle 7",
    ),
    "mtu": (
        lambda: changed(pair(), "b", 2, mtu=1400),
        "mtu",
        "packets of more than 1400 bytes vanish between eth0 of a, whose MTU is 1500, and eth0 of b",
        "ip -n b link set eth0 mtu 1500",
    ),
    "mtu of a port": (
        lambda: changed(switched(), "lan", 4, mtu=1400),
        "mtu",
        "packets of more than 1400 bytes vanish between eth0 of a, whose MTU is 1500, and port1 of lan",
        "ip -n a link set eth0 mtu 1400",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_first_by_its_check(name: str) -> None:
    world, check, says, mend = FAULTS[name]
    to = "192.168.1.2" if name == "not its address" else "10.0.0.2" if name == "taken" else ""
    found = diagnosis(world(), to=to)
    assert found.first
    assert (found.first.name, found.verdict, found.mend) == (check, says, mend), found
    assert not found


@pytest.mark.parametrize(
    "world", [pair, routed, switched, lambda: routed("fd01::", "fd02::"), lambda: pair("fd00::1/64", "fd00::2/64")]
)
def test_of_a_sound_world_every_check_is_content(world: Callable[[], World]) -> None:
    found = diagnosis(world(), probes=WELL)
    assert found
    assert [each.name for each in found.checks] == NAMES
    assert [each.name for each in found.checks if each.wrong or each.mend or each.ok is False] == []
    assert found.verdict.startswith("nothing is wrong: a reaches b at ")


def test_there_is_a_name_for_each_check() -> None:
    assert [check.__name__.removeprefix("check_").replace("_", " ").replace("rp ", "rp_") for check in CHECKS] == NAMES


def test_of_two_faults_the_one_that_the_other_builds_on_is_told_first() -> None:
    order = [fault for fault in FAULTS if FAULTS[fault][0] not in (without_interface, unlinked)]
    worlds = {
        "up": ("b", 2, {"is_up": False}),
        "carrier": ("b", 2, {"has_carrier": False}),
        "neighbour": ("a", 0, {"neighbours": (NEIGHBOUR,)}),
        "firewall": ("b", 0, {"rules": rules("input", {"drop": None})}),
        "mtu": ("b", 2, {"mtu": 1400}),
    }
    assert order
    for at, first in enumerate(worlds):
        for second in list(worlds)[at + 1 :]:
            world = pair()
            for name in (second, first):
                place, index, facts = worlds[name]
                world.change(place, index, **facts)
            found = diagnosis(world)
            assert found.first
            assert found.first.name == first, (first, second)


# --- what a packet proves


def test_what_a_packet_shows_to_work_is_not_wrong() -> None:
    world = changed(pair(), "a", neighbours=(NEIGHBOUR,))
    found = diagnosis(world, probes=WELL)
    assert found
    told = next(each for each in found.checks if each.name == "neighbour")
    assert (told.ok, told.wrong, told.mend) == (None, "", "")
    assert told.seen.endswith("it gets through all the same")


@pytest.mark.parametrize("name", ["mtu", "mtu of a port", "taken", "its own"])
def test_a_small_packet_or_one_that_another_answers_proves_nothing(name: str) -> None:
    world, check, says, _ = FAULTS[name]
    found = diagnosis(world(), to="10.0.0.2" if name == "taken" else "", probes=WELL)
    assert found.first
    assert (found.first.name, found.verdict) == (check, says)


def test_a_large_packet_that_is_lost_is_wrong_though_no_mtu_tells_why() -> None:
    probes = Probes(ANSWERED, (), Probe("large", False, "ping with 1500 bytes: no answer"))
    found = diagnosis(pair(), probes=probes)
    assert found.verdict == "small packets arrive, large ones do not: ping with 1500 bytes: no answer"
    narrow = changed(changed(routed(), "r", 3, mtu=1400), "b", 2, mtu=1400)
    assert diagnosis(narrow, probes=WELL), "a router tells"
    found = diagnosis(narrow, probes=probes)
    assert found.mend == "ip -n a link set eth0 mtu 1400"


def test_without_a_reason_it_says_how_far_packets_get() -> None:
    probes = Probes(LOST, (Probe("r", True, ""), Probe("s", False, ""), Probe("b", False, "")))
    found = diagnosis(routed(), probes=probes)
    assert found.verdict == "a does not reach b: ping b: no answer; r still answers; s does not"
    found = diagnosis(routed(), probes=Probes(LOST, (Probe("r", True, ""), Probe("b", False, ""))))
    assert found.verdict == "a does not reach b: ping b: no answer; r still answers"


def test_an_old_failure_is_no_fault_once_packets_get_through() -> None:
    failed = (Neighbour(2, ip_address("192.168.1.2"), None, "FAILED"),)
    assert diagnosis(changed(pair(), "a", neighbours=failed), probes=WELL)
    silence = Probes(Probe("b", None, "UDP: no answer, which it does not promise"))
    world = changed(pair(), "a", neighbours=failed)
    world.change("b", listeners=(Listener("udp", ip_address("0.0.0.0"), 53),))
    assert diagnosis(world, port=53, protocol="udp", probes=silence)


# --- what is no fault


def test_prefixes_that_differ_but_work_are_no_fault() -> None:
    assert diagnosis(pair("10.0.0.1/24", "10.0.0.2/16"), probes=WELL)
    found = diagnosis(pair("10.0.0.1/24", "10.0.0.2/16"))
    assert found.first
    assert found.first.name == "probe"


def test_a_way_that_leads_out_of_sight_is_no_fault_of_what_is_known() -> None:
    world = World()
    world.add("a", interface("eth0", "10.0.0.1/24"), routes={"0.0.0.0/0": "10.0.0.254"})
    found = diagnosis(world, b=None, to="198.51.100.7", probes=Probes(Probe("198.51.100.7", True, "ping")))
    assert found, found
    assert found.verdict == "nothing is wrong: a reaches 198.51.100.7"
    assert found.checks[NAMES.index("route")].seen.endswith("where that leads is out of sight")


def test_the_reverse_path_filter_may_be_on_in_nobodys_way() -> None:
    world = changed(routed(), "r", 2, rp_filter=1)
    found = diagnosis(world, probes=WELL)
    assert found.checks[NAMES.index("rp_filter")].seen == "on, and in nobody's way: eth0 of r (1)"
    loose = changed(asymmetric(), "r", 2, rp_filter=2)
    assert next(each for each in diagnosis(loose).checks if each.name == "rp_filter").ok


def test_who_asks_for_itself_needs_only_lo() -> None:
    found = diagnosis(pair(), b="a", probes=WELL)
    assert found
    assert found.checks[0].seen == "a talks to itself, by lo"
    down = diagnosis(changed(pair(), "a", 1, is_up=False), b="a")
    assert (down.verdict, down.mend) == ("lo of a is down", "ip -n a link set lo up")


def test_translated_addresses_need_no_way_back() -> None:
    world = without_route("b")
    where = {"family": "ip", "table": "n"}
    chain = {**where, "name": "c", "type": "nat", "hook": "postrouting", "prio": 100, "policy": "accept"}
    by = {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "eth1"}}
    rule = {**where, "chain": "c", "handle": 2, "expr": [by, {"masquerade": None}]}
    world.change("r", rules=[{"chain": chain}, {"rule": rule}])
    found = diagnosis(world, probes=WELL)
    back = found.checks[NAMES.index("route back")]
    assert (back.ok, back.seen) == (None, "r translates addresses, so that the answer goes there")


def publishing(to: str) -> World:
    """r gives what comes for its port 80 to another."""
    world = routed()
    where = {"family": "ip", "table": "n"}
    chain = {**where, "name": "c", "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}
    port = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}
    rule = {**where, "chain": "c", "handle": 2, "expr": [port, {"dnat": {"addr": to, "port": 8080}}]}
    world.change("r", rules=[{"chain": chain}, {"rule": rule}])
    return world


def test_who_is_given_another_destination_is_followed_there() -> None:
    world = publishing("10.0.2.1")
    found = diagnosis(world, b="r", to="10.0.1.254", port=80)
    assert found.verdict == "nothing in b listens on TCP port 8080"
    world.change("b", listeners=(Listener("tcp", ip_address("0.0.0.0"), 8080),))
    found = diagnosis(world, b="r", to="10.0.1.254", port=80, probes=WELL)
    assert found, found
    assert found.checks[NAMES.index("route back")].ok is None
    assert found.checks[NAMES.index("route")].seen == (
        "to 10.0.1.254: a directly dev eth0, r directly dev eth1 (translated to 10.0.2.1 port 8080), b has it"
    )
    found = diagnosis(publishing("10.0.2.9"), b="r", to="10.0.1.254", port=80)
    assert found.verdict == "r translates 10.0.1.254 to 10.0.2.9 port 8080, but nobody on that link has that address"
    found = diagnosis(publishing("10.0.2.9"), b="r", to="10.0.1.254", port=81)
    assert found.verdict == "nothing in r listens on TCP port 81"


# --- listeners


@pytest.mark.parametrize(
    ("listeners", "says"),
    [
        ((), "nothing in b listens on TCP port 80"),
        ((Listener("tcp", ip_address("0.0.0.0"), 81),), "nothing in b listens on TCP port 80"),
        (
            (Listener("tcp", ip_address("127.0.0.1"), 80),),
            "b listens on TCP port 80 only at 127.0.0.1:80, which nobody outside of it reaches",
        ),
        (
            (Listener("tcp", ip_address("192.168.1.3"), 80),),
            "b listens on TCP port 80 only at 192.168.1.3:80, not at 192.168.1.2",
        ),
        (
            (Listener("tcp", ip_address("::"), 80, only_ipv6=True),),
            "b listens on TCP port 80 only at [::]:80, which is IPv6 alone",
        ),
        (
            (Listener("udp", ip_address("0.0.0.0"), 80),),
            "nothing in b listens on TCP port 80, only on UDP port 80",
        ),
    ],
)
def test_who_listens_elsewhere_does_not_answer(listeners: tuple[Listener, ...], says: str) -> None:
    found = diagnosis(changed(pair(), "b", listeners=listeners), port=80)
    assert found.first
    assert (found.first.name, found.verdict) == ("listener", says)


@pytest.mark.parametrize("at", ["0.0.0.0", "192.168.1.2", "::"])
def test_who_listens_there_or_anywhere_answers(at: str) -> None:
    world = changed(pair(), "b", listeners=(Listener("tcp", ip_address(at), 80),))
    found = diagnosis(world, port=80, probes=WELL)
    assert found
    assert found.verdict == "nothing is wrong: a reaches b at 192.168.1.2, TCP port 80"


# --- how it is shown


def test_it_is_shown_as_doctor_shows_its_checks_and_ends_with_the_verdict() -> None:
    lines = str(diagnosis(changed(pair(), "b", 2, is_up=False))).splitlines()
    assert lines[0] == "ok  interface   a has eth0, b has eth0"
    assert lines[1] == "no  up          eth0 of b is down"
    assert lines[-3:] == ["", "eth0 of b is down", "to mend it: ip -n b link set eth0 up"]


def test_as_a_record_it_says_the_same() -> None:
    found = diagnosis(changed(pair(), "b", 2, is_up=False))
    record = found.as_record()
    assert (record["ok"], record["verdict"], record["mend"]) == (False, found.verdict, found.mend)
    assert [each["name"] for each in record["checks"]] == NAMES
    assert record["address"] == "192.168.1.2"


def test_a_case_is_judged_as_it_is() -> None:
    case = case_of(pair())
    assert judge(case) == judge(case)
