"""The explanation is true: its script, run by a shell as root, ends in the state that `run` makes."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox.cli.requests import parse_explain

from .conftest import Cli

PAIR = "--pair a:192.168.1.1 b:192.168.1.2"
TOPOLOGIES = {
    "v4": PAIR,
    "v6": "--pair a:fd00::1 b:fd00::2",
    "chain": "--pair a:10.0.1.1 b:10.0.1.2 --pair b:fd00::1 c:fd00::2 --pair c:10.0.3.0/31 a:10.0.3.1/31",
    "dual stack, MTU and MAC": "--pair a:10.0.0.1,fd00::1,mtu=1400 b:fd00::2,10.0.0.2,mac=02:00:00:00:00:0b",
    "switch": "--switch lan:10.0.0.0/24,mtu=9000 --node a --node b:mtu=1400 --node c:mac=02:00:00:00:00:0c",
    "switch without subnets": "--switch lan --node a --node b:10.0.0.1",
    "switches": "--switch s1:10.0.0.0/24 --node a --switch s2:10.0.0.0/24 --node b --pair s1 s2",
    "router": "--switch lan:10.0.0.0/24,fd00:0:0:1::/64 --node a --node r "
    "--switch wan:10.1.0.0/24,fd00:0:0:2::/64 --node r --node s --pair s:10.2.0.1 b:10.2.0.2 --router r --router s",
    "no routes": "--pair a:10.0.1.1 r:10.0.1.2 --pair r:10.0.2.1 b:10.0.2.2 --router r --no-routes",
    "a tree of switches": "--topology tree:2,2",
    "a ring of routers": "--topology ring:4,10.0.0.0/8,fd00::/64",
}
SHOWN = (["link"], ["address"], ["route"], ["-6", "route"], ["rule"], ["neighbour"])
SETTINGS = (
    "ipv4/ip_forward",
    "ipv4/ip_unprivileged_port_start",
    "ipv4/ping_group_range",
    "ipv4/conf/all/rp_filter",
    "ipv4/conf/default/rp_filter",
    "ipv4/conf/eth0/rp_filter",
    "ipv6/conf/all/forwarding",
    "ipv6/conf/default/disable_ipv6",
    "ipv6/conf/br0/disable_ipv6",
    "ipv6/conf/port0/disable_ipv6",
    "ipv6/conf/default/accept_ra",
    "ipv6/conf/default/accept_dad",
    "ipv6/conf/eth0/accept_ra",
    "ipv6/conf/eth0/accept_dad",
    "ipv6/conf/eth0/addr_gen_mode",
    "bridge/bridge-nf-call-arptables",
    "bridge/bridge-nf-call-ip6tables",
    "bridge/bridge-nf-call-iptables",
)
# Chosen anew each time, or a clock.
VARIABLE = {"address", "link_netnsid", "valid_life_time", "preferred_life_time", "expires", "permaddr", "lladdr"}
VARIABLE |= {"bridge_id", "root_id", "gc_timer", "forward_delay_timer"}
CHOSEN_MAC = "02:00:00:00:00:"
SIOCGSKNS = 0x894C  # include/uapi/linux/sockios.h: the network namespace of a socket

# By hand the namespaces have names: in a /run of its own, on a host without links.
BY_HAND = """
import json, subprocess, sys
script, show, *nodes = sys.argv[1:]
subprocess.run(["sh", "-eu"], input=script, text=True, check=True, stdout=subprocess.DEVNULL)
print(json.dumps({node: subprocess.run(
    ["ip", "netns", "exec", node, sys.executable, "-I", "-S", "-c", show],
    capture_output=True, text=True, check=True).stdout for node in nodes}))
"""
SHOW = """
import json, subprocess
for words in SHOWN:
    print(subprocess.run(["ip", "-j", "-d", *words], capture_output=True, text=True, check=True).stdout or "[]")
for name in SETTINGS:
    try:
        print(json.dumps(open("/proc/sys/net/" + name).read().split()))
    except FileNotFoundError:
        print('"none"')
"""


def show() -> str:
    return SHOW.replace("SHOWN", repr(SHOWN)).replace("SETTINGS", repr(SETTINGS))


def state(output: str) -> list[Any]:
    """What was shown, without what differs from one time to the next."""
    decoder, found, text = json.JSONDecoder(), [], output.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(_without_variables(value))
        text = text[end:].strip()
    return found


def _without_variables(value: Any) -> Any:
    if isinstance(value, list):
        kept = [_without_variables(each) for each in value if not _is_link_local(each)]
        return sorted(kept, key=json.dumps)
    if isinstance(value, dict):
        return {key: _without_variables(each) for key, each in value.items() if not _is_variable(key, each)}
    return value


def _is_variable(key: str, value: Any) -> bool:
    return key in VARIABLE and not str(value).startswith(CHOSEN_MAC)


def _is_link_local(value: Any) -> bool:
    # It is made of the interface's hardware address, which is random.
    return isinstance(value, dict) and str(value.get("local", value.get("dst", ""))).startswith("fe80::")


def by_hand(script: str, nodes: list[str]) -> dict[str, list[Any]]:
    """The state of each node after the script, in a host that is thrown away."""
    private = 'mount -t tmpfs none /run && mount -t sysfs none /sys && exec "$@"'
    words = [sys.executable, "-I", "-c", BY_HAND]
    done = subprocess.run(
        ["unshare", "-nm", "sh", "-c", private, "sh", *words, script, show(), *nodes],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return {node: state(output) for node, output in json.loads(done.stdout).items()}


def of_a_switch(lab: sandbox.Lab, switch: str) -> list[Any]:
    """The state of a switch of the lab. No command can enter it: a socket of its network leads there."""
    with socket.socket(fileno=lab.open_socket(switch, socket.AF_INET, socket.SOCK_DGRAM, 0)) as inside:
        netns_fd = fcntl.ioctl(inside, SIOCGSKNS)
    try:
        words = ["nsenter", f"--net=/proc/self/fd/{netns_fd}", sys.executable, "-I", "-S", "-c", show()]
        return state(subprocess.run(words, pass_fds=[netns_fd], capture_output=True, text=True, check=True).stdout)
    finally:
        os.close(netns_fd)


def as_run(topology: sandbox.Topology) -> dict[str, list[Any]]:
    """The state of each node and switch in a lab of ours."""
    command = [sys.executable, "-I", "-S", "-c", show()]
    with sandbox.Lab(topology) as lab:
        nodes = {node.name: node.run(command, capture_output=True, text=True, check=True).stdout for node in lab}
        switches = {name: of_a_switch(lab, name) for name in topology.switch_names}
    return {name: state(output) for name, output in nodes.items()} | switches


@pytest.mark.skipif(os.getuid() != 0, reason="the script is for root")
@pytest.mark.parametrize("words", TOPOLOGIES.values(), ids=TOPOLOGIES)
@pytest.mark.usefixtures("links_of_the_host")
def test_the_script_ends_in_the_state_that_run_makes(cli: Cli, words: str) -> None:
    explained = cli("explain", *words.split(), "--sh")
    assert explained.returncode == 0, explained.stderr
    request = parse_explain(words.split())
    assert request is not None
    names = [*request.topology.nodes, *request.topology.switch_names]
    assert as_run(request.topology) == by_hand(explained.stdout, names)


@pytest.mark.usefixtures("links_of_the_host")
@pytest.mark.parametrize("option", [(), ("--sh",)], ids=["reasons", "script"])
def test_explaining_touches_nothing(cli: Cli, option: tuple[str, ...]) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    done = cli("explain", *PAIR.split(), *option)
    assert done.returncode == 0, done.stderr
    assert "192.168.1.1/24" in done.stdout
    assert Path("/proc/self/mountinfo").read_text() == before


@pytest.mark.parametrize("words", [PAIR, TOPOLOGIES["router"]], ids=["pair", "router"])
def test_each_step_that_run_takes_is_explained(cli: Cli, words: str) -> None:
    explained = cli("explain", *words.split(), "--sh").stdout
    applied = cli("run", "-v", *words.split(), "--", "true").stderr
    commands = [line[9:].removeprefix(" ms  ").strip() for line in applied.splitlines()]
    assert len(commands) > 10
    assert [line for line in explained.splitlines() if line and not line.startswith("#")] == commands
