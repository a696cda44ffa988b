"""The graph for Graphviz, read by Graphviz."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from sandbox.picture.dot import dot
from sandbox.topology import Topology

from .gallery import GALLERY, office

every_topology = pytest.mark.parametrize("topology", GALLERY.values(), ids=GALLERY.keys())
needs_graphviz = pytest.mark.skipif(not shutil.which("dot"), reason="no Graphviz here: apt install graphviz")


@every_topology
def test_every_wire_ends_in_a_field_of_its_own(topology: Topology) -> None:
    lines = dot(topology).splitlines()
    assert (lines[0], lines[-1]) == ("graph lab {", "}")
    for first, second in topology.wires:
        assert lines.count(f'    "{first.node}":{first.name} -- "{second.node}":{second.name}') == 1
        for end in (first, second):
            record = next(line for line in lines if line.startswith(f'    "{end.node}" ['))
            assert f"<{end.name}>{end.name}" in record
            assert all(str(address) in record for address in end.addresses)


@needs_graphviz
@every_topology
def test_graphviz_draws_all_of_it(topology: Topology) -> None:
    drawn = subprocess.run(["dot", "-Tplain"], input=dot(topology), capture_output=True, text=True, timeout=60)
    assert (drawn.returncode, drawn.stderr) == (0, "")
    kinds = [line.partition(" ")[0] for line in drawn.stdout.splitlines()]
    outside = any((topology.uplinks, topology.publications))
    assert kinds.count("node") == len(topology.nodes) + len(topology.switches) + outside
    assert kinds.count("edge") == len(topology.links) + len(topology.uplinks) + len(topology.publications)


def test_ways_out_and_in_lead_outside() -> None:
    lines = dot(office()).splitlines()
    assert '    "gw" -- "(outside)" [style=dashed, dir=forward, label="uplink"]' in lines
    assert '    "(outside)" -- "web" [style=dashed, dir=forward, label="host:8080 → 80"]' in lines
