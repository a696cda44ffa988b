"""Shapes, switches, routers in the kernel: everybody is reached, by the shortest way, and seen as it was asked for."""

from __future__ import annotations

import random
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import sandbox
from reliability.census import SLACK, Census, wait_for
from sandbox import topologies
from sandbox.topology.draft import Draft

from .conftest import Cli
from .test_network import addresses, ip

FULL_TTL = 64


def ttl(node: sandbox.Node, target: str, *options: str) -> int:
    """Of one answer from `target`, which may be a name: its TTL as it arrives."""
    done = node.run(["ping", "-c", "1", "-W", "2", *options, target], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout.split("ttl=")[1].split()[0])


def routes(node: sandbox.Node, *options: str) -> dict[str, str]:
    """Destination and next hop of each route that was not there by an address."""
    return {each["dst"]: each["gateway"] for each in ip(node, *options, "route") if "gateway" in each}


def links(node: sandbox.Node) -> dict[str, dict[str, Any]]:
    return {each["ifname"]: each for each in ip(node, "link")}


@pytest.mark.parametrize(
    "text",
    [
        "linear:8",
        "star:8",
        "ring:16",
        "tree:3,3",
        "mesh:5",
        "dumbbell:3,3",
        "fat-tree:4",
        "ring:6,fd00::/64",
        "tree:2,2,fd00::/64",
        "star:40",  # more than the 1024 neighbours that the kernel keeps
        "star:40,fd00::/64",
    ],
)
def test_every_node_pings_every_other(text: str) -> None:
    topology = topologies.parse(text)
    with sandbox.Lab(topology) as lab:
        reached = lab.ping_all(timeout=5)
        assert reached.is_complete, reached
        assert reached.nodes == topology.nodes
        assert len(reached.seconds) == len(topology.nodes) * (len(topology.nodes) - 1)
        assert all(0 < seconds < 5 for seconds in reached.seconds.values() if seconds is not None)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("shape", ["ring:5", "fat-tree:2", "tree:2,2"])
def test_both_families_are_routed(shape: str, version: int) -> None:
    with sandbox.Lab(topologies.parse(f"{shape},10.0.0.0/8,fd00::/64")) as lab:
        reached = lab.ping_all(timeout=5, version=version)
        assert reached.is_complete, reached
        assert reached.nodes == lab.topology.nodes


def test_across_a_ring_there_are_three_hops_and_to_a_neighbour_one() -> None:
    with sandbox.Lab(topologies.ring(6, subnet="10.0.0.0/8,fd00::/64")) as lab:
        for options in (["-4"], ["-6"]):
            # Every router on the way takes one off; the answer comes back the shortest way as well.
            distances = [FULL_TTL - ttl(lab["r1"], f"r{number}", *options) + 1 for number in range(2, 7)]
            assert distances == [1, 2, 3, 2, 1]


def test_in_a_fat_tree_hosts_are_as_far_as_their_edges() -> None:
    with sandbox.Lab(topologies.fat_tree(4)) as lab:
        # The same edge router, the same pod, and across the core.
        assert [FULL_TTL - ttl(lab["h1"], host) for host in ("h2", "h3", "h16")] == [1, 3, 5]


def test_the_routes_are_those_of_the_plan() -> None:
    with sandbox.Lab(topologies.linear(4, subnet="10.0.0.0/8,fd00::/64")) as lab:
        assert routes(lab["h1"]) == {"default": "10.0.0.2"}
        assert routes(lab["h2"]) == {"10.0.0.8/30": "10.0.0.6"}
        assert routes(lab["h3"]) == {"10.0.0.0/30": "10.0.0.5"}
        assert routes(lab["h4"]) == {"default": "10.0.0.9"}
        assert routes(lab["h1"], "-6") == {"default": "fd00::2"}
        assert routes(lab["h2"], "-6") == {"fd00::8/126": "fd00::6"}


def test_inner_nodes_forward_and_others_do_not() -> None:
    with sandbox.Lab(topologies.linear(3, subnet="10.0.0.0/8,fd00::/64")) as lab:
        for key in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            seen = [node.run(["cat", f"/proc/sys/net/{key}"], capture_output=True, text=True).stdout for node in lab]
            assert seen == ["0\n", "1\n", "0\n"], key


def test_without_routes_only_neighbours_are_reached(cli: Cli) -> None:
    draft = Draft()
    draft.extend(topologies.linear(4))
    draft.no_routes()
    with sandbox.Lab(draft.topology()) as lab:
        assert [routes(node) for node in lab] == [{}] * 4
        assert not lab.ping_all(timeout=0.3).is_complete
        assert lab.ping_all(timeout=0.3)["h2", "h3"] is not None
    done = cli("run", "--topology", "linear:3", "--no-routes", "--raw", "--", "ip", "route", "show", "proto", "boot")
    assert (done.returncode, done.stdout) == (0, "")


# --- a switch


def test_a_frame_as_large_as_the_switch_allows_gets_through() -> None:
    draft = Draft()
    draft.switch("s1:10.0.0.0/24,mtu=9000")
    draft.switch("s2:10.0.0.0/24,mtu=9000")
    draft.node("a", switch="s1")
    draft.node("b", switch="s1")
    draft.node("c", switch="s2")
    draft.link(sandbox.Endpoint("s1"), sandbox.Endpoint("s2"))
    with sandbox.Lab(draft.topology()) as lab:
        assert [links(node)["eth0"]["mtu"] for node in lab] == [9000] * 3
        for target in ("b", "c"):
            lab["a"].run(["ping", "-c1", "-W2", "-M", "do", "-s", "8972", target], check=True, capture_output=True)
            done = lab["a"].run(
                ["ping", "-c1", "-W2", "-M", "do", "-s", "8973", target], capture_output=True, text=True
            )
            assert "message too long" in done.stdout + done.stderr


def test_mtu_and_mac_are_as_asked() -> None:
    ends = ("a:10.0.0.1,mtu=1400,mac=02:00:00:00:00:0a", "b:10.0.0.2,mtu=2000,mac=02:00:00:00:00:0b")
    with sandbox.Lab(sandbox.Topology.parse([ends])) as lab:
        seen = [(links(node)["eth0"]["mtu"], links(node)["eth0"]["address"]) for node in lab]
        assert seen == [(1400, "02:00:00:00:00:0a"), (2000, "02:00:00:00:00:0b")]
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    draft.node("a:10.0.0.9,mac=02:00:00:00:00:0a,mtu=1300")
    draft.node("b")
    with sandbox.Lab(draft.topology()) as lab:
        assert links(lab["a"])["eth0"]["address"] == "02:00:00:00:00:0a"
        assert [links(node)["eth0"]["mtu"] for node in lab] == [1300, 1500]
        assert [addresses(node, "eth0") for node in lab] == [{"10.0.0.9/24"}, {"10.0.0.1/24"}]


def test_several_links_between_two_nodes_are_several_interfaces() -> None:
    pairs = [(f"a:10.0.{number}.1", f"b:10.0.{number}.2") for number in range(1, 5)]
    with sandbox.Lab(sandbox.Topology.parse(pairs)) as lab:
        for number in range(1, 5):
            assert addresses(lab["b"], f"eth{number - 1}") == {f"10.0.{number}.2/24"}
            assert ttl(lab["a"], f"10.0.{number}.2", "-I", f"eth{number - 1}") == FULL_TTL


def test_several_addresses_on_one_interface_are_all_reached() -> None:
    pair = ("a:10.0.0.1,10.1.0.1/16,fd00::1", "b:10.0.0.2,10.1.0.2/16,fd00::2")
    with sandbox.Lab(sandbox.Topology.parse([pair])) as lab:
        for target in ("10.0.0.2", "10.1.0.2", "fd00::2"):
            assert ttl(lab["a"], target) == FULL_TTL


def test_an_interface_without_ipv6_has_no_ipv6_address_on_a_switch_either() -> None:
    with sandbox.Lab(topologies.star(3)) as lab:
        for node in lab:
            assert addresses(node, "eth0") == {f"10.0.0.{node.name[1:]}/8"}


# --- the first packet


@pytest.mark.deadline(60)
@pytest.mark.parametrize(
    ("text", "labs"),
    [("star:2", 200), ("star:2,fd00::/64", 200), ("tree:2,2", 50), ("linear:3", 50), ("linear:3,fd00::/64", 50)],
)
def test_a_packet_sent_in_the_moment_the_lab_is_up_arrives(text: str, labs: int) -> None:
    # On a switch, over three of them, and across a router.
    topology = topologies.parse(text)
    kind = (socket.AF_INET6 if "::" in text else socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(labs):
        with sandbox.Lab(topology) as lab:
            first, last = lab.nodes[0], lab.nodes[-1]
            with last.socket(*kind) as receiver, first.socket(*kind) as sender:
                assert last.ip
                receiver.bind((last.ip, 9))
                receiver.settimeout(0.8)  # a lost or stalled packet takes a second at least
                sender.sendto(b"x", (last.ip, 9))
                assert receiver.recv(9) == b"x"


# --- side by side, and unseen


def switched_and_routed() -> sandbox.Topology:
    draft = Draft()
    draft.switch("lan:10.0.0.0/24,fd00::/64")
    for node in ("a", "b", "r"):
        draft.node(node)
    draft.pair("r:10.0.1.1,fd00:0:0:1::1", "c:10.0.1.2,fd00:0:0:1::2")
    draft.router("r")
    return draft.topology()


def test_two_labs_with_the_same_names_and_addresses_side_by_side() -> None:
    topology = switched_and_routed()
    with sandbox.Lab(topology) as one, sandbox.Lab(topology) as other:
        for lab in (one, other):
            assert lab.ping_all(timeout=5, version=4).is_complete
            assert lab.ping_all(timeout=5, version=6).is_complete
        one["b"].run(["ip", "link", "set", "eth0", "down"], check=True)
        assert one.ping_all(timeout=0.3)["a", "b"] is None
        assert one.ping_all(timeout=0.3)["a", "c"] is not None
        assert other.ping_all(timeout=5).is_complete


@pytest.mark.usefixtures("links_of_the_host")
def test_the_host_hears_nothing_of_switches_and_routers(cli: Cli) -> None:
    with sandbox.Lab(switched_and_routed()) as lab:
        lab["a"].run(["ip", "link", "set", "eth0", "down"], check=True)
    with sandbox.Lab(topologies.tree(2, 2)):
        pass
    assert cli("run", "--topology", "tree:2,2", "-q", "--raw", "--", "true").returncode == 0


def test_a_lab_of_switches_and_routers_is_gone_with_its_launcher_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(5)
    words = ("--switch", "lan:10.0.0.0/24,fd00::/64", "--node", "a", "--node", "r", "--router", "r")
    words = ("run", *words, "--pair", "r:10.0.1.1", "c:10.0.1.2", "--", "sleep", "999")

    def kill_one(moment: float) -> None:
        cli = Cli(tmp_path)
        try:
            process = cli.start(*words)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(moment)
            process.kill()
            process.wait(5)
            cli.await_nothing_left(within=1)
        finally:
            cli.close()
            cli.kill()

    before = Census.take("nobody").network_namespaces
    with ThreadPoolExecutor(2) as several:
        list(several.map(kill_one, [chance.uniform(0, 0.12) for _ in range(24)]))
    wait_for(lambda: Census.take("nobody").network_namespaces <= before + SLACK, within=5, what="they are freed")


# --- the command line


def test_run_builds_a_topology_by_its_shape(cli: Cli) -> None:
    done = cli(
        "run",
        "--topology",
        "dumbbell:1,1",
        "--raw",
        "--",
        "sh",
        "-c",
        "ping -qc1 -W2 h2 >/dev/null && echo $SANDBOX_NAME",
    )
    assert sorted(done.stdout.split()) == ["h1", "h2", "r1", "r2"], done.stderr


def test_explain_of_a_topology_by_its_shape_is_a_script_that_builds_it(cli: Cli) -> None:
    done = cli("explain", "--topology", "tree:2,2", "--sh")
    assert done.returncode == 0
    assert "ip -n s2 link set dev port0 master br0" in done.stdout
