"""Neighbours: whether the place that sends knows the right MAC address for the next hop."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check
from ..ways import Hop
from .firewall import dropped_solicitation

NAME = "neighbour"
NEVER_ASKED = ("PERMANENT", "NOARP")
UNANSWERED = ("FAILED", "INCOMPLETE")


def check_neighbour(case: Case) -> Check:
    """Whether what each hop believes about the next is true, and can be learnt."""
    seen: list[str] = []
    for way in case.ways:
        for hop in way.hops:
            if not hop.wire:
                continue
            if found := _judge(case, hop):
                return found
            seen.append(_seen(case, hop))
    told = ", ".join(dict.fromkeys(filter(None, seen)))
    if not told and not any(hop.wire for way in case.ways for hop in way.hops):
        return Check(NAME, None, "no neighbour is needed")
    return Check(NAME, True, told or "none is known yet")


def _judge(case: Case, hop: Hop) -> Check | None:
    place = case.look.place(hop.place)
    assert hop.gateway
    entry = place.neighbour(hop.route.interface, hop.gateway)
    out, end = hop.wire[0], hop.wire[-1]
    macs = {each.mac for each in case.look.place(end.place).interfaces if each.mac}
    forget = f"{place.words.ip} neighbour del {hop.gateway} dev {out.name}"
    if entry and entry.mac and entry.mac not in macs:
        entry_says = f"{hop.place} sends what is for {hop.gateway} to {entry.mac} (neighbour entry {entry.state})"
        wrong = f"{entry_says}, but {end} is {end.mac}"
        return Check(NAME, False, "", wrong, forget)
    if entry and entry.state in NEVER_ASKED:
        return None
    for each in (end, out):
        if not each.resolves and each.kind != "loopback":
            mend = f"{case.look.place(each.place).words.ip} link set {each.name} arp on"
            return Check(NAME, False, "", f"{each} takes no part in ARP (NOARP)", mend)
    # It may have failed long ago, before something else was mended; now it has been tried again.
    if entry and entry.state in UNANSWERED and case.failed and not dropped_solicitation(case):
        asked = "neighbour solicitations" if hop.gateway.version == 6 else "ARP"
        wrong = f"{hop.place} asks on {out.name} who has {hop.gateway}, and nobody answers ({asked}, {entry.state})"
        return Check(NAME, False, "", wrong)
    return None


def _seen(case: Case, hop: Hop) -> str:
    assert hop.gateway
    entry = case.look.place(hop.place).neighbour(hop.route.interface, hop.gateway)
    return f"{hop.place} finds {hop.gateway} at {entry.mac} ({entry.state})" if entry and entry.mac else ""
