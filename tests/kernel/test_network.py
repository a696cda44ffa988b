"""The network: what `ip -j` shows, and packets that arrive."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import Any

import pytest

import sandbox
from reliability.programs import PYTHON
from sandbox.topology.draft import Draft

from .conftest import PAIR, Cli

PAIRS = {
    "v4": ("a:192.168.1.1", "b:192.168.1.2"),
    "v6": ("a:fd00::1", "b:fd00::2"),
    "v4-31": ("a:10.9.0.0/31", "b:10.9.0.1/31"),
    "v6-127": ("a:fd00::/127", "b:fd00::1/127"),
    "link-local": ("a:169.254.1.1/16", "b:169.254.1.2/16"),
    "v4-8": ("a:10.0.0.1/8", "b:10.255.255.254/8"),
    "too small for IPv6": ("a:10.0.0.1,mtu=1279", "b:10.0.0.2,mtu=1279"),
}


def ip(node: sandbox.Node, *words: str) -> list[dict[str, Any]]:
    """What iproute2 says in a node."""
    done = node.run(["ip", "-j", "-d", *words], capture_output=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def addresses(node: sandbox.Node, interface: str) -> set[str]:
    (found,) = ip(node, "address", "show", "dev", interface)
    return {f"{each['local']}/{each['prefixlen']}" for each in found["addr_info"]}


@pytest.mark.parametrize("ends", PAIRS.values(), ids=PAIRS)
def test_each_reaches_the_other_by_address_and_by_name(ends: tuple[str, str]) -> None:
    with sandbox.pair(*ends) as (a, b):
        for node, peer in ((a, b), (b, a)):
            for target in (str(peer.ip), peer.name):
                done = node.run(["ping", "-c", "1", "-W", "1", target], capture_output=True, text=True)
                assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("ends", PAIRS.values(), ids=PAIRS)
def test_an_interface_has_the_address_asked_for_and_no_other(ends: tuple[str, str]) -> None:
    with sandbox.pair(*ends) as nodes:
        for node, end in zip(nodes, nodes[0].lab.topology.links[0].ends, strict=True):
            found = addresses(node, "eth0")
            link_local = {each for each in found if each.startswith("fe80:")}
            assert found - link_local == set(map(str, end.addresses))
            assert bool(link_local) <= (end.addresses[0].version == 6)


def test_the_two_ends_are_a_veth_pair_and_up(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    for node in pair:
        lo, eth0 = ip(node, "link")
        assert (lo["ifname"], lo["ifindex"]) == ("lo", 1)
        assert (eth0["ifname"], eth0["ifindex"], eth0["link_index"]) == ("eth0", 2, 2)
        assert eth0["linkinfo"]["info_kind"] == "veth"
        assert {"UP", "LOWER_UP"} <= set(eth0["flags"])
        assert "UP" in lo["flags"]
        assert eth0["operstate"] == "UP"


def test_routes_are_those_of_the_own_subnet(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    (route,) = ip(pair[0], "route")
    assert (route["dst"], route["dev"], route["prefsrc"]) == ("192.168.1.0/24", "eth0", "192.168.1.1")
    assert [each["dst"] for each in ip(pair[0], "-6", "route")] == []


def test_ipv6_addresses_can_be_bound_at_once() -> None:
    with sandbox.pair("a:fd00::1", "b:fd00::2") as (a, _):
        (found,) = ip(a, "address", "show", "dev", "eth0")
        assert "fd00::1" in {each["local"] for each in found["addr_info"]}
        assert not [each for each in found["addr_info"] if "tentative" in each]
        a.run([*PYTHON, "import socket; socket.socket(socket.AF_INET6).bind(('fd00::1', 80))"], check=True)


def test_a_command_alone_has_nothing_but_lo(cli: Cli) -> None:
    done = cli("run", "--", "ip", "-j", "address")
    (lo,) = json.loads(done.stdout)
    assert lo["ifname"] == "lo"
    assert "UP" in lo["flags"]
    assert cli("run", "--", "ip", "route").stdout == ""


def test_a_command_alone_reaches_itself_and_nobody_else(node: sandbox.Node) -> None:
    node.run(["ping", "-c", "1", "-W", "1", "127.0.0.1"], check=True, stdout=subprocess.DEVNULL)
    node.run(["ping", "-c", "1", "-W", "1", "::1"], check=True, stdout=subprocess.DEVNULL)
    assert node.run(["ping", "-c", "1", "-W", "1", "8.8.8.8"], capture_output=True).returncode != 0


def test_the_host_cannot_be_reached(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"
        done = pair[0].run([*PYTHON, script], capture_output=True, text=True)
    assert "ConnectionRefusedError" in done.stderr


NOWHERE = ("192.0.2.1", "198.51.100.1", "2001:db8::1")  # RFC 5737, RFC 3849


@pytest.mark.parametrize("routes", [True, False], ids=["routes", "no-routes"])
def test_a_switch_and_a_router_lead_nowhere_but_to_each_other(routes: bool) -> None:
    draft = Draft()
    draft.switch("lan:10.7.1.0/24,fd00:7:1::/64")
    draft.node("a")
    draft.node("r")
    draft.switch("far:10.7.2.0/24,fd00:7:2::/64")
    draft.node("r")
    draft.node("b")
    draft.router("r")
    if not routes:
        draft.no_routes()
    with socket.create_server(("", 0)) as server, sandbox.Lab(draft.topology()) as lab:
        script = CONNECT.format(targets=[*NOWHERE, *of_this_host()], port=server.getsockname()[1])
        for node in lab:
            assert node.run([*PYTHON, script], capture_output=True, text=True, check=True).stdout == "nowhere\n"
        assert not [each for each in ip(lab["r"], "route") if each["dst"] == "default"]


CONNECT = """
import socket
for target in {targets}:
    try:
        socket.create_connection((target, {port}), 0.3).close()
        print(target)
    except OSError:
        pass
print('nowhere')
"""


def of_this_host() -> list[str]:
    """The addresses that this machine has."""
    output = subprocess.run(["ip", "-j", "address"], capture_output=True, check=True).stdout
    return [each["local"] for link in json.loads(output) for each in link["addr_info"] if each["scope"] == "global"]


SETTINGS = {
    "net/ipv4/ip_forward": "0",
    "net/ipv4/ip_unprivileged_port_start": "0",
}


@pytest.mark.parametrize(("key", "expected"), SETTINGS.items())
def test_settings_do_not_depend_on_the_host(pair: tuple[sandbox.Node, sandbox.Node], key: str, expected: str) -> None:
    for node in pair:
        assert node.run(["cat", f"/proc/sys/{key}"], capture_output=True, text=True).stdout.strip() == expected


def test_anyone_may_ping_without_privilege(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    script = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)"
    for node in pair:
        node.run([*PYTHON, script], check=True)
        low, high = node.run(["cat", "/proc/sys/net/ipv4/ping_group_range"], capture_output=True).stdout.split()
        gid = int(node.run(["id", "-g"], capture_output=True).stdout)
        assert int(low) <= gid <= int(high)


def test_router_advertisements_are_not_believed() -> None:
    with sandbox.pair("a:fd00::1", "b:fd00::2") as (a, _):
        assert a.run(["cat", "/proc/sys/net/ipv6/conf/eth0/accept_ra"], capture_output=True).stdout == b"0\n"


SERVER = """
import os, socket, sys
with socket.create_server(('', 80)) as server:
    print('listening', flush=True)
    connection, _ = server.accept()
    connection.sendall(os.environ['SANDBOX_NAME'].encode())
    connection.close()
"""
CLIENT = """
import os, socket
with socket.create_connection((os.environ['SANDBOX_PEER'], 80), 5) as connection:
    print(connection.recv(9).decode())
"""


def test_both_serve_on_port_80_and_the_hosts_is_untouched(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    def listening() -> str:
        return subprocess.run(["ss", "-Hltn", "sport", "=", ":80"], capture_output=True, text=True).stdout

    before = listening()
    servers = [node.popen([*PYTHON, SERVER], stdout=subprocess.PIPE, text=True) for node in pair]
    for server in servers:
        assert server.stdout
        assert server.stdout.readline() == "listening\n"
    assert listening() == before
    for node, peer in zip(pair, "ba", strict=True):
        assert node.run([*PYTHON, CLIENT], capture_output=True, text=True, check=True).stdout == f"{peer}\n"
    assert [server.communicate(timeout=5) for server in servers] == [("", None)] * 2


def test_two_labs_may_have_the_same_names_and_addresses() -> None:
    with sandbox.pair(*PAIRS["v4"]) as (a, b), sandbox.pair(*PAIRS["v4"]) as (other_a, other_b):
        for here, there in ((a, b), (other_a, other_b)):
            server = there.popen([*PYTHON, SERVER], stdout=subprocess.PIPE, text=True)
            assert server.stdout
            assert server.stdout.readline() == "listening\n"
            assert here.run([*PYTHON, CLIENT], capture_output=True, text=True).stdout == "b\n"
            assert server.communicate(timeout=5) == ("", None)
            # Whoever listened was this lab's b: in the other nobody does.
            assert here.run([*PYTHON, CLIENT], capture_output=True).returncode != 0


def test_a_chain_of_three_is_two_pairs_and_no_router() -> None:
    topology = sandbox.Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2")])
    with sandbox.Lab(topology) as lab:
        assert addresses(lab["b"], "eth0") == {"10.0.1.2/24"}
        assert addresses(lab["b"], "eth1") == {"10.0.2.1/24"}
        for node, target, reached in (("a", "b", True), ("b", "c", True), ("c", "10.0.2.1", True), ("a", "c", False)):
            done = lab[node].run(["ping", "-c", "1", "-W", "1", target], capture_output=True)
            assert (done.returncode == 0) == reached, (node, target)


def test_two_cables_between_the_same_two_nodes() -> None:
    topology = sandbox.Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("a:fd00::1", "b:fd00::2")])
    with sandbox.Lab(topology) as lab:
        for target in ("10.0.1.2", "fd00::2"):
            lab["a"].run(["ping", "-c", "1", "-W", "1", target], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.usefixtures("links_of_the_host")
def test_the_host_hears_nothing_of_our_links(cli: Cli) -> None:
    for _ in range(3):
        assert cli("run", *PAIR, "--", "true").returncode == 0
    with sandbox.pair("a:fd00::1", "b:fd00::2") as (a, _):
        a.run(["ip", "link", "set", "eth0", "down"], check=True)


def test_no_namespace_has_a_name(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    with pair[0].popen(["sleep", "99"]) as sleeping:
        assert subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout == listed
        sleeping.kill()
