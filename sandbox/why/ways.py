"""The way of a packet, hop by hop: at each what the kernel there says that it does with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .facts import IP, Interface, Look, Place, Route
from .segment import Wire, cables, segment

LONGEST = 64  # hops, which is how many most systems let a packet live


Destination = tuple[IP, int | None]
# The destination that a place puts into a packet that arrives by an interface, from a source and for a destination.
Translate = Callable[[str, Interface, IP, Destination], Destination]


@dataclass(frozen=True, slots=True)
class Hop:
    """A place that a packet comes through: by which interface (None: it begins here), and what becomes of it there.

    `asked` is the destination that it has when it arrives, `to` the one that it has then. `wire` leads on to the next
    hop, which has the address `gateway`; it is empty where there is none, and `rivals` are all those who have it, if
    several do. `refused`: the kernel does not take such a packet in by that interface, although it knows a way for it.
    """

    place: str
    arriving: Interface | None
    route: Route
    asked: Destination
    to: Destination
    gateway: IP | None = None
    wire: Wire = ()
    rivals: tuple[str, ...] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """A packet's way from `source` (None: there is none) to `to`, which it has at its end.

    `end`: arrived; no route (the last hop has none); nobody (on its last link none has the address); out of sight (one
    may have it, who is not known here); circle.
    `rest`: where it does not arrive, the cables that lead from its last hop to where it should.
    """

    source: IP | None
    to: IP
    hops: tuple[Hop, ...]
    end: str
    rest: tuple[Wire, ...] = ()

    @property
    def port(self) -> int | None:
        """The port that it has at its end."""
        return self.last.to[1]

    @property
    def redirected(self) -> str:
        """The place that gave it another destination, if one did."""
        return next((hop.place for hop in self.hops if hop.asked != hop.to), "")

    @property
    def arrived(self) -> bool:
        return self.end == "arrived"

    @property
    def last(self) -> Hop:
        return self.hops[-1]

    @property
    def between(self) -> tuple[Hop, ...]:
        """The hops that pass it on for others."""
        return tuple(hop for hop in self.hops if hop.arriving is not None and hop.route.kind != "local")

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """Every interface that it crosses, or would have to."""
        crossed = [each for hop in self.hops for each in hop.wire] + [each for wire in self.rest for each in wire]
        return tuple(dict.fromkeys(crossed))


def walk(
    look: Look,
    start: str,
    to: IP,
    source: IP | None,
    goal: str | None,
    *,
    port: int | None = None,
    translate: Translate | None = None,
) -> Way:
    """The way from the place `start` to `to`, which `goal` has; `source` where it is not for the kernel to choose."""
    hops: list[Hop] = []
    name, arriving, chosen, bound = start, None, source, (to, port)
    end = ""
    while not end:
        asked = bound
        if translate and arriving and chosen:
            bound = translate(name, arriving, chosen, asked)
        route, refused = _route(look, name, bound[0], chosen, arriving)
        if not hops:
            chosen = chosen or route.source
        hop = Hop(name, arriving, route, asked, bound, refused=refused)
        end = _end(hop, hops)
        if not end:
            hop, end = _onward(look, hop)
        hops.append(hop)
        if hop.wire:
            name, arriving = hop.wire[-1].place, hop.wire[-1]
    rest: list[Wire] = []
    if end != "arrived" and goal is not None and hops[-1].place != goal and bound == (to, port):
        rest = cables(look, hops[-1].place, goal)
    return Way(chosen, bound[0], tuple(hops), end, tuple(rest))


def _route(look: Look, name: str, to: IP, source: IP | None, arriving: Interface | None) -> tuple[Route, bool]:
    if arriving is None:
        return look.route(name, to, source), False
    route = look.route(name, to, source, arriving.index)
    if route.kind != "refused":
        return route, False
    # A filter, or that it does not forward: where would it go otherwise?
    return look.route(name, to), True


def _end(hop: Hop, before: list[Hop]) -> str:
    if hop.route.kind == "local":
        return "arrived"
    if not hop.route.goes:
        return "no route"
    if any((each.place, each.arriving) == (hop.place, hop.arriving) for each in before) or len(before) >= LONGEST:
        return "circle"
    return ""


def _onward(look: Look, hop: Hop) -> tuple[Hop, str]:
    """The hop with the wire that leads on; and how the way ends there, if it does."""
    out = look.place(hop.place).interface(hop.route.interface)
    if out is None:
        return hop, "out of sight"
    gateway = hop.route.gateway or hop.to[0]
    around = segment(look, out)
    wires = around.towards(look, gateway)
    if not wires:
        return replace(hop, gateway=gateway), "nobody" if around.is_whole else "out of sight"
    who = tuple(dict.fromkeys(wire[-1].place for wire in wires))
    return replace(hop, gateway=gateway, wire=wires[0], rivals=who if len(who) > 1 else ()), ""


def owner(look: Look, names: tuple[str, ...], ip: IP) -> Place | None:
    """Who of these has an address."""
    return next((place for place in map(look.place, names) if place.having(ip)), None)
