"""Sizes: whether what one interface sends fits through those that follow."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check
from ..facts import Interface
from ..ways import Hop

NAME = "mtu"


def check_mtu(case: Case) -> Check:
    """Whether large packets arrive as well: on one link nobody says that they are too large, and they vanish."""
    mtus: list[int] = []
    for way in case.ways:
        for hop in way.hops:
            if not hop.wire:
                continue
            sent = _sent(hop)
            mtus.append(sent)
            for each in hop.wire[1:]:
                if each.mtu < sent and (each.kind != "bridge" or each is hop.wire[-1]):
                    return _hole(case, hop, sent, each)
    large = case.probes.large
    if large and large.ok is False and case.probes.final and case.probes.final.ok:
        wrong = f"small packets arrive, large ones do not: {large.seen}"
        return Check(NAME, False, "", wrong, _shrink(case, mtus), is_proof_against_packets=True)
    told = " and ".join(dict.fromkeys(map(str, mtus)))
    seen = f"{told} bytes" + (f"; {large.seen}" if large and large.ok else "")
    return Check(NAME, True if mtus else None, seen if mtus else "no link is known on the way")


def _sent(hop: Hop) -> int:
    return min(hop.route.mtu or hop.wire[0].mtu, hop.wire[0].mtu)


def _hole(case: Case, hop: Hop, sent: int, narrow: Interface) -> Check:
    wrong = f"packets of more than {narrow.mtu} bytes vanish between {hop.wire[0]}, whose MTU is {sent}, and {narrow}"
    is_end = narrow is hop.wire[-1]
    change, to = (narrow, sent) if is_end else (hop.wire[0], narrow.mtu)
    words = case.look.place(change.place).words
    mend = f"{words.ip} link set {change.name} mtu {to}"
    return Check(NAME, False, "", wrong, mend, is_proof_against_packets=True)


def _shrink(case: Case, mtus: list[int]) -> str:
    """Send no more than the narrowest link takes: whoever should have said so is not heard."""
    first = case.there.hops[0] if case.there else None
    if first is None or not first.wire or min(mtus) >= _sent(first):
        return ""
    return f"{case.a.words.ip} link set {first.wire[0].name} mtu {min(mtus)}"
