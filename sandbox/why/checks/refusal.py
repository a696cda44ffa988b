"""Packets that are not taken: by the reverse path filter, or by a place that does not forward."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check
from ..facts import Place
from ..ways import Hop, Way

STRICT, LOOSE = 1, 2


def check_rp_filter(case: Case) -> Check:
    """Whether a place drops packets because it would not answer by the interface by which they come: RFC 3704."""
    name = "rp_filter"
    if case.question.version == 6:
        return Check(name, None, "IPv6 has none")
    filters: list[str] = []
    for way in case.ways:
        for hop in way.hops:
            if hop.arriving is None:
                continue
            if hop.arriving.rp_filter:
                filters.append(f"{hop.arriving.name} of {hop.place} ({hop.arriving.rp_filter})")
            if found := _filtered(case, way, hop):
                return found
    told = ", ".join(dict.fromkeys(filters))
    return Check(name, True, f"on, and in nobody's way: {told}" if told else "off on the way")


def _filtered(case: Case, way: Way, hop: Hop) -> Check | None:
    if not (hop.refused and hop.arriving and way.source):
        return None
    place, arriving = case.look.place(hop.place), hop.arriving
    reverse = case.look.route(hop.place, way.source)
    is_known = reverse.goes and reverse.kind != "local"
    if arriving.rp_filter == STRICT and is_known and reverse.interface != arriving.index:
        by = place.interface(reverse.interface)
        wrong = (
            f"{hop.place} drops packets from {way.source}: they come by {arriving.name}, but it would answer "
            f"by {by.name if by else 'another interface'} (rp_filter 1)"
        )
    elif arriving.rp_filter in (STRICT, LOOSE) and not reverse.goes:
        wrong = (
            f"{hop.place} drops packets from {way.source}, to which it has no route (rp_filter {arriving.rp_filter})"
        )
        return Check("rp_filter", False, "", wrong, "")
    else:
        return None
    # The higher of `all` and the interface's own counts, and 2, which is loose, is higher than 1.
    mend = place.words.run(f"sysctl -w net.ipv4.conf.{arriving.name}.rp_filter=2")
    return Check("rp_filter", False, "", wrong, mend)


def check_forwarding(case: Case) -> Check:
    """Whether each place between the two passes packets on."""
    name = "forwarding"
    version = case.question.version
    between: list[str] = []
    for way in case.ways:
        for hop in way.between:
            place = case.look.place(hop.place)
            between.append(hop.place)
            if not _forwards(place, hop, version):
                is_whole = version == 6 or not place.forwards_ipv4
                what = f"IPv{version}" if is_whole else f"IPv{version} packets that come by {_by(hop)}"
                wrong = f"{hop.place} does not forward {what}"
                return Check(name, False, "", wrong, _forward(place, hop, version))
    told = " and ".join(dict.fromkeys(between))
    if not told:
        return Check(name, None, "nobody is between them")
    return Check(name, True, f"{told} {'forward' if ' and ' in told else 'forwards'} IPv{version}")


def _forwards(place: Place, hop: Hop, version: int) -> bool:
    if version == 6:
        return place.forwards_ipv6
    return hop.arriving is None or hop.arriving.forwards


def _forward(place: Place, hop: Hop, version: int) -> str:
    if version == 6:
        return place.words.run("sysctl -w net.ipv6.conf.all.forwarding=1")
    if place.forwards_ipv4:
        return place.words.run(f"sysctl -w net.ipv4.conf.{_by(hop)}.forwarding=1")
    return place.words.run("sysctl -w net.ipv4.ip_forward=1")


def _by(hop: Hop) -> str:
    return hop.arriving.name if hop.arriving else "lo"
