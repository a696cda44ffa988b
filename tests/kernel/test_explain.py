"""The explanation is true: its script, run by a shell as root, ends in the state that `run` makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox.cli.arguments import parse_explain

from .conftest import Cli

PAIR = ("--pair", "a:192.168.1.1", "b:192.168.1.2")
CHAIN = ("--pair", "a:10.0.1.1", "b:10.0.1.2", "--pair", "b:fd00::1", "c:fd00::2")
TOPOLOGIES = {
    "v4": PAIR,
    "v6": ("--pair", "a:fd00::1", "b:fd00::2"),
    "chain": (*CHAIN, "--pair", "c:10.0.3.0/31", "a:10.0.3.1/31"),
    "switches": ("--topology", "tree:2,2"),
    "routers": ("--topology", "ring:4,10.0.0.0/8,fd00::/64"),
    "settings": (
        *("--switch", "lan:10.0.0.0/24,fd00::/64,mtu=4000", "--node", "a", "--node", "r:10.0.0.9,fd00::9,mtu=3000"),
        *("--pair", "r:10.0.1.1", "c:10.0.1.2,mtu=1400", "--router", "r"),
    ),
}
SHOWN = (["link"], ["address"], ["route"], ["-6", "route"], ["rule"], ["neighbour"])
SETTINGS = (
    "ipv4/ip_forward",
    "ipv4/ip_unprivileged_port_start",
    "ipv4/ping_group_range",
    "ipv6/conf/default/accept_ra",
    "ipv6/conf/default/accept_dad",
    "ipv6/conf/eth0/accept_ra",
    "ipv6/conf/eth0/accept_dad",
    "ipv6/conf/eth0/addr_gen_mode",
)
# Chosen anew each time, or a clock.
VARIABLE = {"address", "link_netnsid", "valid_life_time", "preferred_life_time", "expires", "permaddr", "lladdr"}

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
        return {key: _without_variables(each) for key, each in value.items() if key not in VARIABLE}
    return value


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


@pytest.mark.skipif(os.getuid() != 0, reason="the script is for root")
@pytest.mark.parametrize("options", TOPOLOGIES.values(), ids=TOPOLOGIES)
@pytest.mark.usefixtures("links_of_the_host")
def test_the_script_ends_in_the_state_that_run_makes(cli: Cli, options: tuple[str, ...]) -> None:
    explained = cli("explain", *options, "--sh")
    assert explained.returncode == 0, explained.stderr
    request = parse_explain(options)
    assert request
    theirs = by_hand(explained.stdout, list(request.topology.nodes))
    with sandbox.Lab(request.topology) as lab:
        command = [sys.executable, "-I", "-S", "-c", show()]
        shown = {node.name: node.run(command, capture_output=True, text=True, check=True).stdout for node in lab}
    assert {name: state(output) for name, output in shown.items()} == theirs


@pytest.mark.usefixtures("links_of_the_host")
@pytest.mark.parametrize("option", [(), ("--sh",)], ids=["reasons", "script"])
def test_explaining_touches_nothing(cli: Cli, option: tuple[str, ...]) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    done = cli("explain", *PAIR, *option)
    assert done.returncode == 0, done.stderr
    assert "192.168.1.1/24" in done.stdout
    assert Path("/proc/self/mountinfo").read_text() == before


def test_each_step_that_run_takes_is_explained(cli: Cli) -> None:
    explained = cli("explain", *PAIR, "--sh").stdout
    applied = cli("run", "-v", *PAIR, "--", "true").stderr
    commands = [line.split(" ms  ")[-1].strip() for line in applied.splitlines()]
    assert len(commands) > 10
    assert [line for line in explained.splitlines() if line and not line.startswith("#")] == commands
