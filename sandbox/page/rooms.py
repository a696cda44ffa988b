"""Which cell everything stands in, the same in all steps of a lesson: boxes stay in their columns, interfaces move.

The host is above, as wide as the sheet; the other places stand below it in columns. Within a place there are rows of
cells, one cell for each interface that is ever there. A row that is empty in a step takes no room. Between the columns
are channels, for cables. All that matters for a cable's height is a multiple of UNIT: see cables.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from ..picture.cards import measure
from . import contents
from .identity import follow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..learn.state import Interface, Place
    from .identity import Keys

    State = Mapping[str, Place]

UNIT = 8
HEAD, LINE, PADDING, GAP, INSET = 3 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT, UNIT
LEAST_COLUMN = 17 * UNIT
LEAST_LINES = 3  # an address may come, or have gone; so places beside each other are mostly on a level
PORT = 3 * UNIT  # how far below the top of a card its cable leaves


@dataclass(frozen=True)
class Spot:
    """Where an interface stands: in a place, and within the bridge whose port it is."""

    place: str
    key: str
    master: str | None = None


@dataclass
class Cell:
    """Room for a card or, without a spot, for the notes of a place. `row` is counted within the place."""

    spot: Spot | None
    column: int = 0
    row: int = 0


@dataclass
class Room:
    """A place: the columns that it spans, the band that it stands in, and its cells. Bridges have rows of their own."""

    name: str
    columns: range
    band: int
    cells: dict[Spot | None, Cell] = field(default_factory=dict)
    bridges: dict[str, range] = field(default_factory=dict)
    lanes: dict[int, int] = field(default_factory=dict)  # how many cables run below a row, within the place
    there: list[dict[Spot | None, int]] = field(default_factory=list)  # in each step: the height of each cell
    _rows: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)

    def make_room(self, row: int, lanes: int) -> None:
        """For so many cables below a row."""
        self.lanes[row] = lanes
        self._rows.clear()

    def rows(self, number: int) -> dict[int, tuple[int, int]]:
        """The top and the bottom of each row that a step has, from the top of the room."""
        if number not in self._rows:
            self._rows[number] = self._stacked(number)
        return self._rows[number]

    def _stacked(self, number: int) -> dict[int, tuple[int, int]]:
        heights: dict[int, int] = {}
        for spot, height in self.there[number].items():
            row = self.cells[spot].row
            heights[row] = max(heights.get(row, 0), height)
        found: dict[int, tuple[int, int]] = {}
        y, before = HEAD + GAP, None
        for row in sorted(heights):
            if self._bridge(before) != self._bridge(row):
                y += INSET * ((self._bridge(before) is not None) + (self._bridge(row) is not None))
            found[row] = y, y + heights[row]
            y += heights[row] + max(GAP, UNIT * (self.lanes.get(row, 0) + 1))
            before = row
        return found

    def height(self, number: int) -> int:
        rows = self.rows(number)
        if not rows:
            return HEAD + GAP
        last = max(rows)
        below = max(PADDING, UNIT * (self.lanes.get(last, 0) + 1))
        return rows[last][1] + below + INSET * (self._bridge(last) is not None)

    def port(self, number: int, spot: Spot) -> int:
        """How far below the top of the room a cable leaves."""
        return self.rows(number)[self.cells[spot].row][0] + PORT

    def ends_bridge(self, number: int, row: int) -> bool:
        """Whether a row is the last one that a bridge has in a step."""
        rows = self.rows(number)
        below = next((other for other in sorted(rows) if other > row), None)
        return self._bridge(row) not in (None, self._bridge(below))

    def _bridge(self, row: int | None) -> str | None:
        return next((key for key, rows in self.bridges.items() if row in rows), None)


class Rooms:
    """The rooms of all steps, with `columns` of them beside each other below the first."""

    def __init__(self, places: Sequence[str], states: Sequence[State], columns: int) -> None:
        self.keys = follow(states)
        self.states = states
        self.columns = columns
        host, *others = places
        self.rooms = {host: Room(host, range(columns), 0)}
        for number, name in enumerate(others):
            column = number % columns
            self.rooms[name] = Room(name, range(column, column + 1), 1 + number // columns)
        self.bands = 1 + ceil(len(others) / columns)
        self._spots = [self._spots_of(number) for number in range(len(states))]
        self._homes = self._where_they_belong(host)
        self.column = self._width_of_a_column()
        for room in self.rooms.values():
            self._furnish(room)

    def spots(self, number: int) -> dict[Spot, Interface]:
        """The interfaces of a step, each where it stands."""
        return self._spots[number]

    def _spots_of(self, number: int) -> dict[Spot, Interface]:
        keys = self.keys[number]
        return {
            spot(place, interface, keys): interface
            for place, its in self.states[number].items()
            for interface in its.interfaces
        }

    def _where_they_belong(self, host: str) -> dict[str, int]:
        """The column of an interface on the host: below it is the place that it moves to, or that its peer is in."""
        homes: dict[str, int] = {}
        peers: dict[str, int] = {}
        for keys, state in zip(self.keys, self.states, strict=True):
            for place, its in state.items():
                for each in its.interfaces:
                    key = keys[place, each.name]
                    if place != host:
                        homes.setdefault(key, self.rooms[place].columns.start)
                    if each.peer and each.peer.place not in (host, place):
                        peers.setdefault(key, self.rooms[each.peer.place].columns.start)
        return peers | homes

    def _width_of_a_column(self) -> int:
        cards = [line.width for state in self.states for its in state.values() for line in _all_lines(its.interfaces)]
        heads = [measure(name, "name") for name in self.rooms]
        noted = [
            measure(contents.INDENT + part, line.style)
            for state in self.states
            for its in state.values()
            for block in contents.notes(its)
            for line in block
            for part in contents.parts(line)
        ]
        widest = max([LEAST_COLUMN, *(width + 2 * INSET for width in cards), *heads, *noted])
        return UNIT * ceil(widest / UNIT)

    def _furnish(self, room: Room) -> None:
        """Its cells: what belongs nowhere, then notes, then what has a column of its own, then the bridges."""
        heights: dict[Spot | None, int] = {}
        for number in range(len(self.states)):
            room.there.append(self._cells_there(room, number))
            for where, height in room.there[-1].items():
                heights[where] = max(heights.get(where, 0), height)
        # A card grows as it gets an address; what stands below it stays where it is all the same.
        for there in room.there:
            there.update((where, heights[where]) for where in there if where)
        spots = [where for where in heights if where]
        bridges = dict.fromkeys(where.master for where in spots if where.master)
        free: list[Spot | None] = [where for where in spots if not where.master and where.key not in bridges]
        row = self._place(room, [*free, *([None] if None in heights else [])], 0)
        for key in bridges:
            own = self._place(room, [where for where in spots if where == Spot(room.name, key)], row)
            end = self._place(room, [where for where in spots if where.master == key], own)
            room.bridges[key] = range(row, end)
            row = end

    def _cells_there(self, room: Room, number: int) -> dict[Spot | None, int]:
        """What a place has in a step, and how high that is."""
        there: dict[Spot | None, int] = {
            where: LINE * max(len(contents.card(interface)), 0 if where.master else LEAST_LINES) + 2 * INSET
            for where, interface in self.spots(number).items()
            if where.place == room.name
        }
        place = self.states[number].get(room.name)
        if place and (notes := self.notes(place)):
            there[None] = LINE * len(notes)
        return there

    def notes(self, place: Place, before: Place | None = None) -> list[contents.Line]:
        """The notes of a place as they are written, line by line."""
        lines: list[contents.Line] = []
        for block in contents.notes(place, before):
            lines += [contents.BLANK] * bool(lines)
            lines += [short for line in block for short in contents.broken(line, self.column)]
        return lines

    def _place(self, room: Room, spots: Sequence[Spot | None], row: int) -> int:
        """Put cells into rows from `row` on, each into its column, others side by side first; the row after the last.

        All on a level with each other that have a column: the two ends of a new pair are joined by a straight cable.
        """
        restless = [where for where in spots if self._home(where, room) is None]
        for number, where in enumerate(restless):
            column = room.columns[number % len(room.columns)]
            room.cells[where] = Cell(where, column, row + number // len(room.columns))
        next_row = dict.fromkeys(room.columns, row - (-len(restless) // len(room.columns)))
        for where in spots:
            if (column_of_its_own := self._home(where, room)) is not None:
                room.cells[where] = Cell(where, column_of_its_own, next_row[column_of_its_own])
                next_row[column_of_its_own] += 1
        return max(next_row.values())

    def _home(self, where: Spot | None, room: Room) -> int | None:
        return self._homes.get(where.key) if where and len(room.columns) > 1 else None


def spot(place: str, interface: Interface, keys: Keys) -> Spot:
    """Where an interface of a place stands."""
    return Spot(place, keys[place, interface.name], keys.get((place, interface.master or "")))


def _all_lines(interfaces: Iterable[Interface]) -> Iterator[contents.Line]:
    for interface in interfaces:
        yield from contents.card(interface)
