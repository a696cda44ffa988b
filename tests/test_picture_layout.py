"""Where everything is on the sheet: nothing covers anything, in the labs people build and in any other."""

from __future__ import annotations

from itertools import combinations, pairwise
from time import process_time

import pytest
from hypothesis import given

from sandbox.picture.cards import LETTER, SIZES, Box, Card, Text
from sandbox.picture.columns import separate
from sandbox.picture.graph import Place
from sandbox.picture.layout import Layout, layout
from sandbox.topology import Topology

from .gallery import GALLERY, chain, dumbbell, fat_tree, ring, star, topologies, tree, two_networks

APART = 10  # pixels between any two cards

every_topology = pytest.mark.parametrize("topology", GALLERY.values(), ids=GALLERY.keys())


@every_topology
def test_nothing_covers_anything(topology: Topology) -> None:
    assert complaints(layout(topology)) == []


@every_topology
def test_everything_is_there(topology: Topology) -> None:
    assert_whole(layout(topology), topology)


@given(topologies())
def test_nothing_covers_anything_in_any_topology(topology: Topology) -> None:
    sheet = layout(topology)
    assert complaints(sheet) == []
    assert_whole(sheet, topology)


@every_topology
def test_the_same_topology_is_always_drawn_the_same(topology: Topology) -> None:
    one, other = layout(topology), layout(topology)
    assert [card.box for card in one.cards] == [card.box for card in other.cards]
    assert [curve.points for curve in one.curves] == [curve.points for curve in other.curves]


def complaints(sheet: Layout) -> list[str]:
    """What covers what, and what reaches beyond its card or the sheet."""
    paper = Box(0, 0, sheet.width, sheet.height)
    found = [f"{card.place.name} is off the sheet" for card in sheet.cards if not contains(paper, card.box)]
    for one, other in combinations(sheet.cards, 2):
        if one.box.overlaps(other.box, APART):
            found.append(f"{one.place.name} covers {other.place.name}")
    for card in sheet.cards:
        texts = list(card.texts())
        found += [f"{text.words} leaves {card.place.name}" for text in texts if not contains(card.box, text.box)]
        found += [
            f"{one.words} covers {other.words} on {card.place.name}"
            for one, other in combinations(texts, 2)
            if one.box.overlaps(other.box)
        ]
    for curve in sheet.curves:
        points = list(curve.sampled())
        found += [f"{curve.wire[0]} is off the sheet" for x, y in points if not contains(paper, Box(x, y, x, y))]
        for card in sheet.cards:
            box = card.box
            if any(box.left < x < box.right and box.top < y < box.bottom for x, y in points[1:-1]):
                found.append(f"the wire of {curve.wire[0]} runs behind {card.place.name}")
    return found


def contains(outer: Box, inner: Box) -> bool:
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.right >= inner.right
        and outer.bottom >= inner.bottom
    )


def assert_whole(sheet: Layout, topology: Topology) -> None:
    """Every place, every interface with its addresses, and every wire from port to port."""
    cards = {card.place.name: card for card in sheet.cards}
    assert cards.keys() == {*topology.nodes, *topology.switch_names}
    assert [curve.wire for curve in sheet.curves] == list(topology.wires)
    for curve in sheet.curves:
        for end, point in zip(curve.wire, (curve.points[0], curve.points[3]), strict=True):
            card = cards[end.node]
            words = [text.words for text in card.texts()]
            assert {end.node, end.name, *map(str, end.addresses)} <= set(words)
            assert card.port((end.node, end.name)) == point
            assert point[0] in (card.x, card.x + card.width)


def test_a_check_that_sees_nothing_guards_nothing() -> None:
    sheet = layout(star(3))
    cards = {card.place.name: card for card in sheet.cards}
    cards["n1"].y = cards["n2"].y
    assert "n2 covers n1" in complaints(sheet) or "n1 covers n2" in complaints(sheet)
    cards["n1"].x = -1
    assert "n1 is off the sheet" in complaints(sheet)
    cards["n2"].width = 20
    assert "10.0.0.2/24 leaves n2" in complaints(sheet)
    (x, y), *_ = sheet.curves[2].points
    cards["n1"].x, cards["n1"].y = x + 10, y - 10
    assert f"the wire of {sheet.curves[2].wire[0]} runs behind n1" in complaints(sheet)


# What a reader expects of the usual ones.


def spots(topology: Topology) -> dict[str, Card]:
    return {card.place.name: card for card in layout(topology).cards}


def test_a_chain_is_a_straight_line_from_left_to_right() -> None:
    curves = layout(chain(5)).curves
    heights = {y for curve in curves for _, y in curve.points}
    assert len({round(height, 3) for height in heights}) == 1
    assert [curve.points[0][0] for curve in curves] == sorted(curve.points[0][0] for curve in curves)


def test_a_long_chain_is_folded() -> None:
    sheet = layout(chain(40))
    assert sheet.width < 1.5 * sheet.height


def test_the_wires_of_a_switch_are_straight() -> None:
    for topology in (star(3), star(8), star(40), tree(2, 3), tree(3, 3), two_networks(6)):
        for curve in layout(topology).curves:
            assert curve.points[0][1] == pytest.approx(curve.points[3][1])


def test_many_nodes_stand_on_both_sides_of_their_switch() -> None:
    cards = spots(star(40))
    assert sum(card.x < cards["lan"].x for name, card in cards.items() if name != "lan") == 20


def test_a_ring_goes_round() -> None:
    cards = spots(ring(8))
    assert cards["r1"].y == cards["r2"].y == cards["r3"].y
    assert cards["r1"].x == cards["r8"].x == cards["r7"].x
    assert cards["r5"].y == cards["r6"].y == cards["r7"].y
    assert cards["r3"].x == cards["r4"].x == cards["r5"].x


def test_a_fabric_stands_in_its_levels() -> None:
    cards = spots(fat_tree(4))
    columns = [
        {card.x for name, card in cards.items() if name.startswith(kind)} for kind in ("core", "agg", "edge", "host")
    ]
    assert [len(column) for column in columns] == [1, 1, 1, 1]
    assert all(min(one) < min(other) for one, other in pairwise(columns))


def test_a_dumbbell_has_a_side_for_each_end() -> None:
    cards = spots(dumbbell(3, 5))
    order = [cards[name].x for name in ("west1", "west", "east", "east1")]
    assert order == sorted(order)


def test_large_labs_are_placed_in_reasonable_time() -> None:
    pairs = Topology.parse([(f"a{n}:10.{n >> 8}.{n & 255}.1", f"b{n}:10.{n >> 8}.{n & 255}.2") for n in range(500)])
    for topology in (star(200), chain(200), pairs):
        start = process_time()
        layout(topology)
        assert process_time() - start < 5


# The pieces.


def test_what_does_not_collide_is_left_where_it_wants_to_be() -> None:
    assert separate([0, 50, 100], [10, 10, 10]) == [0, 50, 100]


def test_what_collides_moves_as_little_as_possible() -> None:
    assert separate([10, 10, 10], [20, 20, 20]) == [-10, 10, 30]
    assert separate([0, 0, 100], [10, 10, 10]) == [-5, 5, 100]
    assert separate([], []) == []


def test_a_text_takes_room_on_its_side_of_where_it_begins_or_ends() -> None:
    width = 5 * SIZES["note"] * LETTER
    assert Text(10, 20, "abcde", "note").box.right == 10 + width
    assert Text(10, 20, "abcde", "note", from_right=True).box.left == 10 - width


def test_a_card_without_an_end_is_a_name() -> None:
    card = Card(Place("a", "node"), [], {})
    assert [text.words for text in card.texts()] == ["a"]
