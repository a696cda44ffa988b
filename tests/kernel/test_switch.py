"""Labs with switches and routers: who reaches whom, and that the first packet does."""

from __future__ import annotations

import socket
import subprocess
from typing import Any

import pytest

import sandbox
from sandbox.cli.requests import parse_explain

from .conftest import Cli
from .test_network import ip

LAN = "--switch lan:10.0.0.0/24,fd00:0:0:1::/64 --node a --node b --node c"
ROUTED = (
    "--switch lan:10.0.0.0/24,fd00:0:0:1::/64 --node a --node r "
    "--switch wan:10.1.0.0/24,fd00:0:0:2::/64 --node r --node s "
    "--pair s:10.2.0.1,fd00:0:0:3::1 b:10.2.0.2,fd00:0:0:3::2 --router r --router s --alias b:www.example.com"
)
TREE = "--switch s1:10.0.0.0/24 --node a --switch s2:10.0.0.0/24 --node b --switch core --pair core s1 --pair core s2"
LAUNCHES = 40
ETH_P_IP = 0x0800
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


def lab(words: str) -> sandbox.Lab:
    request = parse_explain(words.split())
    assert request is not None
    return sandbox.Lab(request.topology)


def address(node: sandbox.Node, version: int) -> str:
    """The last address that a node was given of one IP version: a router's farthest."""
    ends = [end for link in node.lab.topology.links for end in link.ends if end.node == node.name]
    return [each.ip for end in ends for each in end.addresses if each.version == version][-1]


@pytest.mark.parametrize("words", [LAN, ROUTED, TREE], ids=["switch", "routed", "tree"])
def test_every_node_reaches_every_other_by_address_and_by_name(words: str) -> None:
    with lab(words) as built:
        for node in built:
            targets = [peer.name for peer in built]
            targets += [address(peer, 4) for peer in built]
            if "fd00" in words:
                targets += [address(peer, 6) for peer in built]
            pings = [
                node.popen(["ping", "-qc1", "-W1", each], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                for each in targets
            ]
            for ping in pings:
                said, _ = ping.communicate()
                assert ping.returncode == 0, (node, said)


def test_an_alias_is_found_by_programs() -> None:
    with lab(ROUTED) as built:
        found = built["a"].run(["getent", "ahostsv4", "www.example.com"], capture_output=True, text=True, check=True)
        assert found.stdout.split()[0] == "10.2.0.2"


@pytest.mark.parametrize("version", FAMILIES)
@pytest.mark.parametrize(("words", "first", "last"), [(LAN, "a", "c"), (ROUTED, "a", "b")], ids=["switch", "routed"])
def test_a_packet_sent_in_the_moment_the_lab_is_up_arrives(words: str, first: str, last: str, version: int) -> None:
    # Through a port that forwards by then, a neighbour that can be asked for, and routes that are there.
    for _ in range(LAUNCHES):
        with lab(words) as built:
            target = (address(built[last], version), 9)
            kind = (FAMILIES[version], socket.SOCK_DGRAM)
            with built[last].socket(*kind) as receiver, built[first].socket(*kind) as sender:
                receiver.bind(target)
                receiver.settimeout(0.8)  # a lost or stalled packet takes a second at least
                sender.sendto(b"x", target)
                assert receiver.recv(9) == b"x"


def test_interfaces_have_the_mtu_and_the_mac_address_asked_for() -> None:
    words = "--switch lan:10.0.0.0/24,mtu=9000 --node a --node b:mtu=1400,mac=02:00:00:00:00:0b"
    words += " --pair a:10.1.0.1,mtu=1300 b:10.1.0.2"
    shown: dict[str, Any] = {}
    with lab(words) as built:
        for node in built:
            shown |= {f"{node.name} {link['ifname']}": link for link in ip(node, "link")}
    assert {name: link["mtu"] for name, link in shown.items() if "eth" in name} == {
        "a eth0": 9000,
        "a eth1": 1300,
        "b eth0": 1400,
        "b eth1": 1500,
    }
    assert shown["b eth0"]["address"] == "02:00:00:00:00:0b"


def test_a_packet_of_the_whole_mtu_passes_a_switch() -> None:
    with lab("--switch lan:10.0.0.0/24,fd00::/64,mtu=9000 --node a --node b") as built:
        for target, most in (("10.0.0.2", 9000 - 28), ("fd00::2", 9000 - 48)):
            for size, passes in ((most, True), (most + 1, False)):
                words = ["ping", "-qc1", "-W1", "-M", "do", "-s", str(size), target]
                assert (built["a"].run(words, capture_output=True).returncode == 0) is passes, (target, size)


def test_switches_that_are_not_joined_are_two_networks() -> None:
    with lab("--switch s1:10.0.0.0/24 --node a --node b --switch s2:10.1.0.0/24 --node c --node d") as built:
        assert built["a"].run(["ping", "-qc1", "-W1", "b"], capture_output=True).returncode == 0
        assert built["c"].run(["ping", "-qc1", "-W1", "d"], capture_output=True).returncode == 0
        lost = built["a"].run(["ping", "-qc1", "-W1", "c"], capture_output=True, text=True)
        assert "Network is unreachable" in lost.stderr + lost.stdout


def test_a_node_that_is_no_router_passes_nothing_on() -> None:
    words = "--pair a:10.0.1.1 m:10.0.1.2 --pair m:10.0.2.1 b:10.0.2.2"
    with lab(words) as built:
        built["a"].run(["ip", "route", "add", "default", "via", "10.0.1.2"], check=True)
        built["b"].run(["ip", "route", "add", "default", "via", "10.0.2.1"], check=True)
        assert built["a"].run(["ping", "-qc1", "-W1", "10.0.2.2"], capture_output=True).returncode != 0
    with lab(f"{words} --router m") as built:
        assert built["a"].run(["ping", "-qc1", "-W1", "10.0.2.2"], capture_output=True).returncode == 0


def test_without_static_routes_a_router_forwards_for_who_knows_the_way() -> None:
    with lab("--pair a:10.0.1.1 m:10.0.1.2 --pair m:10.0.2.1 b:10.0.2.2 --router m --no-routes") as built:
        assert [route["dst"] for route in ip(built["a"], "route")] == ["10.0.1.0/24"]
        built["a"].run(["ip", "route", "add", "10.0.2.0/24", "via", "10.0.1.2"], check=True)
        built["b"].run(["ip", "route", "add", "10.0.1.0/24", "via", "10.0.2.1"], check=True)
        assert built["a"].run(["ping", "-qc1", "-W1", "10.0.2.2"], capture_output=True).returncode == 0


@pytest.mark.usefixtures("links_of_the_host")
def test_the_host_hears_nothing_of_switches() -> None:
    with lab(ROUTED) as built:
        assert built["a"].run(["true"]).returncode == 0


def test_two_labs_with_the_same_switch_run_side_by_side() -> None:
    with lab(LAN) as one, lab(LAN) as other:
        for built in (one, other):
            assert built["a"].run(["ping", "-qc1", "-W1", "c"], capture_output=True).returncode == 0
        one["c"].run(["ip", "link", "set", "eth0", "down"], check=True)
        assert other["a"].run(["ping", "-qc1", "-W1", "c"], capture_output=True).returncode == 0


def test_a_command_runs_in_every_node_of_a_switch_and_in_no_switch(cli: Cli) -> None:
    done = cli("run", *LAN.split(), "--", "sh", "-c", "echo $SANDBOX_NAME $SANDBOX_IP $SANDBOX_PEER")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == ["a | a 10.0.0.1 b", "b | b 10.0.0.2 c", "c | c 10.0.0.3 a"]


def test_a_switch_passes_on_what_only_the_ends_may_judge() -> None:
    # Where br_netfilter is loaded a bridge drops what it takes for unsound IP, unless it is told not to look.
    ethernet, unsound = b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00", b"\x45" + bytes(45)
    with lab("--switch lan:10.0.0.0/24 --node a --node b") as built:
        wires = [built[name].socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP)) for name in ("a", "b")]
        for wire in wires:
            wire.bind(("eth0", 0))
            wire.settimeout(5)
        with wires[0] as sender, wires[1] as receiver:
            sender.send(ethernet + unsound)
            assert receiver.recv(2000) == ethernet + unsound
