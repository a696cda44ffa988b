"""The place of everything in all steps of a lesson at once, so that a box never moves and only interfaces do.

The host is above, as wide as the sheet; the other places stand below it in columns. Within a place there are cells,
one for each interface that is ever there, one below the other in their columns. Between the columns are channels, for
cables. All that matters for a cable's height is a multiple of UNIT: see cables.py.
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
    lines: int = 0
    column: int = 0
    row: int = 0

    @property
    def height(self) -> int:
        return LINE * self.lines + (2 * INSET if self.spot else 0)


@dataclass
class Room:
    """A place: the columns that it spans, the band that it stands in, and its cells. Bridges have rows of their own."""

    name: str
    columns: range
    band: int
    cells: list[Cell] = field(default_factory=list)
    bridges: dict[str, range] = field(default_factory=dict)
    lanes: dict[int, int] = field(default_factory=dict)  # cables that run below a row, within the place

    def heights(self) -> Iterator[tuple[int, int]]:
        """The top and the bottom of each row, from the top of the room."""
        y = HEAD + GAP
        for row in range(max((cell.row for cell in self.cells), default=-1) + 1):
            y += INSET * sum(row in (rows.start, rows.stop) for rows in self.bridges.values())
            height = max((cell.height for cell in self.cells if cell.row == row), default=0)
            yield y, y + height
            y += height + max(GAP, UNIT * (self.lanes.get(row, 0) + 1))

    @property
    def height(self) -> int:
        last = max((bottom for _, bottom in self.heights()), default=HEAD)
        row = sum(1 for _ in self.heights()) - 1
        ends_with_bridge = any(rows.stop == row + 1 for rows in self.bridges.values())
        return last + max(PADDING, UNIT * (self.lanes.get(row, 0) + 1)) + INSET * ends_with_bridge

    def cell(self, spot: Spot) -> Cell:
        return next(cell for cell in self.cells if cell.spot == spot)

    def port(self, spot: Spot) -> int:
        """How far below the top of the room a cable leaves."""
        return list(self.heights())[self.cell(spot).row][0] + PORT


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
        self._homes = self._where_they_belong(host)
        self.column = self._width_of_a_column()
        for room in self.rooms.values():
            self._furnish(room)

    def spots(self, number: int) -> dict[Spot, Interface]:
        """The interfaces of a step, each where it stands."""
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
        sizes: dict[Spot, int] = {}
        for number in range(len(self.states)):
            for where, interface in self.spots(number).items():
                if where.place == room.name:
                    sizes[where] = max(sizes.get(where, 0), len(contents.card(interface)))
        cells = {where: Cell(where, lines) for where, lines in sizes.items()}
        bridges = dict.fromkeys(where.master for where in cells if where.master)
        free = [cell for where, cell in cells.items() if not where.master and where.key not in bridges]
        notes = max((len(self.notes(state[room.name])) for state in self.states if room.name in state), default=0)
        row = self._place(room, [*free, *([Cell(None, notes)] if notes else [])], 0)
        for key in bridges:
            own = [cell for where, cell in cells.items() if where == Spot(room.name, key)]
            ports = [cell for where, cell in cells.items() if where.master == key]
            end = self._place(room, ports, self._place(room, own, row))
            room.bridges[key] = range(row, end)
            row = end

    def notes(self, place: Place, before: Place | None = None) -> list[contents.Line]:
        """The notes of a place as they are written, line by line."""
        lines: list[contents.Line] = []
        for block in contents.notes(place, before):
            lines += [contents.BLANK] * bool(lines)
            lines += [short for line in block for short in contents.broken(line, self.column)]
        return lines

    def _place(self, room: Room, cells: Sequence[Cell], row: int) -> int:
        """Put cells into rows from `row` on, each into its column, others side by side first; the row after the last.

        All on a level with each other that have a column: the two ends of a new pair are joined by a straight cable.
        """
        homes = {id(cell): self._home(cell, room) for cell in cells}
        restless = [cell for cell in cells if homes[id(cell)] is None]
        settled = [cell for cell in cells if homes[id(cell)] is not None]
        for number, cell in enumerate(restless):
            cell.row, cell.column = row + number // len(room.columns), room.columns[number % len(room.columns)]
        row = max([row, *(cell.row + 1 for cell in restless)])
        next_row = dict.fromkeys(room.columns, row)
        for cell in settled:
            cell.column = homes[id(cell)] or 0
            cell.row = next_row[cell.column]
            next_row[cell.column] += 1
        room.cells += [*restless, *settled]
        return max(next_row.values())

    def _home(self, cell: Cell, room: Room) -> int | None:
        return self._homes.get(cell.spot.key) if cell.spot and len(room.columns) > 1 else None


def spot(place: str, interface: Interface, keys: Keys) -> Spot:
    """Where an interface of a place stands."""
    return Spot(place, keys[place, interface.name], keys.get((place, interface.master or "")))


def _all_lines(interfaces: Iterable[Interface]) -> Iterator[contents.Line]:
    for interface in interfaces:
        yield from contents.card(interface)
