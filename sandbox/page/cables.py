"""The ways of cables: out of a card at its left or right, and along the channels between the columns and the places.

Each cable has a lane of its own in a channel. Cards that look at each other on one level are joined by a straight line;
any other cable leaves a card on the left a little above, and one on the right a little below that level. So cables may
cross, but none ever runs along another, and no card, no text is in their way.
"""

from __future__ import annotations

from dataclasses import dataclass

from .rooms import UNIT, Spot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rooms import Rooms

    # Where cables run: left of a column, above a band, below a row of a place, or inside a place, on its right.
    Channel = tuple[str, str, int]
    Key = tuple[str, str]  # of a cable: the keys of its ends, in order

COLUMN, BAND, ROW, INSIDE = "column", "band", "row", "inside"
LEFT, RIGHT = -1, 1
OFF_LEVEL = UNIT // 4


@dataclass(frozen=True)
class Route:
    """The way of one cable: its two ends with the side on which it leaves each, and the channels in between."""

    ends: tuple[Spot, Spot]
    sides: tuple[int, int]
    channels: tuple[Channel, ...]
    is_straight: bool = False

    @property
    def key(self) -> Key:
        first, second = self.ends
        return first.key, second.key


class Cables:
    """The routes of the cables of each step, and who ever runs in which channel."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.routes: list[list[Route]] = []
        self.users: dict[Channel, list[Key]] = {}
        for number in range(len(rooms.states)):
            self.routes.append([self._route(number, *ends) for ends in joined(rooms, number)])
            for route in self.routes[-1]:
                self._lay(route)

    def lane(self, channel: Channel, key: Key) -> int:
        return self.users[channel].index(key)

    def lanes(self, channel: Channel) -> int:
        return len(self.users.get(channel, ()))

    def _lay(self, route: Route) -> None:
        for channel in () if route.is_straight else route.channels:
            users = self.users.setdefault(channel, [])
            if route.key not in users:
                users.append(route.key)

    def _route(self, number: int, one: Spot, other: Spot) -> Route:
        rooms = self._rooms.rooms
        mine, its = rooms[one.place], rooms[other.place]
        here, there = mine.cells[one].column, its.cells[other].column
        if mine is its and len(mine.columns) == 1:
            return Route((one, other), (RIGHT, RIGHT), ((INSIDE, mine.name, 0),))
        if here == there:
            channel = self._beside(here, (one.key, other.key))
            side = RIGHT if channel > here else LEFT
            return Route((one, other), (side, side), ((COLUMN, "", channel),))
        sides = (RIGHT, LEFT) if here < there else (LEFT, RIGHT)
        first, last = (here + 1, there) if here < there else (here, there + 1)
        if first == last:
            return Route((one, other), sides, ((COLUMN, "", first),), self._are_level(number, one, other))
        return Route((one, other), sides, ((COLUMN, "", first), self._across(one, other), (COLUMN, "", last)))

    def _beside(self, column: int, key: Key) -> int:
        """The channel for two cards one above the other: an inner one if there is, that with fewer other cables."""
        inner = [channel for channel in (column + 1, column) if 0 < channel < self._rooms.columns]
        others = {channel: len({*self.users.get((COLUMN, "", channel), ())} - {key}) for channel in inner}
        return min(inner, key=lambda channel: others[channel]) if inner else column + 1

    def _across(self, one: Spot, other: Spot) -> Channel:
        """Where to pass columns that are in between."""
        mine, its = (self._rooms.rooms[end.place] for end in (one, other))
        if mine is its:
            return ROW, mine.name, min(mine.cells[one].row, mine.cells[other].row)
        first, last = sorted((mine.band, its.band))
        return BAND, "", first if first == last else first + 1

    def _are_level(self, number: int, one: Spot, other: Spot) -> bool:
        mine, its = (self._rooms.rooms[end.place] for end in (one, other))
        return mine.band == its.band and mine.port(number, one) == its.port(number, other)


def joined(rooms: Rooms, number: int) -> Iterator[tuple[Spot, Spot]]:
    """The two ends of each cable of a step, always in the same order."""
    spots = rooms.spots(number)
    by_end = {(where.place, its.name): where for where, its in spots.items()}
    for where, interface in spots.items():
        peer = by_end.get((interface.peer.place, interface.peer.name)) if interface.peer else None
        if peer and where.key < peer.key:
            yield where, peer
