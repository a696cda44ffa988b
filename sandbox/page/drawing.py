"""The drawing of one step as SVG. What is the same thing in two steps has the same data-key in both."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import chain

from ..picture.cards import Box, Text
from ..picture.graph import WORST_FIRST
from ..picture.svg import PORT, head, write
from . import contents
from .lines import arrow, path
from .packets import crossed, hops, origin
from .rooms import HEAD, INSET, LINE, UNIT
from .rooms import PORT as LEVEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..learn.performance import Frame
    from ..learn.state import Interface
    from .cables import Route
    from .lines import Point
    from .rooms import Spot
    from .sheet import Sheet

# The words of `ip` for the state of an interface, as the picture's classes; any other is drawn without a colour.
STATES = {"UP": "up", "DOWN": "down", "LOWERLAYERDOWN": "no-carrier"}
CORNER = 6
DOT_RADIUS = 3.5
ASCENT = 12  # from the top of a line to its baseline


@dataclass(frozen=True)
class Cable:
    """A cable, and how many packets went over it in this step: `ahead` from where they set out, and `back` there.

    `hop` tells how many other cables are nearer to where they set out; `is_turned`: its second end is the nearer one.
    """

    route: Route
    line: Sequence[Point]
    state: str
    ahead: int
    back: int
    hop: int
    is_turned: bool

    @property
    def places(self) -> tuple[str, str]:
        """Where its ends are, the nearer one first."""
        one, other = (end.place for end in self.route.ends)
        return (other, one) if self.is_turned else (one, other)


class Drawing:
    """One step of a lesson on its sheet; `number` counts from 0."""

    def __init__(self, sheet: Sheet, frame: Frame, number: int) -> None:
        self._sheet = sheet
        self._number = number
        self.state = sheet.rooms.states[number]
        self._before = sheet.rooms.states[number - 1] if number else None
        self.spots = sheet.rooms.spots(number)
        self._known = _by_key(sheet, number - 1) if number else {}
        self.cables = list(self._cables(origin(frame.commands, list(self.state))))

    def svg(self) -> Iterator[str]:
        """The elements: first what is below."""
        yield from chain.from_iterable(map(self._place, self.state))
        yield from chain.from_iterable(map(self._bridges, self.state))
        yield from chain.from_iterable(map(self._notes, self.state))
        yield from chain.from_iterable(map(_cable, self.cables))
        for spot, interface in self.spots.items():
            yield from self._interface(spot, interface)

    def crossings(self) -> list[tuple[str, str]]:
        """Who sent packets to whom, place by place, as they went and then as they came back."""
        outwards = sorted(self.cables, key=lambda cable: cable.hop)
        there = [cable.places for cable in outwards if cable.ahead]
        return there + [cable.places[::-1] for cable in outwards[::-1] if cable.back]

    def card(self, spot: Spot) -> tuple[Box, list[contents.Line]]:
        """The box of an interface, and what is written in it."""
        lines = contents.card(self.spots[spot], self._known.get(spot.key))
        return self._sheet.card(self._number, spot, len(lines)), lines

    def texts(self, spot: Spot) -> Iterator[tuple[Text, contents.Line]]:
        """The texts of a card, seen from its upper left corner."""
        box, lines = self.card(spot)
        for row, line in enumerate(lines):
            y = INSET + LINE * row + ASCENT
            yield Text(INSET + line.indent, y, line.words, line.style), line
            if line.aside:
                yield Text(box.right - box.left - INSET, y, line.aside, contents.ASIDE, from_right=True), line

    def notes(self, place: str) -> list[tuple[Text, contents.Line]]:
        """What is said of a place beside its interfaces, seen from where its notes begin."""
        before = self._before.get(place) if self._before else None
        lines = self._sheet.rooms.notes(self.state[place], before)
        return [
            (Text(0, LINE * row + ASCENT, line.words, line.style), line) for row, line in enumerate(lines) if line.words
        ]

    def title(self, place: str) -> Text:
        """The name of a place, seen from its upper left corner."""
        return Text(2 * UNIT, HEAD / 2 + 5, place, "name")

    def _cables(self, start: str) -> Iterator[Cable]:
        cables = self._sheet.cables(self._number)
        far = hops([(one.place, other.place) for one, other in (each.ends for each, *_ in cables)], start)
        for route, line, *interfaces in cables:
            distances = [far.get(end.place, len(far)) for end in route.ends]
            is_turned = distances[1] < distances[0]
            near, there = interfaces[::-1] if is_turned else interfaces
            near_before, there_before = (self._known.get(end.key) for end in route.ends[:: -1 if is_turned else 1])
            yield Cable(
                route,
                line,
                _worst(*interfaces),
                crossed(near, there, near_before, there_before),
                crossed(there, near, there_before, near_before),
                min(distances),
                is_turned,
            )

    def _place(self, place: str) -> Iterator[str]:
        box = self._sheet.place(self._number, place)
        kind = "host" if self._sheet.rooms.rooms[place].band == 0 else "node"
        yield f'<g class="place {kind}" {_key(f"place {place}")} data-place="{escape(place)}" {_at(box)}>'
        yield f'<rect class="card" {_size(box)} rx="7"/>'
        yield f'<path class="head" d="{head(Box(0, 0, box.right - box.left, box.bottom - box.top))}"/>'
        yield f"{write(self.title(place))}</g>"

    def _bridges(self, place: str) -> Iterator[str]:
        for spot in self.spots:
            if spot.place == place and spot.key in self._sheet.rooms.rooms[place].bridges:
                box = self._sheet.bridge(self._number, place, spot.key)
                yield f"<g {_key(f'bridge {spot.key}')} {_at(box)}>"
                yield f'<rect class="bridge" {_size(box)} rx="{CORNER}"/></g>'

    def _notes(self, place: str) -> Iterator[str]:
        if notes := self.notes(place):
            x, y = self._sheet.notes(self._number, place)
            yield f"<g {_key(f'notes {place}')} {_at(Box(x, y, x, y))}>"
            for text, line in notes:
                yield from _written(text, line)
            yield "</g>"

    def _interface(self, spot: Spot, interface: Interface) -> Iterator[str]:
        box, _ = self.card(spot)
        fresh = " fresh" if self._number and spot.key not in self._known else ""
        name = escape(f"{spot.place}/{interface.name}")
        yield f'<g class="interface {STATES.get(interface.state, "other")}{fresh}" {_key(spot.key)} '
        yield f'data-interface="{name}" data-state="{escape(interface.state)}" {_at(box)}>'
        yield f'<rect class="card" {_size(box)} rx="{CORNER}"/>'
        yield f'<circle cx="{INSET + DOT_RADIUS}" cy="{LEVEL + LINE / 2:g}" r="{DOT_RADIUS}"/>'
        for text, line in self.texts(spot):
            yield from _written(text, line)
        for cable in self.cables:
            for end, (x, y) in zip(cable.route.ends, (cable.line[0], cable.line[-1]), strict=True):
                if end == spot:
                    yield f'<circle cx="{x - box.left:g}" cy="{y - box.top:g}" r="{PORT}"/>'
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


def _cable(cable: Cable) -> Iterator[str]:
    """A cable is drawn from where packets set out; an arrow for each way that they went."""
    first, second = cable.route.ends
    line = cable.line[::-1] if cable.is_turned else cable.line
    drawn = path(line)
    yield f'<g class="cable {cable.state}" {_key(f"cable {first.key} {second.key}")} '
    yield f'data-ahead="{cable.ahead}" data-back="{cable.back}" data-hop="{cable.hop}">'
    yield f'<path class="casing" d="{drawn}"/><path class="wire" d="{drawn}"/>'
    if cable.ahead:
        yield f'<path class="arrow" d="{arrow(line)}"/>'
    if cable.back:
        yield f'<path class="arrow" d="{arrow(line[::-1])}"/>'
    yield "</g>"


def _key(key: str) -> str:
    return f'data-key="{escape(key)}"'


def _at(box: Box) -> str:
    return f'transform="translate({box.left:g} {box.top:g})"'


def _size(box: Box) -> str:
    return f'width="{box.right - box.left:g}" height="{box.bottom - box.top:g}"'
