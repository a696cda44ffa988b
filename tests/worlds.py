"""Worlds that change step by step, as in a lesson: places, pairs that are made and moved, bridges, addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from sandbox.learn.performance import Frame
from sandbox.learn.record import Record
from sandbox.learn.state import End, Interface, Neighbour, Place, Route

STATES = ("UP", "DOWN", "LOWERLAYERDOWN", "UNKNOWN", "DORMANT")
ADDRESSES = ("10.0.0.1/8", "192.168.100.100/24", "2001:db8:ffff:ffff::1/64")


@dataclass
class Port:
    """An interface that can still be changed."""

    place: str
    name: str
    kind: str
    index: int
    mac: str | None
    state: str = "DOWN"
    addresses: list[str] = field(default_factory=list)
    peer: Port | None = None
    master: Port | None = None
    sent: int = 0
    received: int = 0


class World:
    """Places and what is in them; the first place is there from the beginning."""

    def __init__(self, *places: str) -> None:
        self.places = places
        self.ports: dict[str, list[Port]] = {}
        self.routes: dict[str, list[Route]] = {}
        self.neighbours: dict[str, list[Neighbour]] = {}
        self._number = 1
        self.add(places[0])

    def add(self, place: str) -> None:
        self.ports[place] = [Port(place, "lo", "loopback", 1, None)]
        self.routes[place], self.neighbours[place] = [], []

    def delete(self, place: str) -> None:
        for port in list(self.ports[place]):
            self.remove(port)
        del self.ports[place]

    def make(self, place: str, name: str, kind: str = "veth") -> Port:
        self._number += 1
        name = self.free(name, place)
        port = Port(place, name, kind, self._number, f"02:00:00:00:{self._number >> 8:02x}:{self._number & 255:02x}")
        self.ports[place].append(port)
        return port

    def pair(self, place: str, one: str, other: str) -> tuple[Port, Port]:
        ends = self.make(place, one), self.make(place, other)
        ends[0].peer, ends[1].peer = ends[1], ends[0]
        return ends

    def free(self, name: str, place: str) -> str:
        """The name, or one like it that no interface of the place has."""
        taken = {port.name for port in self.ports[place]}
        return next(each for each in (name, *(f"{name}-{number}" for number in range(99))) if each not in taken)

    def move(self, port: Port, place: str) -> None:
        self.ports[port.place].remove(port)
        port.name = self.free(port.name, place)
        port.place, port.master, port.addresses, port.state = place, None, [], "DOWN"
        self.ports[place].append(port)

    def remove(self, port: Port) -> None:
        for each in (port, port.peer):
            if each and each in self.ports[each.place]:
                self.ports[each.place].remove(each)
        for its in self.ports.values():
            for each in its:
                each.master = None if each.master is port else each.master

    def state(self) -> dict[str, Place]:
        """As the kernel would tell it now."""
        return {
            place: Place(tuple(map(_told, ports)), tuple(self.routes[place]), tuple(self.neighbours[place]))
            for place, ports in self.ports.items()
        }


def _told(port: Port) -> Interface:
    return Interface(
        name=port.name,
        index=port.index,
        kind=port.kind,
        state=port.state,
        flags=(),
        mac=port.mac,
        mtu=1500,
        addresses=tuple(port.addresses),
        peer=End(port.peer.place, port.peer.name) if port.peer else None,
        master=port.master.name if port.master else None,
        sent=port.sent,
        received=port.received,
    )


def record(places: tuple[str, ...], states: list[dict[str, Place]], **differently: Any) -> Record:
    """A record of steps that say nothing."""
    frames = tuple(
        Frame(number=number, title=f"Step {number}", text="", commands=(), changes=(), state=state, facts=())
        for number, state in enumerate(states, 1)
    )
    given = {"lesson": "x", "lang": "en", "title": "x", "about": "x", "machine": "x", "places": places, **differently}
    return Record(steps=given.pop("steps", frames), **given)


# What can happen in one step. Each chooses what it needs by numbers, whatever there is.


def _add(world: World, chosen: list[int]) -> None:
    absent = [place for place in world.places if place not in world.ports]
    if absent:
        world.add(absent[chosen[0] % len(absent)])


def _delete(world: World, chosen: list[int]) -> None:
    if len(world.ports) > 1:
        world.delete(list(world.ports)[1:][chosen[0] % (len(world.ports) - 1)])


def _pair(world: World, chosen: list[int]) -> None:
    place = _some(list(world.ports), chosen[0])
    world.pair(place, f"veth{chosen[1]}", f"a-name-of-{chosen[2]:05}")


def _move(world: World, chosen: list[int]) -> None:
    if veths := [port for its in world.ports.values() for port in its if port.kind == "veth"]:
        world.move(_some(veths, chosen[0]), _some(list(world.ports), chosen[1]))


def _bridge(world: World, chosen: list[int]) -> None:
    world.make(_some(list(world.ports), chosen[0]), f"br{chosen[1]}", "bridge")


def _plug(world: World, chosen: list[int]) -> None:
    place = _some(list(world.ports), chosen[0])
    bridges = [port for port in world.ports[place] if port.kind == "bridge"]
    veths = [port for port in world.ports[place] if port.kind == "veth"]
    if bridges and veths:
        _some(veths, chosen[1]).master = _some(bridges, chosen[2])


def _change(world: World, chosen: list[int]) -> None:
    port = _some(world.ports[_some(list(world.ports), chosen[0])], chosen[1])
    port.state = _some(STATES, chosen[2])
    port.addresses = list(ADDRESSES[: chosen[3] % 4])
    if port.kind == "veth":
        port.name = world.free(f"eth{chosen[2]}", port.place) if chosen[3] % 2 else port.name
        port.sent += chosen[0]
        if port.peer:
            port.peer.received += chosen[0]


def _remove(world: World, chosen: list[int]) -> None:
    if made := [port for its in world.ports.values() for port in its if port.kind != "loopback"]:
        world.remove(_some(made, chosen[0]))


def _tell(world: World, chosen: list[int]) -> None:
    place = _some(list(world.ports), chosen[0])
    via = "192.168.100.200" if chosen[1] % 2 else None
    world.routes[place].append(Route("default" if via else f"10.{chosen[2]}.0.0/16", via, "a-name-of-00001"))
    world.neighbours[place].append(Neighbour(f"10.0.0.{chosen[3]}", None, "veth1", "FAILED"))


def _some(items: Any, number: int) -> Any:
    return items[number % len(items)]


EVENTS = (_add, _add, _delete, _pair, _pair, _pair, _move, _move, _move, _bridge, _plug, _plug, _change, _remove, _tell)


@st.composite
def histories(draw: st.DrawFn) -> Record:
    """Lessons in which anything happens."""
    count = draw(st.integers(1, 7))
    places = ("host", *(f"place-{number}" for number in range(1, count)))
    world = World(*places)
    for place in places[1 : 1 + draw(st.integers(0, count))]:
        world.add(place)
    states = [world.state()]
    happening = st.tuples(st.sampled_from(EVENTS), st.lists(st.integers(0, 99), min_size=4, max_size=4))
    for event, chosen in draw(st.lists(happening, min_size=draw(st.integers(0, 25)), max_size=60)):
        event(world, chosen)
        if chosen[3] % 3:
            states.append(world.state())
    return record(places, [*states, world.state()])
