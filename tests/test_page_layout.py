"""Where everything is in the drawing of a step: nothing covers anything, in lessons and in any other history."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings

from sandbox.learn.record import Record
from sandbox.page.drawing import Cable, Drawing
from sandbox.page.rooms import HEAD, Spot
from sandbox.page.scene import columns_of, draw_sheet
from sandbox.page.sheet import Sheet
from sandbox.picture.cards import Box, Text

from .records import read
from .worlds import World, histories, record

APART = 8  # pixels between any two places


def switched(nodes: int = 4, columns: int = 4) -> tuple[Record, int]:
    """A bridge on the host and nodes in it; their ends are moved, renamed and plugged in."""
    names = [f"n{number}" for number in range(nodes)]
    world = World("host", *names)
    states = [world.state()]
    bridge = world.make("host", "docker0", "bridge")
    for name in names:
        world.add(name)
        outer, inner = world.pair("host", f"veth-{name}", f"eth-{name}")
        states.append(world.state())
        world.move(inner, name)
        inner.name, inner.addresses, outer.master = "eth0", ["172.17.0.2/16"], bridge
        states.append(world.state())
    return record(world.places, states), columns


def routed() -> tuple[Record, int]:
    """A router with three links: one to a place beside it, two past others."""
    world = World("host", "left", "router", "right", "dmz")
    for name in world.places[1:]:
        world.add(name)
    for name in ("left", "right", "dmz"):
        one, other = world.pair("host", f"eth-{name}", f"to-{name}")
        world.move(one, name)
        world.move(other, "router")
    return record(world.places, [world.state()]), 4


def looped() -> tuple[Record, int]:
    """A pair with both ends in one bridge, which go to places that are far from each other."""
    world = World("host", "a", "b", "c")
    for name in world.places[1:]:
        world.add(name)
    bridge = world.make("host", "br0", "bridge")
    one, other = world.pair("host", "one", "other")
    one.master = other.master = bridge
    states = [world.state()]
    world.move(one, "a")
    world.move(other, "c")
    return record(world.places, [*states, world.state()]), 3


LESSONS = {
    "pair": (read("pair"), 2),
    "switch": switched(),
    "switch on a phone": switched(columns=2),
    "router": routed(),
    "loop": looped(),
    "router on a phone": (routed()[0], 2),
}
every_lesson = pytest.mark.parametrize(("lesson", "columns"), LESSONS.values(), ids=LESSONS.keys())


@every_lesson
def test_nothing_covers_anything(lesson: Record, columns: int) -> None:
    assert complaints(lesson, columns) == []


@settings(max_examples=150)
@given(histories())
def test_nothing_covers_anything_whatever_happens(lesson: Record) -> None:
    for columns in {columns_of(lesson), min(2, columns_of(lesson)), 1}:
        assert complaints(lesson, columns) == []


def complaints(lesson: Record, columns: int) -> list[str]:
    """What covers what in any step, and what is not where it belongs."""
    sheet = draw_sheet(lesson, columns)
    return [
        f"step {frame.number}: {each}"
        for number, frame in enumerate(lesson.steps)
        for each in faults(sheet, Drawing(sheet, frame, number), number)
    ]


def faults(sheet: Sheet, drawing: Drawing, number: int) -> Iterator[str]:
    rooms = {place: sheet.place(number, place) for place in drawing.state}
    paper = Box(0, 0, sheet.width, sheet.height(number))
    yield from (f"{place} is off the sheet" for place, box in rooms.items() if not contains(paper, box))
    for (one, box), (other, its) in combinations(rooms.items(), 2):
        if box.overlaps(its, APART):
            yield f"{one} covers {other}"
    cards = {spot: drawing.card(spot)[0] for spot in drawing.spots}
    notes = {place: [moved(text, *sheet.notes(number, place)) for text, _ in drawing.notes(place)] for place in rooms}
    yield from faults_of_cards(drawing, rooms, cards, notes)
    yield from faults_of_bridges(sheet, drawing, number, rooms, cards)
    heads = [
        Box(box.left + 8, box.top, box.left + 8 + drawing.title(place).box.right, box.top + HEAD)
        for place, box in rooms.items()
    ]
    solid = [*cards.values(), *heads, *(box for boxes in notes.values() for box in boxes)]
    yield from faults_of_cables(drawing, paper, cards, solid)
    edges = [
        edge for box in [*rooms.values(), *bridge_boxes(sheet, drawing, number).values()] for edge in edges_of(box)
    ]
    for cable in drawing.cables:
        if any(run_along(part, edge) for part in parts_of(cable) for edge in edges):
            yield f"{cable.route.key} runs along a wall"


def faults_of_cards(
    drawing: Drawing, rooms: dict[str, Box], cards: dict[Spot, Box], notes: dict[str, list[Box]]
) -> Iterator[str]:
    for spot, box in cards.items():
        if not contains(inner(rooms[spot.place]), box):
            yield f"{spot.key} is not in {spot.place}"
        texts = [text for text, _ in drawing.texts(spot)]
        for text in texts:
            if not contains(Box(0, 0, box.right - box.left, box.bottom - box.top), text.box):
                yield f"{text.words} leaves {spot.key}"
        for one, other in combinations(texts, 2):
            if one.box.overlaps(other.box):
                yield f"{one.words} covers {other.words}"
    for (one, box), (other, its) in combinations(cards.items(), 2):
        if box.overlaps(its, APART - 1):
            yield f"{one.key} covers {other.key}"
    for place, boxes in notes.items():
        for box in boxes:
            if not contains(inner(rooms[place]), box):
                yield f"a note leaves {place}"
            yield from (f"a note covers {spot.key}" for spot, card in cards.items() if card.overlaps(box))


def faults_of_bridges(
    sheet: Sheet, drawing: Drawing, number: int, rooms: dict[str, Box], cards: dict[Spot, Box]
) -> Iterator[str]:
    boxes = bridge_boxes(sheet, drawing, number)
    for spot in (spot for spot in drawing.spots if spot.key in boxes):
        if not contains(inner(rooms[spot.place]), boxes[spot.key]):
            yield f"{spot.key} leaves {spot.place}"
        for other, card in cards.items():
            belongs = other == spot or other.master == spot.key
            if belongs and not contains(boxes[spot.key], card):
                yield f"{other.key} is not in {spot.key}"
            if not belongs and boxes[spot.key].overlaps(card):
                yield f"{spot.key} covers {other.key}"
    for one, other in combinations(boxes, 2):
        if boxes[one].overlaps(boxes[other], APART - 1):
            yield f"{one} covers {other}"


def faults_of_cables(drawing: Drawing, paper: Box, cards: dict[Spot, Box], solid: list[Box]) -> Iterator[str]:
    parts = []
    for cable in drawing.cables:
        for spot, (x, y) in zip(cable.route.ends, (cable.line[0], cable.line[-1]), strict=True):
            card = cards[spot]
            if x not in (card.left, card.right) or not card.top < y < card.bottom:
                yield f"a cable does not reach {spot.key}"
        for part in parts_of(cable):
            parts.append((cable, part))
            if part.left != part.right and part.top != part.bottom:
                yield f"a part of {cable.route.key} is neither level nor upright"
            if not contains(paper, part):
                yield f"{cable.route.key} leaves the sheet"
            if any(crosses(part, box) for box in solid):
                yield f"{cable.route.key} runs over something"
    for (one, part), (other, its) in combinations(parts, 2):
        if one is not other and run_along(part, its):
            yield f"{one.route.key} runs along {other.route.key}"


def bridge_boxes(sheet: Sheet, drawing: Drawing, number: int) -> dict[str, Box]:
    return {
        spot.key: sheet.bridge(number, spot.place, spot.key)
        for spot in drawing.spots
        if spot.key in sheet.rooms.rooms[spot.place].bridges
    }


def parts_of(cable: Cable) -> list[Box]:
    return [Box(*map(min, one, other), *map(max, one, other)) for one, other in pairwise(cable.line)]


def edges_of(box: Box) -> tuple[Box, ...]:
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    return (
        Box(left, top, right, top),
        Box(left, bottom, right, bottom),
        Box(left, top, left, bottom),
        Box(right, top, right, bottom),
    )


def crosses(part: Box, box: Box) -> bool:
    """Whether a line passes the inside of a box."""
    return part.left < box.right and part.right > box.left and part.top < box.bottom and part.bottom > box.top


def run_along(one: Box, other: Box) -> bool:
    """Whether two lines of one direction share more than a point, or nearly do."""
    if one.top == one.bottom and other.top == other.bottom:
        return abs(one.top - other.top) < 2 and one.left < other.right and other.left < one.right
    if one.left == one.right and other.left == other.right:
        return abs(one.left - other.left) < 2 and one.top < other.bottom and other.top < one.bottom
    return False


def moved(text: Text, x: float, y: float) -> Box:
    box = text.box
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)


def inner(room: Box) -> Box:
    return Box(room.left, room.top + HEAD, room.right, room.bottom)


def contains(outer: Box, inner: Box) -> bool:
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.right >= inner.right
        and outer.bottom >= inner.bottom
    )
