"""A plan for people: every step of it, in order, and a picture."""

from __future__ import annotations

import subprocess

import pytest

from sandbox.explain import as_records, explain, script
from sandbox.picture.terminal import draw
from sandbox.plan import plan
from sandbox.topology import Topology
from sandbox.topology.limits import Limits, limited

PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])
CHAIN = Topology.parse([("client:10.0.1.1", "b:10.0.1.2"), ("b:fd00::1", "server-of-many:fd00::2")])
ALONE = Topology.alone()

every_topology = pytest.mark.parametrize("topology", [PAIR, CHAIN, ALONE], ids=["pair", "chain", "alone"])


@every_topology
@pytest.mark.parametrize("show", [explain, script])
def test_what_is_shown_is_the_plan_whole_and_in_order(topology: Topology, show: object) -> None:
    lines = show(topology).splitlines()  # type: ignore[operator]
    commands = [line for line in lines if line.startswith("ip ")]
    assert commands == [str(step) for step in plan(topology)]
    for step in plan(topology):
        at = lines.index(str(step))
        assert lines[at - 1] == f"# {step.why}"


@every_topology
def test_the_script_is_one_for_a_shell(topology: Topology) -> None:
    text = script(topology)
    assert text.startswith("#!/bin/sh -eu\n")
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    removal = "; ".join(f"ip netns del {node}" for node in topology.nodes)
    assert removal in text.splitlines()[1]
    # All but the commands are comments: nothing else would run.
    assert {line[:3] for line in text.splitlines() if line and not line.startswith("#")} == {"ip "}


@every_topology
def test_records_tell_the_same(topology: Topology) -> None:
    assert as_records(topology) == [
        {"step": type(step).__name__, "why": step.why, "command": str(step)} for step in plan(topology)
    ]


@every_topology
def test_the_drawing_comes_first(topology: Topology) -> None:
    assert explain(topology).startswith(draw(topology))


def test_what_is_limited_is_told() -> None:
    limits = limited(PAIR, {"b": Limits(memory="64M", ulimits={"nofile": 9})})
    assert explain(limits) == f"{explain(PAIR)}\n# b is limited: memory=64M nofile=9\n"
    assert script(limits) == script(PAIR), "of the network alone"
