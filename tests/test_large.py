"""What a lab costs before the kernel is asked grows with its size alone, whatever its shape."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sandbox.plan import plan
from sandbox.plan.names import hosts_file, variables
from sandbox.topology import Topology, words
from sandbox.topology.draft import Draft

FEW, MANY = 200, 800
# Four times the nodes: linear work takes 4 times as long, quadratic work 16 times.
MOST = 9

Shape = Callable[[int], Topology]


def subnet(i: int) -> str:
    return f"10.{i >> 8}.{i & 255}"


def pairs(n: int) -> Topology:
    return Topology.parse((f"a{i}:{subnet(i)}.1", f"b{i}:{subnet(i)}.2") for i in range(n))


def chain(n: int) -> Topology:
    return Topology.parse((f"n{i}:{subnet(i)}.1", f"n{i + 1}:{subnet(i)}.2") for i in range(n))


def hub(n: int) -> Topology:
    """Every cable begins in one node."""
    return Topology.parse((f"hub:{subnet(i)}.1", f"n{i}:{subnet(i)}.2") for i in range(n))


def switch(n: int) -> Topology:
    draft = Draft()
    draft.switch("lan:10.0.0.0/16")
    for i in range(n):
        draft.node(f"n{i}")
    return draft.topology()


@contextmanager
def without_collections() -> Iterator[None]:
    """What else the session holds would be looked at again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def cost(work: Callable[[], object]) -> float:
    """The least of a few times, in seconds of the processor."""
    taken = []
    with without_collections():
        for _ in range(5):
            begun = time.process_time()
            work()
            taken.append(time.process_time() - begun)
    return min(taken)


def travel_and_plan(topology: Topology) -> None:
    """From the caller to the steps: spelled, read and checked again, planned."""
    plan(words.read(words.spell(topology)))


def tell_one(topology: Topology) -> None:
    """What one node is told of the lab."""
    hosts_file(topology, topology.nodes[-1])
    variables(topology, topology.nodes[-1])


@pytest.mark.parametrize("work", [travel_and_plan, tell_one])
@pytest.mark.parametrize("shape", [pairs, chain, hub, switch])
def test_the_cost_grows_with_the_size_alone(shape: Shape, work: Callable[[Topology], None]) -> None:
    few, many = shape(FEW), shape(MANY)
    assert cost(lambda: work(many)) < MOST * cost(lambda: work(few))
