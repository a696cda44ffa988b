"""One question with all that was found out about it: what the checks judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_interface
from itertools import chain

from .facts import IP, Address, Interface, Look, Place, Probes, Question
from .firewall import Decision, decide
from .matching import Packet
from .segment import Wire, cables
from .ways import Destination, Hop, Translate, Way, walk


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the way there and the way back (None: there is none to speak of), and what real packets did.

    `translator`: the place on the way there, if there is one, that puts other addresses into packets.
    """

    question: Question
    look: Look
    there: Way | None
    back: Way | None
    cables: tuple[Wire, ...] = ()
    translator: str = ""
    probes: Probes = field(default_factory=Probes)

    @property
    def a(self) -> Place:
        return self.look.place(self.question.a)

    @property
    def b(self) -> Place | None:
        return None if self.question.b is None else self.look.place(self.question.b)

    @property
    def ends(self) -> tuple[Place, ...]:
        """The places that are to reach each other, as far as they are known."""
        names = dict.fromkeys((self.question.a, self.question.b or self.question.a))
        return tuple(map(self.look.place, names))

    @property
    def ways(self) -> tuple[Way, ...]:
        return tuple(way for way in (self.there, self.back) if way)

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """All that packets cross, or would have to, there and then back."""
        crossed = [each for way in self.ways for each in way.interfaces]
        crossed += [each for wire in self.cables for each in wire]
        return tuple(dict.fromkeys(crossed))

    @property
    def failed(self) -> bool:
        """Whether a real packet was not answered."""
        return self.probes.final is not None and self.probes.final.ok is False


def open_case(question: Question, look: Look) -> Case:
    """The case before any packet was sent: both ways as the tables have them."""
    a, b, to = question.a, question.b, question.to
    laid = tuple(cables(look, a, b)) if b and b != a else ()
    if to is None:
        return Case(question, look, None, None, laid)
    there = walk(look, a, to, None, b, port=question.port, translate=_translation(look, question))
    translator = _translator(look, question, there)
    source = there.source or next((each.ip for each in look.place(a).of_version(question.version)), None)
    back = None
    if b and b != a and source and not translator:
        has_it = look.place(b).having(to) is not None
        back = walk(look, b, source, to if has_it else None, a)
    return Case(question, look, there, back, () if there.arrived else laid, translator)


def packet_there(question: Question, way: Way, hop: Hop, hook: str) -> Packet:
    """What meets a hook on the way there."""
    assert way.source
    to, port = hop.asked if hook == "prerouting" else hop.to
    kind = "" if question.port else "echo-request"
    return Packet(question.protocol, way.source, to, None, port, kind, "new", *_by(hop))


def packet_back(question: Question, way: Way, hop: Hop, hook: str) -> Packet:
    """The answer to it, as it meets a hook on the way back."""
    del hook
    assert way.source
    kind = "" if question.port else "echo-reply"
    return Packet(question.protocol, way.source, way.to, question.port, None, kind, "established", *_by(hop))


def _by(hop: Hop) -> tuple[str | None, str | None]:
    """The interfaces by which a packet comes and goes."""
    return hop.arriving.name if hop.arriving else None, hop.wire[0].name if hop.wire else None


def hooks(hop: Hop) -> tuple[str, ...]:
    """Where a packet meets the filters of a place: https://wiki.nftables.org, Netfilter hooks."""
    if hop.arriving is None:
        return () if hop.route.kind == "local" else ("output", "postrouting")
    if hop.route.kind == "local":
        return ("prerouting", "input")
    return ("prerouting", "forward", "postrouting") if hop.wire else ("prerouting", "forward")


def _translation(look: Look, question: Question) -> Translate:
    """What the rules of places make of the destination of a packet that arrives."""

    def translate(place: str, arriving: Interface, source: IP, asked: Destination) -> Destination:
        kind = "" if question.port else "echo-request"
        packet = Packet(question.protocol, source, asked[0], None, asked[1], kind, "new", arriving.name)
        decision = decide(look.place(place).rules or (), "prerouting", packet)
        return decision.to or asked[0], decision.port or asked[1]

    return translate


def _translator(look: Look, question: Question, way: Way) -> str:
    return next((hop.place for hop, _ in translations(look, question, way)), "")


def translations(look: Look, question: Question, way: Way) -> Iterator[tuple[Hop, Decision]]:
    """The hops of the way there that change addresses, or may."""
    for hop in way.hops if way.source else ():
        rules = look.place(hop.place).rules or ()
        for hook in hooks(hop):
            decision = decide(rules, hook, packet_there(question, way, hop, hook))
            if decision.translates:
                yield hop, decision


def free_address(place: Place, beside: Address, taken: set[IP]) -> Address:
    """An address for a place in the network of another's: the one it was given if that is in it, else a free one."""
    network = beside.network
    given = [each.ip for each in place.declared if each.ip in network]
    # With the same number in that network, as 192.168.2.2 would be 192.168.1.2.
    numbers = (int(each.ip) % network.num_addresses for each in place.of_version(beside.version))
    alike = [network.network_address + number for number in numbers]
    unfit = {*taken, network.network_address, network.broadcast_address}
    free = next(each for each in chain(given, alike, network.hosts()) if each not in unfit)
    return ip_interface(f"{free}/{network.prefixlen}")
