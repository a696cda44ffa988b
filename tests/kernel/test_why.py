"""Faults made for real and found, mended by the very command that is told, and nothing wrong afterwards."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import sandbox
from reliability.programs import PYTHON
from sandbox import topologies
from sandbox.why.diagnosis import Diagnosis

from .conftest import Cli, one_error_line

Shape = Callable[[], sandbox.Topology]
Serve = Callable[..., None]
Listening = tuple[str, socket.AddressFamily, socket.SocketKind]

SERVER = (
    "import socket, sys; s = socket.socket(*map(int, sys.argv[1].split())); "
    "s.bind((sys.argv[2], 80)); s.type == 1 and s.listen(); print(flush=True); sys.stdin.read()"
)


def pair() -> sandbox.Topology:
    return sandbox.Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])


def pair_of_ipv6() -> sandbox.Topology:
    return sandbox.Topology.parse([("a:fd00::1", "b:fd00::2")])


def switch() -> sandbox.Topology:
    draft = sandbox.Draft()
    draft.switch("lan:10.0.0.0/24,fd00::/64")
    for name in ("a", "b", "c"):
        draft.node(name)
    return draft.topology()


def routed(*, six: bool = False) -> sandbox.Topology:
    """a and b, and r between them; and a second way by s, which nobody takes."""
    nets = ("fd01::", "fd02::", "fd03::", "fd04::") if six else ("10.0.1.", "10.0.2.", "10.0.3.", "10.0.4.")
    draft = sandbox.Draft()
    for one, other, net in (("a", "r", nets[0]), ("r", "b", nets[1]), ("a", "s", nets[2]), ("s", "b", nets[3])):
        draft.pair(f"{one}:{net}1", f"{other}:{net}2")
    draft.router("r")
    draft.router("s")
    return draft.topology()


def routed_ipv6() -> sandbox.Topology:
    return routed(six=True)


def two_switches() -> sandbox.Topology:
    draft = sandbox.Draft()
    draft.switch("lan:10.0.1.0/24")
    draft.node("a")
    draft.node("r")
    draft.switch("dmz:10.0.2.0/24")
    draft.node("r")
    draft.node("b")
    draft.router("r")
    return draft.topology()


@dataclass(frozen=True)
class Fault:
    """What is done to a lab, the check that has to find it, and what it has to say."""

    shape: Shape
    done: tuple[str, ...]  # NODE COMMAND
    check: str
    says: str
    port: str | None = None
    b: str = "b"


DROP = "nft add table inet t; nft add chain inet t c '{ type filter hook %s priority 0; %s }'"
PERMANENT = "ip neighbour replace 192.168.1.2 lladdr 02:00:00:00:00:99 nud permanent dev eth0"

FAULTS = {
    "interface down": Fault(pair, ("a ip link set eth0 down",), "up", "eth0 of a is down"),
    "peer down": Fault(pair, ("b ip link set eth0 down",), "up", "eth0 of b is down"),
    "router down": Fault(routed, ("r ip link set eth1 down",), "up", "eth1 of r is down"),
    "no address": Fault(pair, ("b ip address flush dev eth0",), "address", "b does not have 192.168.1.2"),
    "no IPv6 address": Fault(pair_of_ipv6, ("a ip address flush dev eth0",), "address", "a has no IPv6 address"),
    "no address at a": Fault(pair, ("a ip address flush dev eth0",), "address", "a has no IPv4 address"),
    "another subnet": Fault(
        pair,
        ("a ip address flush dev eth0", "a ip address add 192.168.7.1/24 dev eth0"),
        "address",
        "different subnets: eth0 of a has 192.168.7.1/24, eth0 of b has 192.168.1.2/24",
    ),
    "prefixes": Fault(
        pair,
        ("b ip address flush dev eth0", "b ip address add 192.168.1.2/31 dev eth0"),
        "address",
        "disagree about the prefix",
    ),
    "too wide": Fault(
        two_switches,
        ("a ip address add 10.0.1.1/16 dev eth0", "a ip address del 10.0.1.1/24 dev eth0"),
        "address",
        "disagree about the prefix: eth0 of a has 10.0.1.1/16, eth0 of r has 10.0.1.2/24",
    ),
    "address taken": Fault(switch, ("c ip address add 10.0.0.2/24 dev eth0",), "address", "b and c both have 10.0.0.2"),
    "no route": Fault(routed, ("a ip route del 10.0.2.0/24",), "route", "a has no route to 10.0.2.2"),
    "no IPv6 route": Fault(routed_ipv6, ("a ip route del fd02::/64",), "route", "a has no route to fd02::2"),
    "unreachable": Fault(
        routed, ("a ip route replace unreachable 10.0.2.0/24",), "route", "a has an unreachable route to 10.0.2.2"
    ),
    "nobody there": Fault(
        routed,
        ("a ip route replace 10.0.2.0/24 via 10.0.1.9",),
        "route",
        "a sends packets for 10.0.2.2 to 10.0.1.9, an address that nobody on that link has",
    ),
    "circle": Fault(
        routed,
        ("r ip route add 10.0.2.2/32 via 10.0.1.1", "a sysctl -qw net.ipv4.ip_forward=1"),
        "route",
        "packets for 10.0.2.2 go round in a circle: r and a",
    ),
    "no route back": Fault(routed, ("b ip route flush 10.0.1.0/24",), "route back", "b has no route to 10.0.1.1"),
    "wrong neighbour": Fault(
        pair,
        (f"a {PERMANENT}",),
        "neighbour",
        "a sends what is for 192.168.1.2 to 02:00:00:00:00:99 (neighbour entry PERMANENT), but eth0 of b is ",
    ),
    "no ARP": Fault(pair, ("b ip link set eth0 arp off",), "neighbour", "eth0 of b takes no part in ARP"),
    "rp_filter": Fault(
        routed,
        (
            "r sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
            "r ip route add 10.0.1.1/32 via 10.0.2.2",
            "b ip route replace 10.0.1.0/24 via 10.0.4.1",
            "s ip route add 10.0.1.1/32 via 10.0.3.1",
        ),
        "rp_filter",
        "r drops packets from 10.0.1.1: they come by eth0, but it would answer by eth1",
    ),
    "forwarding": Fault(routed, ("r sysctl -qw net.ipv4.ip_forward=0",), "forwarding", "r does not forward IPv4"),
    "forwarding of one": Fault(
        routed,
        ("r sysctl -qw net.ipv4.conf.eth0.forwarding=0",),
        "forwarding",
        "r does not forward IPv4 packets that come by eth0",
    ),
    "IPv6 forwarding": Fault(
        routed_ipv6, ("r sysctl -qw net.ipv6.conf.all.forwarding=0",), "forwarding", "r does not forward IPv6"
    ),
    "dropped by a": Fault(
        pair,
        (f"a {DROP % ('output', '')}; nft add rule inet t c ip daddr 192.168.1.2 counter drop",),
        "firewall",
        "a drops pings on output: rule 'ip daddr 192.168.1.2 drop' in chain inet t c, 1 packets",
    ),
    "dropped by r": Fault(
        routed,
        (f"r {DROP % ('forward', '')}; nft add rule inet t c iifname eth0 oifname eth1 drop",),
        "firewall",
        "r drops pings on forward",
    ),
    "policy of b": Fault(
        pair, (f"b {DROP % ('input', 'policy drop;')}",), "firewall", "b drops pings on input: policy drop of chain"
    ),
    "solicitations": Fault(
        pair_of_ipv6,
        (
            f"b {DROP % ('input', 'policy drop;')}; nft add rule inet t c icmpv6 type echo-request accept",
            "a ip neighbour flush dev eth0",
        ),
        "firewall",
        "b drops neighbour solicitations on input: policy drop of chain inet t c",
    ),
    "rejected by b": Fault(
        pair,
        (f"b {DROP % ('input', '')}; nft add rule inet t c tcp dport '{{ 80, 443 }}' reject",),
        "firewall",
        "b drops TCP packets to port 80 on input",
        port="80",
    ),
    "answers dropped": Fault(
        pair,
        (f"b {DROP % ('output', '')}; nft add rule inet t c ct state established drop",),
        "firewall",
        "b drops answers to pings on output",
    ),
    "mtu of b": Fault(
        pair,
        ("b ip link set eth0 mtu 1400",),
        "mtu",
        "packets of more than 1400 bytes vanish between eth0 of a, whose MTU is 1500, and eth0 of b",
    ),
    "mtu of the way": Fault(
        two_switches,
        ("b ip link set eth0 mtu 1300",),
        "mtu",
        "packets of more than 1300 bytes vanish between eth1 of r, whose MTU is 1500, and eth0 of b",
    ),
}


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    """A directory for the sockets of this test alone."""
    directory = tmp_path / "r"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    cli.environment["XDG_RUNTIME_DIR"] = str(directory)


def diagnose(a: str, b: str, port: str | None = None) -> Diagnosis:
    """Of the lab x."""
    with sandbox.connect("x") as lab:
        return sandbox.diagnose(lab[a], b, port)


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Serve:
    """Something that listens on port 80 of a node: at an address, by a family and a type of socket."""

    def begin(node: sandbox.Node, at: str, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> None:
        words = [*PYTHON, SERVER, f"{int(family)} {int(kind)}", at]
        process = node.popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        request.addfinalizer(process.kill)
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.stdin
        request.addfinalizer(process.stdin.close)

    return begin


@pytest.mark.deadline(90)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_mended_by_what_is_told(cli: Cli, name: str, serve: Serve) -> None:
    fault = FAULTS[name]
    for program in ("nft", "sysctl"):
        if any(program in command for command in fault.done) and not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    with sandbox.Lab(fault.shape()) as lab:
        lab.share("x")
        if fault.port:
            serve(lab["b"], "0.0.0.0")
        assert diagnose("a", "b", fault.port), diagnose("a", "b", fault.port)
        for command in fault.done:
            node, _, words = command.partition(" ")
            lab[node].run(words, shell=True, check=True)
        found = diagnose("a", "b", fault.port)
        assert found.first, found
        assert (found.first.name, fault.says in found.verdict) == (fault.check, True), found
        tried = []
        while not found and len(tried) < 3:
            tried.append(found.mend)
            done = cli(*shlex.split(found.mend)[1:])
            assert done.returncode == 0, (found.mend, done.stderr)
            found = diagnose("a", "b", fault.port)
        assert found, (tried, found)
        assert len(tried) == 1, tried


# --- listeners


@pytest.mark.parametrize(
    ("listeners", "port", "says"),
    [
        ([], "80", "nothing in b listens on TCP port 80"),
        ([("127.0.0.1", socket.AF_INET, socket.SOCK_STREAM)], "80", "b listens on TCP port 80 only at 127.0.0.1:80"),
        ([("::1", socket.AF_INET6, socket.SOCK_STREAM)], "80", "b listens on TCP port 80 only at [::1]:80"),
        ([("0.0.0.0", socket.AF_INET, socket.SOCK_DGRAM)], "80", "listens on TCP port 80, only on UDP port 80"),
        ([("0.0.0.0", socket.AF_INET, socket.SOCK_STREAM)], "80/udp", "listens on UDP port 80, only on TCP port 80"),
        ([("fd00::2", socket.AF_INET6, socket.SOCK_STREAM)], "80", "only at [fd00::2]:80, which is IPv6 alone"),
        ([], "80/udp", "nothing in b listens on UDP port 80"),
    ],
)
def test_nobody_who_could_answer_is_found(serve: Serve, listeners: list[Listening], port: str, says: str) -> None:
    with sandbox.Lab(switch()) as lab:
        for at, family, kind in listeners:
            serve(lab["b"], at, family, kind)
        found = sandbox.diagnose(lab["a"], lab["b"], port, version=4)
        assert found.first, found
        assert (found.first.name, says in found.verdict) == ("listener", True), found
        # What ought to listen does now.
        is_udp = port.endswith("udp")
        serve(lab["b"], lab["b"].ip, socket.AF_INET, socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM)
        found = sandbox.diagnose(lab["a"], lab["b"], port, version=4)
        assert found, found


@pytest.mark.parametrize("at", ["0.0.0.0", "10.0.0.2", "::", "fd00::2"])
def test_who_listens_where_it_is_asked_is_reached(serve: Serve, at: str) -> None:
    six = ":" in at
    with sandbox.Lab(switch()) as lab:
        serve(lab["b"], at, socket.AF_INET6 if six else socket.AF_INET)
        for version in {"::": (4, 6), "fd00::2": (6,)}.get(at, (4,)):
            found = sandbox.diagnose(lab["a"], lab["b"], 80, version=version)
            assert found, found
            assert found.verdict.endswith(f"at {'fd00::2' if version == 6 else '10.0.0.2'}, TCP port 80")


# --- nothing wrong


SOUND = {
    "pair": (pair, "a", "b"),
    "pair of IPv6": (pair_of_ipv6, "a", "b"),
    "switch": (switch, "a", "c"),
    "itself": (switch, "a", "a"),
    "routed": (routed, "a", "b"),
    "routed IPv6": (routed_ipv6, "b", "a"),
    "two switches": (two_switches, "a", "b"),
    "address": (two_switches, "a", "10.0.2.2"),
    "loopback": (pair, "a", "127.0.0.1"),
    "tree": (lambda: topologies.tree(2, 2), "h1", "h4"),
    "ring": (lambda: topologies.ring(6), "r1", "r4"),
    "fat tree": (lambda: topologies.fat_tree(4), "h1", "h16"),
    "dumbbell of both": (lambda: topologies.dumbbell(2, 2, subnet="10.0.0.0/8,fd00::/48"), "h1", "h4"),
}


@pytest.mark.parametrize("name", SOUND)
def test_in_a_sound_lab_nothing_is_wrong(name: str) -> None:
    shape, a, b = SOUND[name]
    with sandbox.Lab(shape()) as lab:
        for version in (None, 4, 6) if name == "dumbbell of both" else (None,):
            found = sandbox.diagnose(lab[a], b, version=version)
            assert found, found
            assert not [each for each in found.checks if each.ok is False]
            assert found.verdict.startswith(f"nothing is wrong: {a} reaches ")
            assert (found.first, found.mend) == (None, "")


def test_rules_that_let_it_pass_are_in_nobodys_way(serve: Serve) -> None:
    rules = (
        "flush ruleset; table inet t { set ours { type ipv4_addr; flags interval; elements = { 192.168.1.0/24 } }; "
        "chain web { ip saddr @ours tcp dport { 80, 443 } accept; }; "
        "chain c { type filter hook input priority 0; policy drop; "
        "ct state vmap { established : accept, invalid : drop }; iif lo accept; tcp dport != 22 jump web; }; }"
    )
    with sandbox.Lab(pair()) as lab:
        a, b = lab.nodes
        b.run(["nft", rules], check=True)
        serve(b, "0.0.0.0")
        assert (found := sandbox.diagnose(a, b, 80)), found
        assert next(each for each in found.checks if each.name == "firewall").ok, found
        assert sandbox.diagnose(a, b, 81).verdict.startswith("b drops TCP packets to port 81 on input: policy drop")
        assert sandbox.diagnose(a, b).verdict.startswith("b drops pings on input: policy drop")


def test_a_rule_that_cannot_be_judged_is_told_of_only_when_nothing_gets_through() -> None:
    with sandbox.Lab(pair()) as lab:
        a, b = lab.nodes
        b.run(f"{DROP % ('input', '')}; nft add rule inet t c meta mark 7 counter drop", shell=True, check=True)
        assert sandbox.diagnose(a, b)
        b.run("nft add rule inet t c ip ttl 64 counter drop", shell=True, check=True)
        assert sandbox.diagnose(a, b).verdict.startswith("b may drop pings on input: rule 'ip ttl 64 drop'")


def test_translated_addresses_need_no_way_back() -> None:
    with sandbox.Lab(routed()) as lab:
        nat = "nft add table ip n; nft add chain ip n c '{ type nat hook postrouting priority 100; }'"
        lab["r"].run(f"{nat}; nft add rule ip n c oifname eth1 masquerade", shell=True, check=True)
        lab["b"].run(["ip", "route", "flush", "10.0.1.0/24"], check=True)
        found = sandbox.diagnose(lab["a"], "b")
        assert found, found
        assert next(each for each in found.checks if each.name == "route back").ok is None


def test_a_router_that_says_what_fits_is_nothing_wrong() -> None:
    draft = sandbox.Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.2")
    draft.pair("r:10.0.2.1,mtu=1400", "b:10.0.2.2,mtu=1400")
    draft.router("r")
    with sandbox.Lab(draft.topology()) as lab:
        assert (found := sandbox.diagnose(lab["a"], "b")), found
        # Unless nobody is told.
        lab["r"].run(
            f"{DROP % ('output', '')}; nft add rule inet t c icmp type destination-unreachable drop",
            shell=True,
            check=True,
        )
        lab["a"].run(["ip", "route", "flush", "cache"], check=True)
        found = sandbox.diagnose(lab["a"], "b")
        assert found.verdict.startswith("small packets arrive, large ones do not"), found
        assert found.mend == "ip -n a link set eth0 mtu 1400"


# --- on the command line


def test_the_command_line_says_it_and_its_status_tells(cli: Cli) -> None:
    with sandbox.Lab(switch()) as lab:
        lab.share("x")
        for words in (("x/a", "b"), ("x/a", "x/b"), ("x/a", "10.0.0.2"), ("x/a", "b", "-6"), ("x/a", "fd00::2")):
            done = cli("why", *words)
            assert (done.returncode, done.stderr) == (0, ""), (words, done)
            assert done.stdout.splitlines()[-1].startswith("nothing is wrong: a reaches b at "), done.stdout
        lab["b"].run(["ip", "link", "set", "eth0", "down"], check=True)
        done = cli("why", "x/a", "b")
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.endswith("\neth0 of b is down\nto mend it: sandbox interface x/b eth0 up\n")
        record = json.loads(cli("why", "x/a", "b", "--json").stdout)
        assert (record["ok"], record["verdict"]) == (False, "eth0 of b is down")
        assert record["checks"][0] == {
            "name": "interface",
            "ok": True,
            "seen": "a has eth0, b has eth0",
            "wrong": "",
            "mend": "",
        }


def test_a_port_of_a_switch_is_switched_off_found_and_on_again(cli: Cli) -> None:
    with sandbox.Lab(switch()) as lab:
        lab.share("x")
        assert cli("interface", "x/lan", "port1", "down").returncode == 0
        found = diagnose("a", "b")
        assert (found.verdict, found.mend) == ("port1 of lan is down", "sandbox interface x/lan port1 up")
        assert cli(*shlex.split(found.mend)[1:]).returncode == 0
        assert diagnose("a", "b")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nolab/a", "b"), "'nolab': no such lab"),
        (("x/nobody", "b"), "'nobody': no such node in 'x'"),
        (("x", "b"), "'x': which node"),
        (("x/a", "y/b"), "'y/b': of another lab than 'x'"),
        (("x/a", "nobody"), "'nobody': neither an address nor a place that is known here - known are a, b, c, lan"),
        (("x/a", "lan"), "'lan': a switch, which has no address - name a node"),
        (("x/a", "224.0.0.1"), "'224.0.0.1': nobody's own address"),
        (("x/a", "fe80::1"), "'fe80::1': a link-local address"),
        (("x/a", "10.0.0.2", "-6"), "'10.0.0.2': an IPv4 address, and IPv6 was asked for"),
        (("x/a", "b", "http"), "'http': not a port"),
    ],
)
def test_who_cannot_be_asked_about_is_refused(cli: Cli, words: tuple[str, ...], says: str) -> None:
    with sandbox.Lab(switch()) as lab:
        lab.share("x")
        done = cli("why", *words)
    assert done.returncode == 2
    assert says in one_error_line(done.stderr)


def test_the_lab_is_as_before_and_nobody_has_entered_it(cli: Cli) -> None:
    with sandbox.Lab(switch()) as lab:
        before = lab["a"].run(["ip", "-d", "link"], capture_output=True).stdout
        threads, descriptors = threading.active_count(), os.listdir("/proc/self/fd")
        assert sandbox.diagnose(lab["a"], "b")
        assert threading.active_count() == threads
        assert os.listdir("/proc/self/fd") == descriptors
        assert lab.processes() == []
        assert lab["a"].run(["ip", "-d", "link"], capture_output=True).stdout == before
    assert cli.processes() == []


def test_nodes_of_two_labs_never_meet() -> None:
    with (
        sandbox.Lab(pair()) as lab,
        sandbox.Lab(pair()) as other,
        pytest.raises(sandbox.RequestError, match="two labs"),
    ):
        sandbox.diagnose(lab["a"], other["b"])


def test_what_is_no_ip_version_is_refused() -> None:
    with sandbox.Lab(pair()) as lab, pytest.raises(sandbox.RequestError, match="version 5: not an IP version"):
        sandbox.diagnose(lab["a"], lab["b"], version=5)


def test_an_alias_is_known() -> None:
    draft = sandbox.Draft()
    draft.pair("a:10.0.0.1", "b:10.0.0.2")
    draft.alias("www", "b")
    with sandbox.Lab(draft.topology()) as lab:
        assert sandbox.diagnose(lab["a"], "www").b == "b"
