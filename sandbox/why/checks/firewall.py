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

Describe = Callable[[Question, Way, Hop], Packet]


def check_firewall(case: Case) -> Check:
    """Whether a rule drops the packet, or its answer."""
    met = list(_met(case))
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


def _met(case: Case) -> Iterator[tuple[Place, str, Packet]]:
    describe: Describe
    for way, describe in ((case.there, packet_there), (case.back, packet_back)):
        if way is None or way.source is None:
            continue
        for hop in way.hops:
            if hop.route.goes:
                for hook in hooks(hop):
                    yield case.look.place(hop.place), hook, describe(case.question, way, hop)


def _wrong(place: Place, hook: str, packet: Packet, decision: Decision) -> str:
    kind = {"echo-request": "pings", "echo-reply": "answers to pings"}.get(packet.kind)
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
    if packet.state == "established":
        return "ct state established,related accept"
    if packet.port:
        return f"{packet.protocol} dport {packet.port} accept"
    # Without neighbour solicitations no IPv6 packet finds anybody, whatever else is let pass.
    types = "echo-request" if packet.version == 4 else "{ echo-request, nd-neighbor-solicit, nd-neighbor-advert }"
    return f"{packet.protocol} type {types} accept"
