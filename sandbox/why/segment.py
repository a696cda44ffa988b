"""Who hears what an interface sends: over veth pairs, and through bridges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .facts import IP, Interface, Look, Place

# The interfaces that a frame crosses, from the one that sends it to the one that takes it in.
Wire = tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """The wires from one interface to every other that hears it. `is_whole`: no end of it is out of sight."""

    wires: tuple[Wire, ...]
    is_whole: bool

    def towards(self, look: Look, ip: IP) -> list[Wire]:
        """The wires to those who have this address: the one whose interface has it, else whose place has it.

        A place answers for its addresses on all of its interfaces: arp_ignore in ip-sysctl.rst of the kernel.
        """
        having = [wire for wire in self.wires if look.place(wire[-1].place).having(ip)]
        exact = [wire for wire in having if any(own.ip == ip for own in wire[-1].addresses)]
        return exact or having

    def to_place(self, name: str) -> Wire | None:
        """The wire to an interface of this place."""
        return next((wire for wire in self.wires if wire[-1].place == name), None)


def segment(look: Look, interface: Interface) -> Segment:
    """Who hears `interface`, the nearest first."""
    walk = _Walk(look)
    return Segment(tuple(walk.follow(interface)), walk.is_whole)


class _Walk:
    """A search through bridges; each is entered once, so that a circle of them ends."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._seen: set[tuple[str, int]] = set()
        self.is_whole = True

    def follow(self, interface: Interface) -> Iterator[Wire]:
        """The wires that begin at `interface`, which is no port of a bridge."""
        if interface.kind == "bridge":
            wires = self._through(self._look.place(interface.place), interface, (interface,))
        else:
            wires = self._across(interface, ())
        while wires:
            further: list[Wire] = []
            for wire in wires:
                end = wire[-1]
                place = self._look.place(end.place)
                bridge = bridge_of(place, end)
                if bridge is None:
                    yield wire
                elif (bridge.place, bridge.index) not in self._seen:
                    yield (*wire, bridge)
                    further += self._through(place, bridge, (*wire, bridge), came_by=end)
            wires = further

    def _across(self, interface: Interface, wire: Wire) -> list[Wire]:
        """Over the cable of an interface."""
        if interface.peer is None:
            self.is_whole = False
            return []
        name, index = interface.peer
        other = self._look.place(name).interface(index)
        return [(*wire, interface, other)] if other else []

    def _through(self, place: Place, bridge: Interface, wire: Wire, came_by: Interface | None = None) -> list[Wire]:
        """Out of every other port of a bridge."""
        self._seen.add((bridge.place, bridge.index))
        ports = [port for port in place.interfaces if port.master == bridge.index and port != came_by]
        return [found for port in ports for found in self._across(port, wire)]


def cables(look: Look, start: str, goal: str) -> list[Wire]:
    """The wires of the shortest way from one place to another over whatever joins them, whether or not it is up."""
    came_by: dict[str, Wire] = {}
    places = [start]
    while places:
        following: list[str] = []
        for name in places:
            for wire in _wires_of(look, name):
                end = wire[-1].place
                if end != start and end not in came_by:
                    came_by[end] = wire
                    following.append(end)
            if goal in came_by:
                return _back_from(goal, start, came_by)
        places = following
    return []


def is_whole_around(look: Look, name: str) -> bool:
    """Whether everything that is joined to a place is in sight."""
    return all(segment(look, each).is_whole for each in _ends(look.place(name)))


def _wires_of(look: Look, name: str) -> Iterator[Wire]:
    for interface in _ends(look.place(name)):
        yield from segment(look, interface).wires


def _ends(place: Place) -> tuple[Interface, ...]:
    """The interfaces that packets begin and end at: no ports of bridges."""
    return tuple(each for each in place.outward if bridge_of(place, each) is None)


def bridge_of(place: Place, interface: Interface) -> Interface | None:
    """The bridge that an interface is a port of."""
    master = place.interface(interface.master) if interface.master else None
    return master if master and master.kind == "bridge" else None


def _back_from(goal: str, start: str, came_by: dict[str, Wire]) -> list[Wire]:
    wires: list[Wire] = []
    while goal != start:
        wires.insert(0, came_by[goal])
        goal = came_by[goal][0].place
    return wires
