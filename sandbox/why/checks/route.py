"""Routes: whether every place on the way knows where to send the packet, and sends it the right way."""

from __future__ import annotations

from ipaddress import ip_network

from ..case import Case
from ..diagnosis import Check
from ..facts import IP, Network
from ..ways import Destination, Hop, Way

NO_WAY = {
    "unreachable": "an unreachable route",
    "prohibit": "a prohibit route",
    "blackhole": "a blackhole route",
}


def check_route(case: Case) -> Check:
    """Whether a packet finds the way there."""
    if case.there is None:
        return Check("route", None, "there is no address to go to")
    return _judge(case, "route", case.there, case.question.b)


def check_route_back(case: Case) -> Check:
    """Whether the answer finds the way back."""
    name = "route back"
    if case.back is None:
        why = f"{case.translator} translates addresses, so that the answer goes there" if case.translator else ""
        return Check(name, None, why or f"nothing is known of {case.question.target}")
    if case.back is not None and case.question.to and case.b and not case.b.having(case.question.to):
        return Check(name, None, f"{case.b.name} does not have {case.question.to}")
    return _judge(case, name, case.back, case.question.a)


def _judge(case: Case, name: str, way: Way, goal: str | None) -> Check:
    last = way.last
    steps = ", ".join(map(_step, way.hops))
    seen = f"to {way.hops[0].to[0]}: {steps}"
    if way.arrived:
        if goal and last.place != goal and not way.redirected:
            return Check(name, False, seen, f"packets for {way.to} end up in {last.place}, which has that address too")
        return Check(name, True, seen)
    if way.end == "out of sight":
        return Check(name, True, f"{seen}; where that leads is out of sight")
    mend = _mend(case, way, last)
    if way.end == "circle":
        names = " and ".join(dict.fromkeys(hop.place for hop in way.hops if hop.arriving))
        return Check(name, False, seen, f"packets for {way.to} go round in a circle: {names}", mend)
    if way.end == "nobody":
        return Check(name, False, seen, _nobody(way, last), mend)
    what = NO_WAY.get(last.route.kind, "no route")
    return Check(name, False, seen, f"{last.place} has {what} to {way.to}", mend)


def _step(hop: Hop) -> str:
    told = _step_of_the_route(hop)
    return told if hop.asked == hop.to else f"{told} (translated to {_spell(hop.to)})"


def _spell(destination: Destination) -> str:
    ip, port = destination
    return str(ip) if port is None else f"{ip} port {port}"


def _step_of_the_route(hop: Hop) -> str:
    if hop.route.kind == "local":
        return f"{hop.place} has it"
    if not hop.route.goes:
        return f"{hop.place} has no way"
    dev = f" dev {hop.wire[0].name}" if hop.wire else ""
    return f"{hop.place} via {hop.route.gateway}{dev}" if hop.route.gateway else f"{hop.place} directly{dev}"


def _nobody(way: Way, last: Hop) -> str:
    if last.asked != last.to and not last.route.gateway:
        return f"{last.place} translates {last.asked[0]} to {_spell(last.to)}, but nobody on that link has that address"
    if last.route.gateway:
        return (
            f"{last.place} sends packets for {way.to} to {last.route.gateway}, an address that nobody on that link has"
        )
    return f"{last.place} takes {way.to} for a neighbour, but nobody on that link has it"


def _mend(case: Case, way: Way, last: Hop) -> str:
    """The route that leads along the cables; empty where that cannot be told."""
    words, entry = case.look.place(last.place).words, last.route.entry
    by = _along_the_cables(case, way)
    if by:
        to = _network(case, way.to)
        if entry and entry.prefixlen >= to.prefixlen:
            # What leads astray is for this subnet, or for a part of it.
            return f"{words.ip} route replace {entry} {by}"
        if last.route.kind == "none" and "via" in by and _has_one_way_out(case, last):
            return f"{words.ip} route add default {by}"
        return f"{words.ip} route add {to} {by}"
    if last.route.kind in NO_WAY and entry:
        return f"{words.ip} route del {last.route.kind} {entry}"
    return ""


def _has_one_way_out(case: Case, hop: Hop) -> bool:
    """Whether it is a host with a single link, which sends everything that way."""
    return len(case.look.place(hop.place).outward) == 1


def _along_the_cables(case: Case, way: Way) -> str:
    """How the next hop of a route is written that leads to where it should."""
    if not way.rest:
        return ""
    wire = way.rest[0]
    if len(way.rest) == 1 and wire[-1].place == _goal(case, way):
        return f"dev {wire[0].name}"
    version = way.to.version
    own = [mine.network for mine in wire[0].of_version(version)]
    gateways = (each.ip for each in wire[-1].of_version(version) if any(each.ip in network for network in own))
    return next((f"via {gateway}" for gateway in gateways), "")


def _goal(case: Case, way: Way) -> str | None:
    return case.question.a if way is case.back else case.question.b


def _network(case: Case, ip: IP) -> Network:
    """The subnet that an address is in, as the one says who has it."""
    for place in case.ends:
        if interface := place.having(ip):
            return next(each.network for each in interface.addresses if each.ip == ip)
    return ip_network(ip)
