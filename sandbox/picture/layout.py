"""Where everything goes: each part of the lab that hangs together is arranged by itself, then they are put in lines."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from .columns import arrange
from .graph import Graph
from .round import encircle, fold, go_round
from .wires import curves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..topology import Topology
    from .cards import Card
    from .wires import Curve

MARGIN, BETWEEN = 24, 40
# As wide parts are put beside each other: at least this, and so that many of them make a sheet wider than high.
LINE, SHAPE = 1100, 1.6


@dataclass(frozen=True)
class Layout:
    """Cards and curves on a sheet of this width and height, in pixels."""

    width: float
    height: float
    cards: Sequence[Card]
    curves: Sequence[Curve]


@dataclass(frozen=True)
class _Part:
    cards: dict[str, Card]
    left: float
    top: float
    width: float
    height: float

    def move_to(self, x: float, y: float) -> None:
        for card in self.cards.values():
            card.x += x - self.left
            card.y += y - self.top


def layout(topology: Topology) -> Layout:
    """The places and wires of `topology`, none of which covers another's text."""
    graph = Graph(topology)
    parts = [_part(graph, component) for component in graph.components()]
    area = sum((part.width + BETWEEN) * (part.height + BETWEEN) for part in parts)
    width = max(LINE, sqrt(area * SHAPE), *(part.width for part in parts))
    x = y = line = right = 0.0
    for part in parts:
        if x and x + part.width > width:
            x, y, line = 0.0, y + line + BETWEEN, 0.0
        part.move_to(MARGIN + x, MARGIN + y)
        right = max(right, x + part.width)
        x, line = x + part.width + BETWEEN, max(line, part.height)
    cards = {name: card for part in parts for name, card in part.cards.items()}
    return Layout(right + 2 * MARGIN, y + line + 2 * MARGIN, list(cards.values()), curves(graph, cards))


def _part(graph: Graph, component: Sequence[str]) -> _Part:
    cards = (
        fold(graph, component) or go_round(graph, component) or encircle(graph, component) or arrange(graph, component)
    )
    points = [point for curve in curves(graph, cards) for point in curve.sampled()]
    corners = [
        (x, y)
        for box in (card.box for card in cards.values())
        for x, y in ((box.left, box.top), (box.right, box.bottom))
    ]
    (left, right), (top, bottom) = (_reach(each) for each in zip(*points, *corners, strict=True))
    return _Part(cards, left, top, right - left, bottom - top)


def _reach(numbers: Iterable[float]) -> tuple[float, float]:
    numbers = list(numbers)
    return min(numbers), max(numbers)
