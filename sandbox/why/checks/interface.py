"""Interfaces: there, switched on, and with somebody at the other end of the cable."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check
from ..facts import Interface
from ..segment import is_whole_around


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
            return Check(name, False, "", f"{each} is down", _switch_on(case, each))
    return Check(name, *_all(case, "is up", "are up"))


def check_carrier(case: Case) -> Check:
    """Whether each interface on the way has a carrier: with veth, that the other end is up as well."""
    name = "carrier"
    for each in _on_the_way(case):
        if each.is_up and not each.has_carrier:
            return Check(name, False, "", f"{each} has no carrier{_why_none(case, each)}")
        if each.is_up and not each.passes:
            return Check(
                name, False, "", f"the bridge in {each.place} does not let packets through its port {each.name}"
            )
    down = [each for each in _on_the_way(case) if not each.is_up]
    if down:
        return Check(name, None, f"{down[0]} is down, and its other end without a carrier")
    return Check(name, *_all(case, "has a carrier", "have a carrier"))


def _on_the_way(case: Case) -> tuple[Interface, ...]:
    if case.interfaces:
        return case.interfaces
    if len(case.ends) == 1 and case.b:
        return tuple(each for each in case.a.interfaces if each.kind == "loopback")
    # Nothing is known of a way: one that is on is enough to begin with.
    found = [each for place in case.ends for each in place.outward]
    return tuple(each for each in found if each.is_up) or tuple(found)


def _all(case: Case, one: str, many: str) -> tuple[bool | None, str]:
    found = _on_the_way(case)
    if not found:
        return None, "no interface is known on the way"
    return True, f"{', '.join(map(str, found))} {many if len(found) > 1 else one}"


def _switch_on(case: Case, interface: Interface) -> str:
    words = case.look.place(interface.place).words
    return words.up.format(interface.name) if words.up else f"{words.ip} link set {interface.name} up"


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
