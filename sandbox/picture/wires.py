"""Wires as curves that leave a card level and arrive level."""

from __future__ import annotations

from dataclasses import dataclass

from .cards import RIGHT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .cards import Card, End
    from .graph import Graph, Wire

    Point = tuple[float, float]

# Two cards one above the other are joined by a bow; it reaches 3/4 of this far out, at most.
MOST_BOW, LEAST_BOW = 120, 30
SAMPLES = 24


@dataclass(frozen=True)
class Curve:
    """A cubic Bezier curve: two ends, and between them the two points that draw it."""

    wire: Wire
    points: tuple[Point, Point, Point, Point]

    def sampled(self) -> Iterator[Point]:
        """Points along it, its ends included."""
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = self.points
        for number in range(SAMPLES + 1):
            t = number / SAMPLES
            a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
            yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3


def curves(graph: Graph, cards: Mapping[str, Card]) -> list[Curve]:
    """The wires between these cards."""
    return [_curve(wire, cards) for wire in graph.wires if wire[0].node in cards]


def _curve(wire: Wire, cards: Mapping[str, Card]) -> Curve:
    first, second = ((end.node, end.name) for end in wire)
    (x0, y0), (x3, y3) = cards[first[0]].port(first), cards[second[0]].port(second)
    one, other = _direction(first, cards), _direction(second, cards)
    if one == other:
        bow = min(LEAST_BOW + abs(y3 - y0) / 4, MOST_BOW)
        x = max(x0 * one, x3 * one) * one
        return Curve(wire, ((x0, y0), (x + one * bow, y0), (x + one * bow, y3), (x3, y3)))
    half = max(abs(x3 - x0) / 2, LEAST_BOW)
    return Curve(wire, ((x0, y0), (x0 + one * half, y0), (x3 + other * half, y3), (x3, y3)))


def _direction(end: End, cards: Mapping[str, Card]) -> int:
    return 1 if cards[end[0]].sides[end] == RIGHT else -1


def crosses_a_card(cards: Mapping[str, Card], wires: Iterable[Curve]) -> bool:
    """Whether any wire runs behind a card."""
    boxes = [card.box for card in cards.values()]
    return any(
        box.left < x < box.right and box.top < y < box.bottom
        for wire in wires
        for x, y in list(wire.sampled())[1:-1]
        for box in boxes
    )
