"""What needs no columns: a chain is a row, folded as a text is; a ring goes round; a mesh stands in a circle."""

from __future__ import annotations

from math import ceil, cos, pi, sin, sqrt

from .cards import LEFT, RIGHT, Card
from .wires import crosses_a_card, curves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .cards import End
    from .graph import Graph
    from .wires import Point

    Spots = Mapping[str, Point]  # where the middle of each card is to be, in pixels or in columns and rows

LEAST_A_ROW, LONGEST_ROW = 5, 1500
BETWEEN_COLUMNS, BETWEEN_ROWS, BETWEEN_IN_MESH = 70, 40, 70
# A circle is an ellipse, as cards are wider than high; it grows until it is large enough, up to some size.
FLATTENED, LARGEST, MOST_IN_MESH = 1.6, 6000, 16
LEAST_APART = 16  # cards closer than this are above each other, rather than beside each other


def fold(graph: Graph, component: Sequence[str]) -> dict[str, Card] | None:
    """A chain in rows, to the right and to the left in turn; None if it is no chain."""
    degrees = sorted(len(graph.neighbours[name]) for name in component)
    if len(component) < 2 or degrees[1] != 1 or degrees[-1] > 2:
        return None
    chain = _walk(graph, component)
    width = _widest(graph, chain)
    a_row = max(LEAST_A_ROW, ceil(sqrt(len(chain) * 0.6)))
    a_row = max(2, min(a_row, int(LONGEST_ROW / (width + BETWEEN_COLUMNS))))
    spots = {}
    for number, name in enumerate(chain):
        row, at = divmod(number, a_row)
        spots[name] = (float(a_row - 1 - at if row % 2 else at), float(row))
    return _in_cells(graph, spots)


def go_round(graph: Graph, component: Sequence[str]) -> dict[str, Card] | None:
    """A ring as the border of a rectangle, clockwise; None if it is no ring, or one with cards too unlike."""
    if any(len(graph.neighbours[name]) != 2 for name in component):
        return None
    ring = _walk(graph, component)
    a_side = len(ring) // 5
    top = ceil(len(ring) / 2) - a_side
    bottom = len(ring) - top - 2 * a_side
    right = top - 1.0
    spots = [(float(x), 0.0) for x in range(top)]
    spots += [(right, y + 1.0) for y in range(a_side)]
    spots += [(right - x - (top - bottom) / 2, a_side + 1.0) for x in range(bottom)]
    spots += [(0.0, float(a_side - y)) for y in range(a_side)]
    cards = _in_cells(graph, dict(zip(ring, spots, strict=True)))
    return None if crosses_a_card(cards, curves(graph, cards)) else cards


def encircle(graph: Graph, component: Sequence[str]) -> dict[str, Card] | None:
    """A mesh, in which most are joined to most, in a circle; None if it is none, or would be too large."""
    degrees = [len(graph.neighbours[name]) for name in component]
    if len(component) > MOST_IN_MESH or min(degrees) <= len(component) / 2:
        return None
    width = _widest(graph, component)
    radius = 100.0
    while radius < LARGEST:
        spots = {}
        for number, name in enumerate(component):
            angle = 2 * pi * (number - 0.5) / len(component)
            spots[name] = (FLATTENED * radius * sin(angle), -radius * cos(angle))
        cards = _at(graph, spots, lambda own, peer: _facing(own, peer, width))
        if not _collide(cards) and not crosses_a_card(cards, curves(graph, cards)):
            return cards
        radius *= 1.1
    return None


def _walk(graph: Graph, component: Sequence[str]) -> list[str]:
    """The places one after the other along a chain, or around a ring."""
    ends = [name for name in component if len(graph.neighbours[name]) == 1]
    found = [ends[0] if ends else component[0]]
    seen = set(found)
    while onwards := [name for name in graph.neighbours[found[-1]] if name not in seen]:
        found.append(onwards[0])
        seen.add(onwards[0])
    return found


# Which side of a card a wire leaves from, for its own spot and its peer's.


def _outside(own: Point, peer: Point, last: float) -> str:
    """Towards the peer in the same row; to one above or below on the outer side, where nothing is in the way."""
    if own[1] == peer[1]:
        return RIGHT if peer[0] > own[0] else LEFT
    return RIGHT if own[0] + peer[0] > last else LEFT


def _facing(own: Point, peer: Point, width: float) -> str:
    """Towards the peer; to one above or below on the inner side."""
    if abs(own[0] - peer[0]) < width + LEAST_APART:
        return RIGHT if own[0] + peer[0] < 0 else LEFT
    return RIGHT if peer[0] > own[0] else LEFT


# Cards at their spots.


def _in_cells(graph: Graph, spots: Spots) -> dict[str, Card]:
    """Columns as wide as the widest card; in a row the wires are at one height."""
    last = max(x for x, _ in spots.values())
    cards = _at(graph, spots, lambda own, peer: _outside(own, peer, last))
    width = max(card.width for card in cards.values())
    for name, card in cards.items():
        card.width = width
        card.x = spots[name][0] * (width + BETWEEN_COLUMNS)
    bottom = 0.0
    for y in sorted({y for _, y in spots.values()}):
        row = [card for name, card in cards.items() if spots[name][1] == y]
        axis = bottom + max(card.axis for card in row)
        for card in row:
            card.y = axis - card.axis
        bottom = max(card.box.bottom for card in row) + BETWEEN_ROWS
    return cards


def _at(graph: Graph, spots: Spots, side: Callable[[Point, Point], str]) -> dict[str, Card]:
    """A card for each spot, its middle there; its interfaces from the one whose peer is highest to the lowest."""
    cards = {}
    for name, spot in spots.items():
        wires = graph.wires_of(name)
        sides: dict[End, str] = {(own.node, own.name): side(spot, spots[peer.node]) for own, peer in wires}
        highest_first = sorted(wires, key=lambda wire: spots[wire[1].node][1])
        card = cards[name] = Card(graph.places[name], [own for own, _ in highest_first], sides)
        card.x, card.y = spot[0] - card.width / 2, spot[1] - card.height / 2
    return cards


def _widest(graph: Graph, names: Iterable[str]) -> float:
    anywhere = {(end.node, end.name): RIGHT for ends in graph.wires for end in ends}
    return max(Card(graph.places[name], [own for own, _ in graph.wires_of(name)], anywhere).width for name in names)


def _collide(cards: Mapping[str, Card]) -> bool:
    boxes = [card.box for card in cards.values()]
    return any(one.overlaps(other, BETWEEN_IN_MESH) for number, one in enumerate(boxes) for other in boxes[:number])
