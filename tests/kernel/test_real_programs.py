"""Servers, routing daemons and tools as they are installed: in a lab they run unchanged, root or not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import pytest

import sandbox
from reliability.census import wait_for

SYSTEM = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # an ordinary user's PATH lacks where Debian has its daemons


def program(name: str) -> str:
    """The path of an installed program; a test without it is not run."""
    return shutil.which(name, path=SYSTEM) or pytest.skip(f"{name} is not installed: ./sbx test does so for root")


def output(node: sandbox.Node, *words: str) -> str:
    """What a command prints in a node; it must succeed."""
    return str(node.run(words, check=True, stdout=subprocess.PIPE, text=True, timeout=20).stdout)


def await_server(node: sandbox.Node, port: int, *, kind: str = "tcp") -> None:
    """Wait until something in the node listens on a port."""
    words = ("ss", "-Hln", f"--{kind}", f"sport = :{port}")
    wait_for(lambda: output(node, *words), within=10, what=f"a server on {kind} port {port}")


def routed() -> sandbox.Topology:
    """Two hosts and the router between their networks."""
    draft = sandbox.Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.254")
    draft.pair("b:10.0.2.1", "r:10.0.2.254")
    draft.router("r")
    return draft.topology()


# --- servers

NGINX = """
daemon off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server { listen 80; return 200 "$hostname\\n"; }
}
"""


def test_nginx_serves_on_port_80_of_three_nodes_and_curl_finds_each_by_name(tmp_path: Path) -> None:
    nginx, curl = program("nginx"), program("curl")
    draft = sandbox.Draft()
    draft.switch("lan:10.0.0.0/24")
    for name in ("red", "green", "blue"):
        draft.node(name)
    with sandbox.Lab(draft.topology()) as lab:
        for node in lab:
            prefix = tmp_path / node.name
            prefix.mkdir()
            (prefix / "nginx.conf").write_text(NGINX)
            node.popen([nginx, "-e", "stderr", "-p", prefix, "-c", "nginx.conf"])
        for node in lab:
            await_server(node, 80)
        for node, peer in permutations(lab, 2):
            assert output(node, curl, "-sSf", f"http://{peer.name}/") == f"{peer.name}\n"


def test_a_redis_replica_has_what_was_written_to_its_primary(tmp_path: Path) -> None:
    server, client = program("redis-server"), program("redis-cli")
    # Without a password redis answers to loopback only, unless it is told that its network may be trusted.
    start = [server, "--protected-mode", "no", "--save", "", "--repl-diskless-sync-delay", "0", "--dir", str(tmp_path)]
    with sandbox.pair("primary:10.0.0.1", "replica:10.0.0.2") as (primary, replica):
        primary.popen(start, stdout=subprocess.DEVNULL)
        await_server(primary, 6379)
        replica.popen([*start, "--replicaof", "primary", "6379"], stdout=subprocess.DEVNULL)
        await_server(replica, 6379)
        wait_for(lambda: "master_link_status:up" in output(replica, client, "info", "replication"), within=15)
        assert output(primary, client, "set", "colour", "green") == "OK\n"
        wait_for(lambda: output(replica, client, "get", "colour") == "green\n", within=15)
        assert output(primary, client, "-h", "replica", "role").split()[:3] == ["slave", "primary", "6379"]


def test_iperf3_measures_across_a_router() -> None:
    iperf3 = program("iperf3")
    with sandbox.Lab(routed()) as lab:
        lab["b"].popen([iperf3, "-s"])
        await_server(lab["b"], 5201)
        report = json.loads(output(lab["a"], iperf3, "-c", "b", "-n", "16M", "-J"))
        (interface,) = json.loads(output(lab["r"], "ip", "-j", "-s", "link", "show", "eth1"))
        assert 0 < report["end"]["sum_received"]["bytes"] < interface["stats64"]["tx"]["bytes"]


# --- networks that are told their addresses, and their ways

# What udhcpc calls with each news, and the news in variables. The one of the system would write /etc/resolv.conf.
LEASED = """#!/bin/sh
[ "$1" != bound ] || ip address add "$ip/$mask" dev "$interface"
"""


def test_dnsmasq_leases_addresses_to_udhcpc(tmp_path: Path) -> None:
    dnsmasq, udhcpc = program("dnsmasq"), program("udhcpc")
    script = tmp_path / "leased"
    script.write_text(LEASED)
    script.chmod(0o755)
    draft = sandbox.Draft()
    draft.switch("lan")
    draft.node("server:10.0.0.1")
    for name in ("a", "b"):
        draft.node(name)
    with sandbox.Lab(draft.topology()) as lab:
        server, *clients = lab
        leases = tmp_path / "leases"
        words = [dnsmasq, "--no-daemon", "--conf-file=/dev/null", "--dhcp-range=10.0.0.100,10.0.0.199", "--no-ping"]
        server.popen([*words, f"--dhcp-leasefile={leases}"])
        await_server(server, 67, kind="udp")
        for client in clients:
            # Until it is bound (-q), else without success (-n); it goes by the name of its node.
            output(client, udhcpc, "-fqn", "-i", "eth0", "-s", str(script), "-x", f"hostname:{client.name}")
        leased = {client.name: output(client, "hostname", "-I").strip() for client in clients}
        output(lab["a"], "ping", "-c", "1", "-W", "1", leased["b"])
        known = {words[3]: words[2] for words in map(str.split, leases.read_text().splitlines())}
        assert known == leased


BIRD = """
protocol device {}
protocol kernel { ipv4 { export all; }; }
protocol ospf {
    ipv4 {};
    area 0 {
        interface "lo" { stub; };
        interface "eth*" { type ptp; hello 1; dead 4; };
    };
}
"""
ROUTERS = 5


@pytest.mark.deadline(90)
def test_bird_finds_the_ways_around_a_ring_and_another_when_a_link_is_taken_down(tmp_path: Path) -> None:
    bird = program("bird")
    (tmp_path / "bird.conf").write_text(BIRD)
    with sandbox.Lab(ring(ROUTERS)) as lab:
        loopbacks = {node: f"10.255.0.{number}" for number, node in enumerate(lab, 1)}
        for node, address in loopbacks.items():
            output(node, "ip", "address", "add", f"{address}/32", "dev", "lo")
        assert len(unreached(loopbacks)) == ROUTERS * (ROUTERS - 1)
        for node in lab:
            node.popen([bird, "-f", "-c", "bird.conf", "-s", node.name], cwd=tmp_path)
        wait_for(lambda: not unreached(loopbacks), within=30, what="each router reaches all others")
        first, last = lab["r1"], lab["r5"]
        assert "via 10.0.5.5 dev eth1" in output(first, "ip", "route", "get", loopbacks[last])
        output(first, "ip", "link", "set", "eth1", "down")
        wait_for(lambda: not unreached(loopbacks), within=30, what="each router reaches all others another way")
        assert "via 10.0.1.2 dev eth0" in output(first, "ip", "route", "get", loopbacks[last])


def ring(size: int) -> sandbox.Topology:
    """Routers r1, r2... each with the next on its eth0 (r1) or eth1, and without routes."""
    draft = sandbox.Draft()
    for number in range(1, size + 1):
        following = number % size + 1
        draft.pair(f"r{number}:10.0.{number}.{number}", f"r{following}:10.0.{number}.{following}")
        draft.router(f"r{number}")
    draft.no_routes()
    return draft.topology()


def unreached(addresses: dict[sandbox.Node, str]) -> list[tuple[sandbox.Node, str]]:
    """Which nodes do not reach which of the others' addresses."""
    questions = [(node, address) for node, own in addresses.items() for address in addresses.values() if address != own]

    def fails(question: tuple[sandbox.Node, str]) -> bool:
        node, address = question
        return bool(node.run(["ping", "-c", "1", "-W", "1", address], capture_output=True).returncode)

    with ThreadPoolExecutor(4) as several:
        return [question for question, failed in zip(questions, several.map(fails, questions), strict=True) if failed]


# --- a look at the wire


def test_tcpdump_in_a_router_sees_what_is_forwarded() -> None:
    tcpdump = program("tcpdump")
    with sandbox.Lab(routed()) as lab:
        words = ["timeout", "10", tcpdump, "-nvl", "-i", "eth1", "-c", "2", "icmp"]
        with lab["r"].popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
            assert watching.stderr
            assert any("listening on eth1" in line for line in watching.stderr)
            output(lab["a"], "ping", "-c", "1", "-W", "1", "b")
            seen, _ = watching.communicate(timeout=10)
    assert "ttl 63" in seen
    assert "10.0.1.1 > 10.0.2.1: ICMP echo request" in seen
    assert "10.0.2.1 > 10.0.1.1: ICMP echo reply" in seen
