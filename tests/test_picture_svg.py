"""The SVG: well-formed, of one piece, with every end in it, and told to those who cannot see it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from sandbox.picture.cards import Text
from sandbox.picture.palette import SHADES
from sandbox.picture.svg import PAINTS, svg, write
from sandbox.topology import Topology

from .gallery import GALLERY, office, star, topologies

SVG = "{http://www.w3.org/2000/svg}"

every_topology = pytest.mark.parametrize("topology", GALLERY.values(), ids=GALLERY.keys())


def check(topology: Topology) -> None:
    root = ElementTree.fromstring(svg(topology))
    assert root.tag == f"{SVG}svg"
    words = [text.text for text in root.iter(f"{SVG}text")]
    for name in (*topology.nodes, *topology.switch_names):
        assert words.count(name) == 1
    for end in (end for wire in topology.wires for end in wire):
        assert end.name in words
        assert all(words.count(str(address)) == 1 for address in end.addresses)
    ends = 2 * len(topology.links)
    assert len(list(root.iter(f"{SVG}circle"))) == ends
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert len(titles) == 1 + len(topology.links) + len(topology.nodes) + len(topology.switches)
    assert all(titles)


@every_topology
def test_every_end_is_shown_once(topology: Topology) -> None:
    check(topology)


@settings(max_examples=40)
@given(topologies())
def test_any_topology_is_well_formed(topology: Topology) -> None:
    check(topology)


def test_it_is_told_to_those_who_cannot_see_it() -> None:
    root = ElementTree.fromstring(svg(office()))
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "A lab of 6 nodes, 2 switches, 7 links"
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", title.get("id"))
    titles = [each.text for each in root.iter(f"{SVG}title")]
    assert "dmz port1 - web eth0 10.0.1.1/24" in titles
    assert "gw" in titles


def test_it_fetches_nothing() -> None:
    text = svg(office())
    assert re.findall(r"https?://[^\"]*|url\(|@import|href|<script", text) == ["http://www.w3.org/2000/svg"]


def test_every_colour_has_one_for_the_dark() -> None:
    light, _, dark = svg(office()).partition("@media (prefers-color-scheme: dark)")
    for selector, what, shade in PAINTS:
        in_light, in_dark = SHADES[shade]
        assert f"{selector} {{ {what}: {in_light} }}" in light
        assert f"{selector} {{ {what}: {in_dark} }}" in dark


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_written_can_be_read(dark: bool) -> None:
    """A contrast of at least 4.5 to 1 (WCAG 2.1, 1.4.3) of every text on whatever it may stand on."""
    colours = {(selector, what): SHADES[shade][dark] for selector, what, shade in PAINTS}
    grounds = {
        ".name": (".node .head", ".router .head", ".switch .head"),
        ".kind": (".router .head", ".switch .head"),
        ".note": (".card",),
        ".port": (".card",),
        ".address": (".card",),
    }
    for text, behind in grounds.items():
        for ground in behind:
            assert contrast(colours[text, "fill"], colours[ground, "fill"]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_states_are_classes_of_wires_and_of_their_ends() -> None:
    states = {("n1", "eth0"): "up", ("lan", "port0"): "up", ("n2", "eth0"): "down", ("lan", "port1"): "no-carrier"}
    root = ElementTree.fromstring(svg(star(3), states=states))
    wires = [group for group in root.iter(f"{SVG}g") if group.find(f"{SVG}path[@class='wire']") is not None]
    assert [group.get("class") for group in wires] == ["up", "down", None]
    circles = [circle.get("class") for circle in root.iter(f"{SVG}circle")]
    assert sorted(map(str, circles)) == ["None", "None", "down", "no-carrier", "up", "up"]
    assert any(title.text.endswith("(down)") for title in root.iter(f"{SVG}title") if title.text)


def test_words_are_escaped() -> None:
    line = write(Text(0, 0, "<&>\"'", "note"))
    assert ElementTree.fromstring(line).text == "<&>\"'"
