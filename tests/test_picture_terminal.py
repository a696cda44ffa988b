"""A lab in box characters: every end is there once, every box is closed, no line is too long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from sandbox.picture.graph import way_in
from sandbox.picture.terminal import WIDEST, draw
from sandbox.topology import Topology

from .gallery import GALLERY, office, ring, star, topologies, two_cables

WALLS = "│├┤"
CABLE = re.compile("├(?:── veth ──|── down ──|no-carrier)┤")

every_topology = pytest.mark.parametrize("topology", GALLERY.values(), ids=GALLERY.keys())


def test_a_pair_is_drawn_as_two_boxes_and_a_cable() -> None:
    assert draw(GALLERY["pair"]).splitlines() == [
        "  ┌ a ──────────────────┐          ┌ b ──────────────────┐",
        "  │ eth0 192.168.1.1/24 ├── veth ──┤ 192.168.1.2/24 eth0 │",
        "  └─────────────────────┘          └─────────────────────┘",
    ]


def test_a_node_alone_is_a_box_of_its_own() -> None:
    assert draw(Topology.alone()).splitlines() == [
        "  ┌ sandbox ─┐",
        "  │ lo       │",
        "  └──────────┘",
    ]


def test_a_chain_goes_down_from_side_to_side() -> None:
    chain = Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2")])
    assert draw(chain).splitlines() == [
        "  ┌ a ───────────────┐          ┌ b ───────────────┐",
        "  │ eth0 10.0.1.1/24 ├── veth ──┤ 10.0.1.2/24 eth0 │",
        "  └──────────────────┘          │                  │",
        "  ┌ c ───────────────┐          │                  │",
        "  │ eth0 10.0.2.2/24 ├── veth ──┤ 10.0.2.1/24 eth1 │",
        "  └──────────────────┘          └──────────────────┘",
    ]


def test_a_ring_ends_where_it_began() -> None:
    assert draw(ring(3)).splitlines() == [
        "  ┌ r1 ─ router ─────┐          ┌ r2 ─ router ─────┐",
        "  │ eth0 10.0.0.1/24 ├── veth ──┤ 10.0.0.2/24 eth0 │",
        "  └──────────────────┘          │                  │",
        "  ┌ r3 ─ router ─────┐          │                  │",
        "  │ eth0 10.0.1.2/24 ├── veth ──┤ 10.0.1.1/24 eth1 │",
        "  │                  │          └──────────────────┘",
        "  │                  │          ┌ r1 ─ again ──────┐",
        "  │ eth1 10.0.2.1/24 ├── veth ──┤ 10.0.2.2/24 eth1 │",
        "  └──────────────────┘          └──────────────────┘",
    ]


def test_cables_between_the_same_two_are_one_below_the_other() -> None:
    assert draw(two_cables()).splitlines() == [
        "  ┌ a ──────────────────────────┐          ┌ b ──────────────────────────┐",
        "  │ eth0 10.0.0.1/24 fd00::1/64 ├── veth ──┤ 10.0.0.2/24 fd00::2/64 eth0 │",
        "  │ eth1 10.0.1.1/24            ├── veth ──┤ 10.0.1.2/24 eth1            │",
        "  └─────────────────────────────┘          └─────────────────────────────┘",
        "",
        "  ┌ lonely ─┐",
        "  │ lo      │",
        "  └─────────┘",
    ]


def test_a_switch_has_a_node_in_each_row() -> None:
    assert draw(star(3)).splitlines() == [
        "  ┌ lan ─ switch ┐",
        "  │ 10.0.0.0/24  │",
        "  │        port0 ├── veth ──┤ n1 eth0 10.0.0.1/24 │",
        "  │        port1 ├── veth ──┤ n2 eth0 10.0.0.2/24 │",
        "  │        port2 ├── veth ──┤ n3 eth0 10.0.0.3/24 │",
        "  └──────────────┘",
    ]


def test_ways_out_and_in_are_told_beside_a_node() -> None:
    drawing = draw(office())
    for way in ("uplink ↗", "host:8080 → 80", "127.0.0.1:8443 → 443", "[::1]:53 → 53/udp", "also www", "mtu 1400"):
        assert way in drawing


@every_topology
def test_each_wire_is_drawn_once_with_both_its_ends(topology: Topology) -> None:
    drawing = draw(topology)
    cables = [line for line in drawing.splitlines() if CABLE.search(line)]
    assert len(cables) == len(topology.links)
    for wire in topology.wires:
        words = [(end.name, *(str(address) for address in end.addresses[:1])) for end in wire]
        if topology is not GALLERY["long names"]:
            assert any(all(word in line.split() for end in words for word in end) for line in cables)
        for end in wire:
            assert end.node in drawing
            assert all(str(address) in drawing for address in end.addresses)


@every_topology
def test_no_line_is_wider_than_a_terminal(topology: Topology) -> None:
    width = max(map(len, draw(topology).splitlines()))
    assert width <= WIDEST or topology is GALLERY["long names"]


@every_topology
def test_every_box_is_closed(topology: Topology) -> None:
    assert_closed(draw(topology))


@given(topologies())
def test_any_topology_can_be_drawn(topology: Topology) -> None:
    drawing = draw(topology)
    assert_closed(drawing)
    assert len(CABLE.findall(drawing)) == len(topology.links)
    for name in (*topology.nodes, *topology.switch_names):
        assert f" {name} " in drawing
    assert drawing.count("uplink ↗") >= len(topology.uplinks)
    assert all(way_in(each) in drawing for each in topology.publications)


def test_an_open_box_would_be_seen() -> None:
    drawing = draw(star(3))
    for broken in (drawing.replace("└", " "), drawing.replace("│ 10", "  10"), drawing.replace("──┘", "── ┘")):
        with pytest.raises(AssertionError):
            assert_closed(broken)


def assert_closed(drawing: str) -> None:
    """Every upper edge has walls under both its corners, down to a lower edge of the same width."""
    lines = drawing.splitlines()
    boxes = 0
    for top, line in enumerate(lines):
        for edge in re.finditer("┌[^┐]*┐", line):
            left, right = edge.start(), edge.end() - 1
            bottom = top + 1
            while lines[bottom][left] != "└":
                assert lines[bottom][left] in WALLS, drawing
                assert lines[bottom][right] in WALLS, drawing
                bottom += 1
            assert lines[bottom][left : right + 1] == f"└{'─' * (right - left - 1)}┘", drawing
            boxes += 1
    assert boxes == drawing.count("┌") == drawing.count("└") == drawing.count("┘") > 0


def test_states_are_words_on_the_wires() -> None:
    states = {("n1", "eth0"): "up", ("lan", "port0"): "up", ("n2", "eth0"): "down", ("lan", "port2"): "no-carrier"}
    lines = draw(star(3), states=states).splitlines()
    assert ["── veth ──" in lines[2], "── down ──" in lines[3], "no-carrier" in lines[4]] == [True] * 3


def test_colours_change_nothing_but_colours() -> None:
    states = {("n1", "eth0"): "up", ("n2", "eth0"): "down", ("lan", "port2"): "no-carrier"}
    coloured = draw(star(3), states=states, colour=True)
    for code, word in ((32, "── veth ──"), (31, "── down ──"), (33, "no-carrier")):
        assert f"\x1b[{code}m{word}\x1b[0m" in coloured
    assert re.sub("\x1b\\[[0-9]*m", "", coloured) == draw(star(3), states=states)
    assert "\x1b" not in draw(star(3), states=states)
