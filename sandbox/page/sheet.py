"""Where everything is in the drawing of a step, in pixels: boxes of places and cards, and the lines of cables."""

from __future__ import annotations

from ..picture.cards import Box
from .cables import BAND, COLUMN, INSIDE, OFF_LEVEL, RIGHT, ROW, Cables
from .rooms import INSET, LINE, PADDING, UNIT, Rooms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..learn.state import Interface
    from .cables import Channel, Route
    from .rooms import Room, Spot, State

    Point = tuple[float, float]
    Cable = tuple[Route, list[Point], Interface, Interface]

MARGIN = 2 * UNIT
# Between two places beside each other, and one above the other: a packet on its way must be seen.
ASIDE, BELOW = 7 * UNIT, 5 * UNIT
LANE = 12  # from one cable to the next beside it; those one below the other are a unit apart


class Sheet:
    """Where everything is in each step; `columns` places stand beside each other below the first place.

    Steps count from 0. The sheet is as wide in all of them, and as high as each needs.
    """

    def __init__(self, places: Sequence[str], states: Sequence[State], columns: int) -> None:
        self.rooms = Rooms(places, states, columns)
        self._cables = Cables(self.rooms)
        for (kind, name, row), users in self._cables.users.items():
            if kind == ROW:
                self.rooms.rooms[name].make_room(row, len(users))
        self._lefts = self._left_edges()
        self.width = self._right(columns - 1) + self._outside(columns) + MARGIN

    def height(self, number: int) -> float:
        return self._top(number, self.rooms.bands) + MARGIN

    def place(self, number: int, name: str) -> Box:
        """The box of a place."""
        room = self.rooms.rooms[name]
        first, last = room.columns[0], room.columns[-1]
        left, right = self._lefts[first] - PADDING, self._right(last)
        if room.band == 0:  # the host has the outer channels inside
            left, right = left - self._outside(0), right + self._outside(self.rooms.columns)
        top = self._top(number, room.band)
        return Box(left, top, right, top + room.height(number))

    def bridge(self, number: int, place: str, key: str) -> Box:
        """The box around a bridge and its ports."""
        room = self.rooms.rooms[place]
        rows = [edges for row, edges in room.rows(number).items() if row in room.bridges[key]]
        top = self._top(number, room.band)
        left, right = self._lefts[room.columns[0]], self._lefts[room.columns[-1]] + self.rooms.column
        return Box(left - INSET, top + rows[0][0] - INSET, right + INSET, top + rows[-1][1] + INSET)

    def card(self, number: int, spot: Spot, lines: int) -> Box:
        """The box of an interface of so many lines."""
        left, top = self._corner(number, self.rooms.rooms[spot.place], spot)
        return Box(left, top, left + self.rooms.column, top + lines * LINE + 2 * INSET)

    def notes(self, number: int, place: str) -> Point:
        """Where the notes of a place begin."""
        return self._corner(number, self.rooms.rooms[place], None)

    def cables(self, number: int) -> list[Cable]:
        """The cables of a step: the way of each, its corners, and the interfaces at its ends."""
        spots = self.rooms.spots(number)
        return [
            (route, self._line(number, route), spots[route.ends[0]], spots[route.ends[1]])
            for route in self._cables.routes[number]
        ]

    def _line(self, number: int, route: Route) -> list[Point]:
        """The corners of a cable's way, both ends included."""
        (x, y), end = (self._port(number, route, which) for which in (0, 1))
        points = [(x, y)]
        for channel in route.channels if not route.is_straight else ():
            if channel[0] in (BAND, ROW):
                y = self._level(number, route, channel)
            else:
                x = self._abscissa(route, channel)
            points.append((x, y))
        return [*points, *([] if route.is_straight else [(x, end[1])]), end]

    def _corner(self, number: int, room: Room, spot: Spot | None) -> Point:
        cell = room.cells[spot]
        return self._lefts[cell.column], self._top(number, room.band) + room.rows(number)[cell.row][0]

    def _top(self, number: int, band: int) -> float:
        """The upper edge of the places in a band; after the last one, the lower edge of them all."""
        y = float(MARGIN)
        for above in range(band):
            rooms = [room for room in self.rooms.rooms.values() if room.band == above]
            if heights := [room.height(number) for room in rooms if room.name in self.rooms.states[number]]:
                y += max(heights) + (self._above(above + 1) if self._goes_on(number, above) else 0)
        return y

    def _goes_on(self, number: int, band: int) -> bool:
        """Whether any place stands below a band."""
        return any(self.rooms.rooms[name].band > band for name in self.rooms.states[number])

    def _left_edges(self) -> list[float]:
        """Of the cards in each column."""
        lefts: list[float] = [MARGIN + self._outside(0) + PADDING]
        for column in range(1, self.rooms.columns):
            right = lefts[-1] + self.rooms.column + PADDING + self._within(column - 1)
            lefts.append(right + self._aside(column) + PADDING)
        return lefts

    def _right(self, column: int) -> float:
        """The right edge of the places in a column."""
        return self._lefts[column] + self.rooms.column + PADDING + self._within(column)

    def _within(self, column: int) -> int:
        """The room for cables of which both ends are in one place of the column."""
        names = [room.name for room in self.rooms.rooms.values() if room.columns == range(column, column + 1)]
        return LANE * max((self._cables.lanes((INSIDE, name, 0)) for name in names), default=0)

    def _outside(self, column: int) -> int:
        """The room for cables beside the first or the last column."""
        lanes = self._cables.lanes((COLUMN, "", column))
        return LANE * (lanes + 1) if lanes else 0

    def _aside(self, column: int) -> int:
        """The room between places beside each other, left of a column."""
        return max(ASIDE, LANE * (self._cables.lanes((COLUMN, "", column)) + 1))

    def _above(self, band: int) -> int:
        return max(BELOW, UNIT * (self._cables.lanes((BAND, "", band)) + 1))

    def _port(self, number: int, route: Route, which: int) -> Point:
        """Where a cable leaves the card of its first or of its second end."""
        spot, side = route.ends[which], route.sides[which]
        room = self.rooms.rooms[spot.place]
        left = self._lefts[room.cells[spot].column]
        y = self._top(number, room.band) + room.port(number, spot)
        return left + (self.rooms.column if side == RIGHT else 0), y + (0 if route.is_straight else side * OFF_LEVEL)

    def _abscissa(self, route: Route, channel: Channel) -> float:
        """Where a cable runs in a vertical channel."""
        kind, name, where = channel
        lane, lanes = self._cables.lane(channel, route.key), self._cables.lanes(channel)
        if kind == INSIDE:
            column = self.rooms.rooms[name].columns[0]
            width = PADDING + self._within(column)
            return self._lefts[column] + self.rooms.column + width * (lane + 1) / (lanes + 1)
        if where == 0:
            return MARGIN + LANE * (lane + 1)
        if where == self.rooms.columns:
            return self.width - MARGIN - LANE * (lane + 1)
        middle = self._lefts[where] - PADDING - self._aside(where) / 2
        return middle + LANE * (lane - (lanes - 1) / 2)

    def _level(self, number: int, route: Route, channel: Channel) -> float:
        """Where a cable runs in a horizontal channel."""
        kind, name, where = channel
        lane = self._cables.lane(channel, route.key)
        if kind == BAND:
            return self._top(number, where) - self._above(where) + UNIT * (lane + 1)
        room = self.rooms.rooms[name]
        bottom = room.rows(number)[where][1] + INSET * room.ends_bridge(number, where)
        return self._top(number, room.band) + bottom + UNIT * (lane + 1)
