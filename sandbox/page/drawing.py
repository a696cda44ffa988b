"""The drawing of one step as SVG. What is the same thing in two steps has the same data-key in both."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise

from ..picture.cards import Box, Text
from ..picture.graph import WORST_FIRST
from ..picture.svg import PORT, head, write
from . import contents
from .packets import crossed
from .rooms import HEAD, INSET, LINE, UNIT
from .rooms import PORT as LEVEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..learn.state import Interface
    from .cables import Route
    from .rooms import Spot
    from .sheet import Point, Sheet

# The words of `ip` for the state of an interface, as the picture's classes; any other is drawn without a colour.
STATES = {"UP": "up", "DOWN": "down", "LOWERLAYERDOWN": "no-carrier"}
CORNER = 6
BEND = 10  # the radius of a cable's corners, where there is room
DOT_RADIUS = 3.5
ASCENT = 12  # from the top of a line to the baseline
ARROW = 5


@dataclass(frozen=True)
class Crossing:
    """Packets that went over a cable in this step, each way."""

    route: Route
    line: Sequence[Point]
    state: str
    forward: int
    backward: int


class Drawing:
    """One step of a lesson on its sheet."""

    def __init__(self, sheet: Sheet, number: int) -> None:
        """`number` counts from 0."""
        self._sheet = sheet
        self._number = number
        self.state = sheet.rooms.states[number]
        self._before = sheet.rooms.states[number - 1] if number else None
        self.spots = sheet.rooms.spots(number)
        self._known = _by_key(sheet, number - 1) if number else {}
        self.cables = list(self._cables())

    def svg(self) -> Iterator[str]:
        """The elements: first what is below."""
        for place in self.state:
            yield from self._place(place)
        for place in self.state:
            yield from self._bridges(place)
            yield from self._notes(place)
        for crossing in self.cables:
            yield from _cable(crossing)
        for spot, interface in self.spots.items():
            yield from self._interface(spot, interface)

    def crossings(self) -> Iterator[tuple[str, str]]:
        """Who sent packets to whom: places."""
        for crossing in self.cables:
            one, other = (end.place for end in crossing.route.ends)
            if crossing.forward:
                yield one, other
            if crossing.backward:
                yield other, one

    def card(self, spot: Spot) -> tuple[Box, list[contents.Line]]:
        """The box of an interface, and what is written in it."""
        lines = contents.card(self.spots[spot], self._known.get(spot.key))
        return self._sheet.card(spot, len(lines)), lines

    def texts(self, spot: Spot) -> Iterator[tuple[Text, contents.Line]]:
        """The texts of a card, seen from its upper left corner."""
        box, lines = self.card(spot)
        for row, line in enumerate(lines):
            y = INSET + LINE * row + ASCENT
            yield Text(INSET + line.indent, y, line.words, line.style), line
            if line.aside:
                yield Text(box.right - box.left - INSET, y, line.aside, contents.ASIDE, from_right=True), line

    def notes(self, place: str) -> list[tuple[Text, contents.Line]]:
        """What is said of a place beside its interfaces."""
        before = self._before.get(place) if self._before else None
        lines = self._sheet.rooms.notes(self.state[place], before)
        if not lines:
            return []
        x, y = self._sheet.notes(place)
        return [
            (Text(x, y + LINE * row + ASCENT, line.words, line.style), line)
            for row, line in enumerate(lines)
            if line.words
        ]

    def title(self, place: str) -> Text:
        box = self._sheet.place(place)
        return Text(box.left + 2 * UNIT, box.top + HEAD / 2 + 5, place, "name")

    def _cables(self) -> Iterator[Crossing]:
        """The cables, each with what went over it."""
        for route, line, first, second in self._sheet.cables(self._number):
            before = [self._known.get(end.key) for end in route.ends]
            forward = crossed(first, second, before[0], before[1])
            backward = crossed(second, first, before[1], before[0])
            yield Crossing(route, line, _worst(first, second), forward, backward)

    def _place(self, place: str) -> Iterator[str]:
        box = self._sheet.place(place)
        kind = "host" if self._sheet.rooms.rooms[place].band == 0 else "node"
        name = escape(place)
        yield f'<g class="place {kind}" data-key="place {name}" data-place="{name}">'
        yield f'<rect class="card" {_rect(box)} rx="7"/><path class="head" d="{head(box)}"/>'
        yield f"{write(self.title(place))}</g>"

    def _bridges(self, place: str) -> Iterator[str]:
        for spot in self.spots:
            if spot.place == place and spot.key in self._sheet.rooms.rooms[place].bridges:
                box = self._sheet.bridge(place, spot.key)
                yield f'<g data-key="bridge {escape(spot.key)}"><rect class="bridge" {_rect(box)} rx="{CORNER}"/></g>'

    def _notes(self, place: str) -> Iterator[str]:
        if notes := self.notes(place):
            yield f'<g data-key="notes {escape(place)}">'
            for text, line in notes:
                yield from _written(text, line)
            yield "</g>"

    def _interface(self, spot: Spot, interface: Interface) -> Iterator[str]:
        box, _ = self.card(spot)
        classes = ["interface", STATES.get(interface.state, "other")]
        if self._number and spot.key not in self._known:
            classes.append("fresh")
        name = escape(f"{spot.place}/{interface.name}")
        yield f'<g class="{" ".join(classes)}" data-key="{escape(spot.key)}" data-interface="{name}" '
        yield f'data-state="{escape(interface.state)}" transform="translate({box.left:g} {box.top:g})">'
        yield f'<rect class="card" width="{box.right - box.left:g}" height="{box.bottom - box.top:g}" rx="{CORNER}"/>'
        yield f'<circle cx="{INSET + DOT_RADIUS}" cy="{LEVEL + LINE / 2:g}" r="{DOT_RADIUS}"/>'
        for text, line in self.texts(spot):
            yield from _written(text, line)
        for crossing in self.cables:
            for end, (x, y) in zip(crossing.route.ends, (crossing.line[0], crossing.line[-1]), strict=True):
                if end == spot:
                    yield f'<circle class="plug" cx="{x - box.left:g}" cy="{y - box.top:g}" r="{PORT}"/>'
        yield "</g>"


def _by_key(sheet: Sheet, number: int) -> Mapping[str, Interface]:
    return {spot.key: interface for spot, interface in sheet.rooms.spots(number).items()}


def _worst(*ends: Interface) -> str:
    """The state of a cable: of its ends, that which lets less through."""
    states = {STATES.get(end.state) for end in ends}
    return next((state for state in WORST_FIRST if state in states), "other")


def _written(text: Text, line: contents.Line) -> Iterator[str]:
    """A text, on a mark if it is new."""
    if line.is_new:
        box = text.box
        yield (
            f'<rect class="new" x="{box.left - 3:.1f}" y="{text.y - ASCENT + 0.5:g}" '
            f'width="{box.right - box.left + 6:.1f}" height="{LINE - 1}" rx="3"/>'
        )
    yield write(text)


def _cable(crossing: Crossing) -> Iterator[str]:
    first, second = crossing.route.ends
    path = _path(crossing.line)
    yield f'<g class="cable {crossing.state}" data-key="cable {escape(first.key)} {escape(second.key)}" '
    yield f'data-forward="{crossing.forward}" data-backward="{crossing.backward}">'
    yield f'<path class="casing" d="{path}"/><path class="wire" d="{path}"/>'
    start, end = _longest(crossing.line)
    if crossing.forward:
        yield _arrow(start, end)
    if crossing.backward:
        yield _arrow(end, start)
    yield "</g>"


def _path(line: Sequence[Point]) -> str:
    """A line with round corners."""
    parts = [f"M{line[0][0]:g} {line[0][1]:g}"]
    for before, (x, y), after in zip(line, line[1:], line[2:], strict=False):
        one, other = _towards((x, y), before), _towards((x, y), after)
        parts.append(f"L{one[0]:g} {one[1]:g} Q{x:g} {y:g} {other[0]:g} {other[1]:g}")
    return " ".join([*parts, f"L{line[-1][0]:g} {line[-1][1]:g}"])


def _towards(corner: Point, point: Point) -> Point:
    """Where the bend at a corner begins, on the way to a point."""
    (x, y), (other_x, other_y) = corner, point
    length = abs(other_x - x) + abs(other_y - y)  # one of them is 0
    share = min(BEND, length / 2) / length if length else 0
    return x + (other_x - x) * share, y + (other_y - y) * share


def _longest(line: Sequence[Point]) -> tuple[Point, Point]:
    """The longest straight part of a line."""
    return max(pairwise(line), key=lambda ends: abs(ends[0][0] - ends[1][0]) + abs(ends[0][1] - ends[1][1]))


def _arrow(start: Point, end: Point) -> str:
    """A head of an arrow, two thirds of the way along, for packets that went there."""
    x, y = (one + (other - one) * 2 / 3 for one, other in zip(start, end, strict=True))
    across, along = ((end[0] > start[0]) - (end[0] < start[0])) * ARROW, ((end[1] > start[1]) - (end[1] < start[1])) * ARROW
    tip, left, right = (x + across, y + along), (x - across + along, y - along + across), (x - across - along, y - along - across)
    corners = " L".join(f"{at_x:g} {at_y:g}" for at_x, at_y in (tip, left, right))
    return f'<path class="arrow" d="M{corners} z"/>'


def _rect(box: Box) -> str:
    return f'x="{box.left:g}" y="{box.top:g}" width="{box.right - box.left:g}" height="{box.bottom - box.top:g}"'
