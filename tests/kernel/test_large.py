"""Labs of hundreds of nodes: they come up, they work, they go at once, and their price grows with their size alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

import sandbox
from benchmarks.namespaces import network_namespaces
from reliability.census import SLACK, wait_for
from sandbox.topology.draft import Draft

from .conftest import Cli

MANY = 300
PORTS = ["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"]


@pytest.fixture(autouse=True)
def freed() -> Iterator[None]:
    """The kernel frees namespaces one after the other, in the background, and hundreds take it a while."""
    before = network_namespaces()
    yield
    wait_for(lambda: network_namespaces() <= before + SLACK, within=25, what="the kernel frees the namespaces")


def pairs(n: int) -> sandbox.Topology:
    """N cables between two nodes each."""
    return sandbox.Topology.parse((f"a{i}:10.{i >> 8}.{i & 255}.1", f"b{i}:10.{i >> 8}.{i & 255}.2") for i in range(n))


def on_a_switch(n: int) -> sandbox.Topology:
    """N nodes on one switch."""
    draft = Draft()
    draft.switch("lan:10.0.0.0/16")
    for i in range(n):
        draft.node(f"n{i}")
    return draft.topology()


def reaches(node: sandbox.Node, name: str) -> bool:
    return node.run(["ping", "-c1", "-W5", name], capture_output=True).returncode == 0


@pytest.mark.deadline(60)
@pytest.mark.parametrize(
    ("topology", "ways"),
    [
        (pairs(MANY), [("a0", "b0"), ("b150", "a150"), ("a299", "b299")]),
        (on_a_switch(MANY), [("n0", "n299"), ("n150", "n1"), ("n298", "n299")]),
    ],
    ids=["pairs", "switch"],
)
def test_hundreds_of_nodes_reach_each_other_and_are_gone_at_once(
    topology: sandbox.Topology, ways: list[tuple[str, str]]
) -> None:
    with sandbox.Lab(sandbox.Topology.alone()):
        pass  # the fork server is there
    before = len(os.listdir("/proc/self/fd"))
    lab = sandbox.Lab(topology)
    try:
        # The socket to init and its pidfd: nothing for a node.
        assert len(os.listdir("/proc/self/fd")) == before + 2
        for node, name in ways:
            assert reaches(lab[node], name)
        # They are written through one instance of proc after another.
        for name in (lab.topology.nodes[at] for at in (0, 62, 63, 64, 127, MANY - 1)):
            assert lab[name].run(PORTS, capture_output=True, text=True).stdout == "0\n"
    finally:
        begun = time.monotonic()
        lab.close()
        took_s = time.monotonic() - begun
    assert took_s < 0.5
    assert len(os.listdir("/proc/self/fd")) == before


LAB = """
import sys, sandbox
from sandbox.topology.draft import Draft
draft = Draft()
draft.switch("lan:10.0.0.0/16")
for i in range(200):
    draft.node(f"n{i}")
try:
    with sandbox.Lab(draft.topology()) as lab:
        sys.stdout.write(lab["n0"].run(["sh", "-c", "ulimit -n"], capture_output=True, text=True).stdout)
except sandbox.SandboxError as error:
    sys.stdout.write(f"{type(error).__name__}: {error}")
"""


def under(limit: str) -> str:
    """What a program says that makes a lab of 200 nodes under this `ulimit`."""
    words = ["sh", "-c", f'ulimit {limit} -n 256; exec "$@"', "sh", sys.executable, "-c", LAB]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_init_takes_more_descriptors_than_the_caller_has_and_commands_do_not() -> None:
    assert under("-S") == "256\n"


def test_a_lab_with_more_nodes_than_descriptors_is_refused_with_the_fix() -> None:
    assert "NotAllowed" in (said := under("")), said
    assert "ulimit -n" in said


def test_more_commands_than_descriptors_need_no_higher_limit(cli: Cli) -> None:
    nodes = [word for i in range(150) for word in ("--node", f"n{i}")]
    before = ("sh", "-c", 'ulimit -S -n 128; exec "$@"', "sh")
    done = cli("run", "--raw", "--switch", "lan:10.0.0.0/16", *nodes, "--", "sh", "-c", "ulimit -n", before=before)
    assert done.stdout == 150 * "128\n", done.stderr
