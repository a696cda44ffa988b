"""Filters: the rules of nftables that a packet meets on the way there, and its answer on the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..case import Case, hooks, packet_back, packet_there
from ..diagnosis import Check
from ..facts import Place, Question
from ..firewall import Decision, decide
from ..matching import Packet
from ..ways import Hop, Way

NAME = "firewall"
KINDS = {
    "echo-request": "pings",
    "echo-reply": "answers to pings",
    "nd-neighbor-solicit": "neighbour solicitations",
    "nd-neighbor-advert": "neighbour advertisements",
}

Met = tuple[Place, str, Packet]
Describe = Callable[[Question, Way, Hop, str], Packet]


def check_firewall(case: Case) -> Check:
    """Whether a rule drops the packet, or its answer."""
    met = [*_solicitations(case), *_met(case)]
    unread = [place.name for place, _, _ in met if place.rules is None]
    filtering = [place.name for place, _, _ in met if any("chain" in each for each in place.rules or ())]
    for place, hook, packet in met:
        decision = decide(place.rules or (), hook, packet)
        if decision.drops or (decision.drops is None and case.failed):
            return Check(NAME, False, "", _wrong(place, hook, packet, decision), _mend(place, packet, decision))
    if unread:
        return Check(NAME, None, f"the nftables of {unread[0]} could not be read: it takes nft, and the right to")
    told = ", ".join(dict.fromkeys(filtering))
    return Check(NAME, True, f"the rules of {told} let it pass" if told else "no nftables on the way")


def dropped_solicitation(case: Case) -> bool:
    """Whether a rule keeps neighbours from finding each other: IPv6 asks by packets that filters see, ARP does not."""
    return any(decide(place.rules or (), hook, packet).drops for place, hook, packet in _solicitations(case))


def _solicitations(case: Case) -> Iterator[Met]:
    """What is asked and answered between a hop and the next before anything is sent: RFC 4861."""
    for way in case.ways:
        for hop in way.hops:
            if case.question.version == 4 or not hop.wire or way.source is None:
                continue
            one, other = hop.wire[0], hop.wire[-1]
            for sender, receiver, kind in ((one, other, "nd-neighbor-solicit"), (other, one, "nd-neighbor-advert")):
                for each, hook in ((sender, "output"), (receiver, "input")):
                    came, goes = (None, each.name) if hook == "output" else (each.name, None)
                    packet = Packet("icmpv6", way.source, way.to, None, None, kind, "untracked", came, goes)
                    yield case.look.place(each.place), hook, packet


def _met(case: Case) -> Iterator[Met]:
    describe: Describe
    for way, describe in ((case.there, packet_there), (case.back, packet_back)):
        if way is None or way.source is None:
            continue
        for hop in way.hops:
            if hop.route.goes:
                for hook in hooks(hop):
                    yield case.look.place(hop.place), hook, describe(case.question, way, hop, hook)


def _wrong(place: Place, hook: str, packet: Packet, decision: Decision) -> str:
    kind = KINDS.get(packet.kind)
    port = f"to port {packet.port}" if packet.port else f"from port {packet.source_port}"
    what = kind or f"{packet.protocol.upper()} packets {port}"
    counted = "" if decision.packets is None else f", {decision.packets} packets so far"
    drops = "drops" if decision.drops else "may drop"
    return f"{place.name} {drops} {what} on {hook}: {decision}{counted}"


def _mend(place: Place, packet: Packet, decision: Decision) -> str:
    chain = decision.chain
    where = f"{chain['family']} {chain['table']} {chain['name']}"
    if decision.rule is not None:
        return place.words.run(f"nft delete rule {where} handle {decision.rule['handle']}")
    return place.words.run(f"nft add rule {where} {_let_pass(packet)}")


def _let_pass(packet: Packet) -> str:
    if packet.kind.startswith("nd-"):
        return "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
    if packet.state == "established":
        return "ct state established,related accept"
    if packet.port:
        return f"{packet.protocol} dport {packet.port} accept"
    return f"{packet.protocol} type echo-request accept"
