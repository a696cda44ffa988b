"""Labs of hundreds of nodes: they come up, they work, they go at once, and their price grows with their size alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

import sandbox
from sandbox.draft import Draft

from ..census import SLACK, network_namespaces, wait_for

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
