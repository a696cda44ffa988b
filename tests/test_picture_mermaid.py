"""The flowchart for Mermaid, by the little of its grammar that is used."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from sandbox.picture.mermaid import mermaid
from sandbox.topology import Topology

from .gallery import GALLERY, office, topologies

WORDS = r'"[^"`#;]+"'  # what has no meaning of its own between Mermaid's quotes
PLACE = re.compile(rf"    (n\d+)(?:\[{WORDS}\]|\[\[{WORDS}\]\]|\{{\{{{WORDS}\}}\}})")
WIRE = re.compile(rf"    (n\d+) ---\|{WORDS}\| (n\d+)")
OUTSIDE = re.compile(rf'    (?:outside\(\("outside"\)\)|n\d+ -\.->\|uplink\| outside|outside -\.->\|{WORDS}\| n\d+)')

every_topology = pytest.mark.parametrize("topology", GALLERY.values(), ids=GALLERY.keys())


def check(topology: Topology) -> None:
    first, *lines = mermaid(topology).splitlines()
    assert first == "flowchart LR"
    places = [found[1] for line in lines if (found := PLACE.fullmatch(line))]
    wires = [found.groups() for line in lines if (found := WIRE.fullmatch(line))]
    outside = [line for line in lines if OUTSIDE.fullmatch(line)]
    assert len(lines) == len(places) + len(wires) + len(outside)
    assert len(set(places)) == len(topology.nodes) + len(topology.switches)
    assert len(wires) == len(topology.links)
    assert {place for ends in wires for place in ends} <= set(places)
    assert len(outside) == len(topology.uplinks) + len(topology.publications) + any(
        (topology.uplinks, topology.publications)
    )
    for wire, line in zip(topology.wires, (line for line in lines if "---" in line), strict=True):
        for end in wire:
            assert " ".join((end.node, end.name, *map(str, end.addresses))) in line


@every_topology
def test_every_line_is_a_place_a_wire_or_a_way_out(topology: Topology) -> None:
    check(topology)


@given(topologies())
def test_any_topology_is_a_flowchart(topology: Topology) -> None:
    check(topology)


def test_words_of_mermaids_can_be_names() -> None:
    drawing = mermaid(Topology.parse([("end:10.0.0.1", "graph:10.0.0.2")]))
    assert drawing == (
        "flowchart LR\n"
        '    n0["end"]\n'
        '    n1["graph"]\n'
        '    n0 ---|"end eth0 10.0.0.1/24<br/>graph eth0 10.0.0.2/24"| n1\n'
    )


def test_ways_out_and_in_lead_outside() -> None:
    lines = mermaid(office()).splitlines()
    assert '    n3{{"gw<br/>router"}}' in lines
    assert "    n3 -.->|uplink| outside" in lines
    assert '    outside -.->|"host:8080 → 80"| n4' in lines
    assert '    n6[["lan<br/>switch<br/>10.0.0.0/24<br/>fd00:1::/64"]]' in lines
