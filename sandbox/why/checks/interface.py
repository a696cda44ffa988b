"""Interfaces: there, switched on, and with somebody at the other end of the cable."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check
from ..facts import Interface
from ..segment import is_whole_around

NOTHING_KNOWN = "no interface is known on the way"


def check_interface(case: Case) -> Check:
    """Whether there is an interface at both ends, and a cable between."""
    name = "interface"
    if len(case.ends) == 1 and case.b:
        return Check(name, True, f"{case.a.name} talks to itself, by lo")
    for place in case.ends:
        if not place.outward:
            return Check(name, False, "", f"{place.name} has no interface but lo", _join(case))
    seen = ", ".join(f"{place.name} has {' '.join(each.name for each in place.outward)}" for place in case.ends)
    if case.b and not case.cables and not (case.there and case.there.arrived):
        if all(is_whole_around(case.look, place.name) for place in case.ends):
            return Check(name, False, seen, f"no link leads from {case.a.name} to {case.b.name}", _join(case))
        seen += "; what joins them is out of sight"
    return Check(name, True, seen)


def check_up(case: Case) -> Check:
    """Whether each interface on the way is switched on."""
    name = "up"
    for each in _on_the_way(case):
        if not each.is_up:
            return Check(name, False, "", f"{each} is down", case.look.place(each.place).words.switch_on(each.name))
    found = _on_the_way(case)
    if not found:
        return Check(name, None, NOTHING_KNOWN)
    return Check(name, True, f"{', '.join(map(str, found))} {'are' if len(found) > 1 else 'is'} up")


def check_carrier(case: Case) -> Check:
    """Whether each interface on the way has a carrier: with veth, that the other end is up as well."""
    name = "carrier"
    for each in _on_the_way(case):
        if each.is_up and not each.has_carrier:
            return Check(name, False, "", f"{each} has no carrier{_why_none(case, each)}")
    down = [each for each in _on_the_way(case) if not each.is_up]
    if down:
        return Check(name, None, f"not to be told while {down[0]} is down")
    count = len(_on_the_way(case))
    if not count:
        return Check(name, None, NOTHING_KNOWN)
    return Check(name, True, "it has one" if count == 1 else "both have one" if count == 2 else f"all {count} have one")


def check_bridge(case: Case) -> Check:
    """Whether each bridge on the way has the ports that it is to have, and lets packets through."""
    name = "bridge"
    if stray := _stray_port(case):
        port, bridge = stray
        mend = f"{case.look.place(port.place).words.ip} link set {port.name} master {bridge.name}"
        return Check(name, False, "", f"{port} is a port of no bridge", mend)
    bridges = [each for each in case.interfaces if each.kind == "bridge"]
    for each in case.interfaces:
        own = [bridge for bridge in bridges if (bridge.place, bridge.index) == (each.place, each.master)]
        if own and own[0].is_up and not each.passes:
            return Check(name, False, "", f"{own[0]} lets nothing through its port {each.name}")
    return Check(name, True if bridges else None, ", ".join(map(str, bridges)) or "none is on the way")


def _stray_port(case: Case) -> tuple[Interface, Interface] | None:
    """An interface without an address beside a bridge on the way, between two that are in one subnet."""
    a, b, version = case.a, case.b, case.question.version
    if b is None or len(case.cables) < 2:
        return None
    if not any(x.ip in y.network for x in a.of_version(version) for y in b.of_version(version)):
        return None
    ends = [end for wire in case.cables for end in (wire[0], wire[-1])]
    bare = (end for end in ends if not (end.of_version(4) or end.of_version(6)))
    for stray in (end for end in bare if end.kind != "bridge" and not end.master):
        bridge = next((end for end in ends if end.place == stray.place and end.kind == "bridge"), None)
        if bridge:
            return stray, bridge
    return None


def _on_the_way(case: Case) -> tuple[Interface, ...]:
    if case.interfaces:
        return case.interfaces
    if len(case.ends) == 1 and case.b:
        return tuple(each for each in case.a.interfaces if each.kind == "loopback")
    # Nothing is known of a way: one that is on is enough to begin with.
    found = [each for place in case.ends for each in place.outward]
    return tuple(each for each in found if each.is_up) or tuple(found)


def _why_none(case: Case, interface: Interface) -> str:
    if interface.kind == "bridge":
        return ": none of its ports has one"
    if interface.peer is None:
        return ": its other end, which is out of sight here, is down"
    other = case.look.place(interface.peer[0]).interface(interface.peer[1])
    return f": its other end, {other}, is down" if other and not other.is_up else ""


def _join(case: Case) -> str:
    """A link between the two, where `ip` can make one in one command."""
    if case.b is None:
        return ""
    return case.a.words.join(case.b.words)
