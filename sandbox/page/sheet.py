"""The drawing of a lesson, in pixels: boxes of places and cards, and the lines of cables. The same for all its steps."""

from __future__ import annotations

from ..picture.cards import Box
from .cables import BAND, COLUMN, INSIDE, OFF_LEVEL, RIGHT, ROW, Cables, joined
from .rooms import INSET, PADDING, PORT, UNIT, Rooms

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
    """Where everything is; `columns` places stand beside each other below the first place."""

    def __init__(self, places: Sequence[str], states: Sequence[State], columns: int) -> None:
        self.rooms = Rooms(places, states, columns)
        self._cables = Cables(self.rooms)
        for (kind, name, number), users in self._cables.users.items():
            if kind == ROW:
                self.rooms.rooms[name].lanes[number] = len(users)
        self._lefts = self._left_edges()
        self._tops = self._upper_edges()
        self.width = self._lefts[-1] + self.rooms.column + PADDING + self._outside(columns) + MARGIN
        last_band = [room.height for room in self.rooms.rooms.values() if room.band == self.rooms.bands - 1]
        self.height = self._tops[-1] + max(last_band) + MARGIN

    def place(self, name: str) -> Box:
        """The box of a place."""
        room = self.rooms.rooms[name]
        first, last = room.columns[0], room.columns[-1]
        left, right = self._lefts[first] - PADDING, self._lefts[last] + self.rooms.column + PADDING
        if room.band == 0:  # the host has the outer channels inside
            left, right = left - self._outside(0), right + self._outside(self.rooms.columns)
        top = self._tops[room.band]
        return Box(left, top, right, top + room.height)

    def bridge(self, place: str, key: str) -> Box:
        """The box around a bridge and its ports."""
        room = self.rooms.rooms[place]
        rows = room.bridges[key]
        heights = list(room.heights())
        top = self._tops[room.band]
        left, right = self._lefts[room.columns[0]], self._lefts[room.columns[-1]] + self.rooms.column
        return Box(left - INSET, top + heights[rows[0]][0] - INSET, right + INSET, top + heights[rows[-1]][1] + INSET)

    def card(self, spot: Spot, lines: int) -> Box:
        """The box of an interface of so many lines."""
        room = self.rooms.rooms[spot.place]
        cell = room.cell(spot)
        left, top = self._lefts[cell.column], self._tops[room.band] + room.port(spot) - PORT
        return Box(left, top, left + self.rooms.column, top + lines * 2 * UNIT + 2 * INSET)

    def notes(self, place: str) -> Point:
        """Where the notes of a place begin."""
        room = self.rooms.rooms[place]
        cell = next(cell for cell in room.cells if cell.spot is None)
        return self._lefts[cell.column], self._tops[room.band] + list(room.heights())[cell.row][0]

    def cables(self, number: int) -> list[Cable]:
        """The cables of a step: the way of each, its corners, and the interfaces at its ends."""
        spots = self.rooms.spots(number)
        routes = [self._cables.routes[ends] for ends in joined(self.rooms, number)]
        return [(route, self.line(route), *(spots[end] for end in route.ends)) for route in routes]

    def line(self, route: Route) -> list[Point]:
        """The corners of a cable's way, both ends included."""
        (x, y), end = (self._port(route, which) for which in (0, 1))
        points = [(x, y)]
        for channel in route.channels if not route.is_straight else ():
            if channel[0] in (BAND, ROW):
                y = self._level(route, channel)
            else:
                x = self._abscissa(route, channel)
            points.append((x, y))
        return [*points, *([] if route.is_straight else [(x, end[1])]), end]

    def _left_edges(self) -> list[float]:
        """Of the cards in each column."""
        lefts = [MARGIN + self._outside(0) + PADDING]
        for column in range(1, self.rooms.columns):
            lefts.append(lefts[-1] + self.rooms.column + 2 * PADDING + self._aside(column))
        return lefts

    def _upper_edges(self) -> list[float]:
        """Of the places in each band."""
        tops = [float(MARGIN)]
        for band in range(1, self.rooms.bands):
            height = max(room.height for room in self.rooms.rooms.values() if room.band == band - 1)
            tops.append(tops[-1] + height + self._above(band))
        return tops

    def _outside(self, column: int) -> int:
        """The room for cables beside the first or the last column."""
        lanes = self._cables.lanes((COLUMN, "", column))
        return LANE * (lanes + 1) if lanes else 0

    def _aside(self, column: int) -> int:
        """The room between places beside each other, left of a column."""
        return max(ASIDE, LANE * (self._cables.lanes((COLUMN, "", column)) + 1))

    def _above(self, band: int) -> int:
        return max(BELOW, UNIT * (self._cables.lanes((BAND, "", band)) + 1))

    def _port(self, route: Route, which: int) -> Point:
        """Where a cable leaves the card of its first or of its second end."""
        spot, side = route.ends[which], route.sides[which]
        room = self.rooms.rooms[spot.place]
        left = self._lefts[room.cell(spot).column]
        y = self._tops[room.band] + room.port(spot)
        return left + (self.rooms.column if side == RIGHT else 0), y + (0 if route.is_straight else side * OFF_LEVEL)

    def _abscissa(self, route: Route, channel: Channel) -> float:
        """Where a cable runs in a vertical channel."""
        kind, name, number = channel
        lane, lanes = self._cables.lane(channel, route.key), self._cables.lanes(channel)
        if kind == INSIDE:
            return self.place(name).right - PADDING + PADDING * (lane + 1) / (lanes + 1)
        if number == 0:
            return MARGIN + LANE * (lane + 1)
        if number == self.rooms.columns:
            return self.width - MARGIN - LANE * (lane + 1)
        middle = self._lefts[number] - PADDING - self._aside(number) / 2
        return middle + LANE * (lane - (lanes - 1) / 2)

    def _level(self, route: Route, channel: Channel) -> float:
        """Where a cable runs in a horizontal channel."""
        kind, name, number = channel
        lane = self._cables.lane(channel, route.key)
        if kind == BAND:
            return self._tops[number] - self._above(number) + UNIT * (lane + 1)
        room = self.rooms.rooms[name]
        is_below_bridge = any(rows.stop == number + 1 for rows in room.bridges.values())
        bottom = list(room.heights())[number][1] + INSET * is_below_bridge
        return self._tops[room.band] + bottom + UNIT * (lane + 1)
