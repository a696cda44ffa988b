"""Addresses: there at all, where they are looked for, and in one subnet with the neighbour's."""

from __future__ import annotations

from ..case import Case, free_address
from ..diagnosis import Check
from ..facts import IP, Address, Interface, Place
from ..segment import Wire
from ..ways import Way

NAME = "address"


def check_address(case: Case) -> Check:
    """Whether each end has its address, alone, and neighbours agree on who is one."""
    for find in (_unusable, _missing_at_b, _missing_at_a, _taken, _not_in_one_subnet):
        if found := find(case):
            return found
    return Check(NAME, True, _seen(case))


def _missing_at_b(case: Case) -> Check | None:
    b, to = case.b, case.question.to
    arrives = case.there is not None and case.there.arrived and b is not None and case.there.last.place == b.name
    if b is None or arrives or (to and b.having(to)):
        return None
    if to is None:
        beside = case.a.of_version(case.question.version)
        wrong = f"{b.name} has no {_family(case)} address"
        return _to_be_added(case, wrong, b, beside[0] if beside else None)
    given = next((each for each in b.declared if each.ip == to), None)
    has = ", ".join(map(str, b.of_version(to.version))) or f"no {_family(case)} address"
    wrong = f"{b.name} does not have {to}, which is its address in the lab; it has {has}"
    interface = _interface_towards_a(case, b)
    mend = f"{b.words.ip} address add {given} dev {interface.name}{_at_once(to)}" if given and interface else ""
    return Check(NAME, False, "", wrong, mend)


def _missing_at_a(case: Case) -> Check | None:
    version = case.question.version
    if case.a.of_version(version) or (case.b and case.b.name == case.a.name):
        return None
    beside = case.b.of_version(version) if case.b else ()
    return _to_be_added(case, f"{case.a.name} has no {_family(case)} address", case.a, beside[0] if beside else None)


def _to_be_added(case: Case, wrong: str, place: Place, beside: Address | None) -> Check:
    interface = _interface_towards_the_other(case, place)
    taken = {each.ip for end in case.ends for each in end.of_version(case.question.version)}
    given = next((each for each in place.declared if each.version == case.question.version), None)
    wanted = given or (free_address(place, beside, taken) if beside else None)
    if wanted is None or interface is None:
        return Check(NAME, False, "", wrong)
    mend = f"{place.words.ip} address add {wanted} dev {interface.name}{_at_once(wanted.ip)}"
    return Check(NAME, False, "", wrong, mend)


def _unusable(case: Case) -> Check | None:
    """An address of IPv6 that somebody else has, or that nobody has been asked about for long enough."""
    source = case.there.source if case.there else None
    asked = [(case.b, case.question.to), (case.a, source)]
    if source is None or source.is_link_local:  # which is taken where there is no other that may be used
        asked += [(case.a, each.ip) for each in case.a.of_version(case.question.version)]
    for place, ip in asked:
        for interface in place.interfaces if place and ip else ():
            assert place
            assert ip
            if ip in interface.duplicate:
                wrong = f"{interface} may not use {ip}: somebody else on that link has it (dadfailed)"
                return _duplicate(wrong, place, interface, ip)
            if ip in interface.tentative and interface.is_up:
                wrong = f"{interface} may not use {ip} yet: whether somebody else has it is still asked (tentative)"
                return Check(NAME, False, "", wrong)
    return None


def _taken(case: Case) -> Check | None:
    """An address that two places have: who is asked first decides where packets go."""
    b, to = case.b, case.question.to
    if b and to and b.name != case.a.name and (own := case.a.having(to)):
        wrong = f"{to}, the address of {b.name}, is one of {case.a.name} as well"
        return _duplicate(wrong, case.a, own, to)
    for way, wanted in ((case.there, b), (case.back, case.a)):
        for hop in way.hops if way else ():
            for name in hop.rivals if hop.gateway else ():
                assert hop.gateway
                rival = case.look.place(name)
                interface = rival.having(hop.gateway)
                is_last = way is not None and hop.gateway == way.to
                intended = wanted.name if wanted and is_last else hop.rivals[0]
                if interface and name != intended:
                    wrong = f"{intended} and {name} both have {hop.gateway}"
                    return _duplicate(wrong, rival, interface, hop.gateway)
    return None


def _duplicate(wrong: str, place: Place, interface: Interface, ip: IP) -> Check:
    own = next(each for each in interface.addresses if each.ip == ip)
    mend = f"{place.words.ip} address del {own} dev {interface.name}"
    return Check(NAME, False, "", wrong, mend, is_proof_against_packets=True)


def _not_in_one_subnet(case: Case) -> Check | None:
    """Two that hear each other, and one takes the other for somebody far away."""
    for way in case.ways:
        if not way.arrived and way.rest and (found := _judge_wire(case, way, way.rest[0])):
            return found
    return None


def _judge_wire(case: Case, way: Way, wire: Wire) -> Check | None:
    version = case.question.version
    one, other = wire[0], wire[-1]
    if other.place == case.question.a:
        one, other = other, one  # who asks is right as long as nothing speaks against it
    ones, others = one.of_version(version), other.of_version(version)
    if not ones or not others:
        bare, beside = (one, others) if not ones else (other, ones)
        place = case.look.place(bare.place)
        wrong = f"{bare} has no {_family(case)} address"
        return _with_address(case, wrong, place, bare, beside[0] if beside else None)
    agreed = [(x, y) for x in ones for y in others if x.ip in y.network and y.ip in x.network]
    if agreed:
        return _too_wide(case, way, *next(((x, y) for x, y in agreed if x.network == y.network), agreed[0]), wire)
    x, y = ones[0], _asked_for(case, others)
    if x.ip in y.network or y.ip in x.network:
        # The one with the longer prefix does not see the other.
        narrow, wide, own = (other, x, y) if y.network.prefixlen > x.network.prefixlen else (one, y, x)
        return _disagreement(case, (one, x), (other, y), narrow, own, wide.network.prefixlen)
    return _apart(case, (one, x), (other, y), f"{one} has {x}, {other} has {y}")


def _too_wide(case: Case, way: Way, x: Address, y: Address, wire: Wire) -> Check | None:
    """Two that see each other, and the one that sends takes others for neighbours as well who are none."""
    ends = {own: end for end in (wire[0], wire[-1]) for own in end.addresses}
    sender = next(own for own in (x, y) if ends[own].place == wire[0].place)
    other = y if sender == x else x
    is_too_wide = sender.network.prefixlen < other.network.prefixlen and sender.network == way.last.route.entry
    if way.end != "nobody" or way.last.route.gateway or not is_too_wide:
        return None
    one, two = (ends[x], x), (ends[y], y)
    return _disagreement(case, one, two, wire[0], sender, other.network.prefixlen)


def _disagreement(
    case: Case,
    one: tuple[Interface, Address],
    other: tuple[Interface, Address],
    mistaken: Interface,
    own: Address,
    prefix: int,
) -> Check:
    both = f"{one[0]} has {one[1]}, {other[0]} has {other[1]}"
    added = f"ip address add {own.ip}/{prefix} dev {mistaken.name}{_at_once(own.ip)}"
    deleted = f"ip address del {own} dev {mistaken.name}"
    # With its last IPv4 address an interface loses its routes; IPv6 does not let it have one twice.
    steps = (added, deleted) if own.version == 4 else (deleted, added)
    mend = case.look.place(mistaken.place).words.run(f"sh -c '{' && '.join(steps)}'")
    return Check(NAME, False, "", f"two ends of a link disagree about the prefix: {both}", mend)


def _apart(case: Case, one: tuple[Interface, Address], other: tuple[Interface, Address], both: str) -> Check:
    stray, (_, beside) = other, one
    place = case.look.place(one[0].place)
    if place.declared and one[1] not in place.declared:
        stray, (_, beside) = one, other
    place = case.look.place(stray[0].place)
    return _with_address(case, f"two ends of a link are in different subnets: {both}", place, stray[0], beside)


def _with_address(case: Case, wrong: str, place: Place, interface: Interface, beside: Address | None) -> Check:
    if beside is None:
        return Check(NAME, False, "", wrong)
    taken = {each.ip for end in case.ends for each in end.of_version(beside.version)} | {beside.ip}
    wanted = free_address(place, beside, taken)
    mend = f"{place.words.ip} address add {wanted} dev {interface.name}{_at_once(wanted.ip)}"
    return Check(NAME, False, "", wrong, mend)


def _asked_for(case: Case, addresses: tuple[Address, ...]) -> Address:
    return next((each for each in addresses if each.ip == case.question.to), addresses[0])


def _interface_towards_a(case: Case, place: Place) -> Interface | None:
    """Where the address of B belongs: on the interface that it was given to, as far as that can be told."""
    return _interface_towards_the_other(case, place)


def _interface_towards_the_other(case: Case, place: Place) -> Interface | None:
    for wire in case.cables:
        for each in (wire[0], wire[-1]):
            if each.place == place.name:
                return each
    return place.outward[0] if place.outward else None


def _at_once(ip: IP) -> str:
    """Without it an IPv6 address is on trial for a second: duplicate address detection."""
    return " nodad" if ip.version == 6 else ""


def _family(case: Case) -> str:
    return f"IPv{case.question.version}"


def _seen(case: Case) -> str:
    version = case.question.version
    has = [f"{place.name} has {', '.join(map(str, place.of_version(version))) or 'none'}" for place in case.ends]
    return "; ".join(has)
