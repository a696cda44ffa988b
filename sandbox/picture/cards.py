"""A place as a card: what is written on it, how large it has to be, and where its wires leave it. In pixels.

A wire leaves where its interface is written, so no label ever stands on a wire, and nothing can cover anything.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..topology.interface import Interface
    from .graph import Place

    End = tuple[str, str]  # a node and the name of an interface of it

LEFT, RIGHT = "left", "right"
HEADER, ROW, BELOW_NOTES, PADDING, FOOT = 30, 18, 3, 12, 7
SIZES = {"name": 14, "kind": 11, "note": 12, "port": 12, "address": 12}
# A monospaced letter in terms of its font's size: DejaVu's has 0.602; no usual one is wider than this.
LETTER = 0.62
ABOVE, BELOW = 0.95, 0.3  # how far a letter reaches from its baseline, in the same terms


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box, margin: float = 0) -> bool:
        """Whether the two come closer than `margin` to each other."""
        return (
            self.left < other.right + margin
            and other.left < self.right + margin
            and self.top < other.bottom + margin
            and other.top < self.bottom + margin
        )


@dataclass(frozen=True)
class Text:
    """Words on a card; x and y of their baseline's beginning, or, if `from_right`, of its end."""

    x: float
    y: float
    words: str
    style: str
    from_right: bool = False

    @property
    def box(self) -> Box:
        """At least the room that they take."""
        size, width = SIZES[self.style], measure(self.words, self.style)
        left = self.x - width if self.from_right else self.x
        return Box(left, self.y - ABOVE * size, left + width, self.y + BELOW * size)


def measure(words: str, style: str) -> float:
    """How wide words are at most."""
    return len(words) * SIZES[style] * LETTER


class Card:
    """A place and its ends, each of which leaves on the left or the right; x and y are the layout's to choose."""

    def __init__(self, place: Place, ends: Sequence[Interface], sides: Mapping[End, str]) -> None:
        self.place = place
        self.ends = ends
        self.sides = {(end.node, end.name): sides[end.node, end.name] for end in ends}
        self.x = self.y = 0.0
        self._first_row = HEADER + (ROW * len(place.notes) + BELOW_NOTES if place.notes else 0)
        self._names = max((measure(end.name, "port") for end in ends), default=0)
        self.ports = self._places_of_ports()
        self.height = self._least_height()
        self.width = self._least_width()
        self._centre_single_ports()

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.x + self.width, self.y + self.height)

    @property
    def axis(self) -> float:
        """How far below its top its wires leave, on the average."""
        return sum(self.ports.values()) / len(self.ports) if self.ports else self.height / 2

    def port(self, end: End) -> tuple[float, float]:
        """Where the wire of `end` leaves."""
        return self.x + (self.width if self.sides[end] == RIGHT else 0), self.y + self.ports[end]

    def ends_at(self, side: str) -> list[End]:
        return [end for end, its in self.sides.items() if its == side]

    def spread(self, heights: Mapping[End, float]) -> None:
        """Put ports of a switch at these heights of the drawing, and reach as far as they do; the rest in between."""
        self.y = min(heights.values()) - self._first_row - ROW / 2
        last = max(heights.values()) - self.y
        self.height = max(self._least_height(), last + ROW / 2 + FOOT)
        others = [end for end in self.ports if end not in heights]
        top = (self._first_row + self.height - FOOT - ROW * len(others)) / 2
        self.ports = {end: top + ROW * (number + 0.5) for number, end in enumerate(others)}
        self.ports |= {end: y - self.y for end, y in heights.items()}

    def texts(self) -> Iterator[Text]:
        """All that is written on the card."""
        middle = self.y + HEADER / 2 + 5
        yield Text(self.x + PADDING, middle, self.place.name, "name")
        if self.place.kind != "node":
            yield Text(self.x + self.width - PADDING, middle, self.place.kind, "kind", from_right=True)
        for number, note in enumerate(self.place.notes):
            yield Text(self.x + PADDING, self.y + HEADER + ROW * number + 11, note, "note")
        row = self._first_row
        for end in self.ends:
            at = self.ports[end.node, end.name] if self.place.kind == "switch" else row + ROW / 2
            yield from self._row(end, self.y + at + 4)
            row += ROW * _rows(end)

    def _row(self, end: Interface, y: float) -> Iterator[Text]:
        from_right = self.sides[end.node, end.name] == RIGHT
        edge, inwards = (self.x + self.width, -1) if from_right else (self.x, 1)
        yield Text(edge + inwards * PADDING, y, end.name, "port", from_right)
        for number, address in enumerate(end.addresses):
            x = edge + inwards * (2 * PADDING + self._names - 4)
            yield Text(x, y + ROW * number, str(address), "address", from_right)

    def _places_of_ports(self) -> dict[End, float]:
        """One row after the other; on a switch left and right beside each other."""
        rows = {LEFT: self._first_row, RIGHT: self._first_row}
        ports: dict[End, float] = {}
        for end in self.ends:
            key = (end.node, end.name)
            side = self.sides[key]
            ports[key] = rows[side] + ROW / 2
            for each in (side,) if self.place.kind == "switch" else (LEFT, RIGHT):
                rows[each] += ROW * _rows(end)
        return ports

    def _least_height(self) -> float:
        rows = sum(map(_rows, self.ends))
        if self.place.kind == "switch":
            rows = max(len(self.ends_at(LEFT)), len(self.ends_at(RIGHT)))
        return self._first_row + ROW * rows + FOOT

    def _least_width(self) -> float:
        kind = "" if self.place.kind == "node" else self.place.kind
        header = measure(self.place.name, "name") + (PADDING + measure(kind, "kind") if kind else 0)
        notes = [measure(note, "note") for note in self.place.notes]
        addresses = [measure(str(address), "address") for end in self.ends for address in end.addresses]
        rows = self._names + (PADDING - 4 + max(addresses) if addresses else 0)
        if self.place.kind == "switch" and self.ends_at(LEFT) and self.ends_at(RIGHT):
            rows = 2 * self._names + PADDING
        return 2 * PADDING + max([header, rows, *notes])

    def _centre_single_ports(self) -> None:
        """With one wire on a side it is clear whose it is: it leaves from the middle, and a chain is straight."""
        if max(len(self.ends_at(LEFT)), len(self.ends_at(RIGHT))) == 1:
            top = self._first_row if self.place.kind == "switch" else 0  # its label is moved along with the port
            self.ports = dict.fromkeys(self.ports, max(self.height / 2, top + ROW / 2))


def _rows(end: Interface) -> int:
    return max(1, len(end.addresses))
