"""The labs that are compared: the same in Python here, in C in labs.c, for Mininet in mininet_lab.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.topology import Topology
from sandbox.topology.draft import Draft


def pairs(n: int) -> Topology:
    """N cables between two nodes each."""
    return Topology.parse((f"a{i}:{_subnet(i)}.1", f"b{i}:{_subnet(i)}.2") for i in range(n))


def switch(n: int) -> Topology:
    """N nodes on one switch."""
    draft = Draft()
    draft.switch("lan:10.0.0.0/16")
    for i in range(n):
        draft.node(f"n{i}")
    return draft.topology()


def chain(n: int) -> Topology:
    """N nodes, each joined to the next; nobody forwards."""
    return Topology.parse((f"n{i}:{_subnet(i)}.1", f"n{i + 1}:{_subnet(i)}.2") for i in range(n - 1))


SHAPES: Mapping[str, Callable[[int], Topology]] = {"pairs": pairs, "switch": switch, "chain": chain}


def _subnet(i: int) -> str:
    return f"10.{i >> 8}.{i & 255}"
