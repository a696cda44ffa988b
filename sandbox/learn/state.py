"""What the kernel says of each place of a lesson: interfaces, addresses, routes, neighbours. `ip` does the asking.

Link-local addresses of IPv6 are left out: they come when they are ready, and no lesson is about them.
"""

from __future__ import annotations

from shlex import quote

import msgspec
from msgspec import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    State = Mapping[str, "Place"]

QUESTIONS = ("-d -s address", "route", "-6 route", "neighbour", "netns list-id")
BETWEEN = "\x1e"  # the record separator of ASCII


class End(Struct, frozen=True):
    """The other end of a veth pair."""

    place: str
    name: str


class Interface(Struct, frozen=True):
    """An interface as `ip` shows it; `sent` and `received` are packets so far."""

    name: str
    index: int
    kind: str
    state: str
    flags: tuple[str, ...]
    mac: str | None
    mtu: int
    addresses: tuple[str, ...]
    peer: End | None
    master: str | None
    sent: int
    received: int


class Route(Struct, frozen=True):
    """A way; `to` is `default` for everything else. One that leads nowhere has a `kind`, such as `unreachable`."""

    to: str
    via: str | None
    dev: str | None
    kind: str | None = None

    def __str__(self) -> str:
        words = (self.kind, self.to, self.via and f"via {self.via}", self.dev and f"dev {self.dev}")
        return " ".join(filter(None, words))


class Neighbour(Struct, frozen=True):
    """Who has an address on the same link."""

    address: str
    mac: str | None
    dev: str
    state: str


class Place(Struct, frozen=True):
    """One network namespace."""

    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    def interface(self, name: str) -> Interface | None:
        """The interface of this name, if there is one."""
        return next((each for each in self.interfaces if each.name == name), None)


def question(places: Sequence[str]) -> str:
    """A command for `sh` that says all of it; read() understands its output. The first place is where it runs."""
    host, *others = places
    asked = [_ask("", host), *(_ask(f"-n {quote(place)} ", place) for place in others)]
    return "\n".join(asked)


def _ask(where: str, place: str) -> str:
    questions = (f"ip {where}-j {each} 2>/dev/null || :; printf '\\036'" for each in QUESTIONS)
    return f"printf '%s\\036' {quote(place)}; {'; '.join(questions)}"


def read(said: str) -> dict[str, Place]:
    """Each place that is there."""
    parts = said.split(BETWEEN)[:-1]
    width = len(QUESTIONS) + 1
    answers = {parts[at]: parts[at + 1 : at + width] for at in range(0, len(parts), width)}
    documents = {place: [_records(each) for each in answer] for place, answer in answers.items() if answer[0].strip()}
    home = next(iter(answers))
    return {place: _place(place, documents, home) for place in documents}


def _records(text: str) -> list[Any]:
    return [record for record in msgspec.json.decode(text) if record] if text.strip() else []


def _place(name: str, documents: Mapping[str, list[list[Any]]], home: str) -> Place:
    links, routes, routes6, neighbours, _ = documents[name]
    return Place(
        tuple(_interface(link, name, documents, home) for link in links),
        tuple(route for each in routes + routes6 if _is_told(each["dst"]) for route in _routes(each)),
        tuple(
            Neighbour(each["dst"], each.get("lladdr"), each["dev"], " ".join(each["state"]))
            for each in neighbours
            if _is_told(each["dst"])
        ),
    )


def _routes(record: Any) -> Iterator[Route]:
    """The ways to one destination: several where packets are shared out between them."""
    for hop in record.get("nexthops", [record]):
        yield Route(record["dst"], hop.get("gateway"), hop.get("dev"), record.get("type"))


def _interface(link: Any, place: str, documents: Mapping[str, list[list[Any]]], home: str) -> Interface:
    counters = link["stats64"]
    is_ethernet = link["link_type"] == "ether"
    return Interface(
        name=link["ifname"],
        index=link["ifindex"],
        kind="loopback" if link["link_type"] == "loopback" else link.get("linkinfo", {}).get("info_kind", ""),
        state=link["operstate"],
        flags=tuple(link["flags"]),
        mac=link["address"] if is_ethernet else None,
        mtu=link["mtu"],
        addresses=tuple(
            f"{each['local']}/{each['prefixlen']}" for each in link["addr_info"] if each.get("scope") != "link"
        ),
        peer=_peer(link, place, documents, home),
        master=link.get("master"),
        sent=counters["tx"]["packets"],
        received=counters["rx"]["packets"],
    )


def _peer(link: Any, place: str, documents: Mapping[str, list[list[Any]]], home: str) -> End | None:
    """The other end, by its number; in which namespace it is, `ip` tells by a number too, and that one's name."""
    if link.get("linkinfo", {}).get("info_kind") != "veth":
        return None
    if (name := link.get("link")) is not None:
        return End(place, name)
    names = {each["nsid"]: each.get("name", home) for each in documents[place][-1]}
    there = names.get(link.get("link_netnsid"), home)
    for other in documents.get(there, [[]])[0]:
        if other["ifindex"] == link.get("link_index"):
            return End(there, other["ifname"])
    return None


def _is_told(destination: str) -> bool:
    return not destination.startswith(("fe80:", "ff00:", "ff02:", "multicast"))


def changes(before: State, after: State) -> Iterator[Change]:
    """What is there now and was not, what has gone, and what is different, place by place."""
    for place in dict.fromkeys((*before, *after)):
        then, now = _lines(before.get(place)), _lines(after.get(place))
        if place not in before:
            yield Change(place, "+", f"namespace {place}")
        if place not in after:
            yield Change(place, "-", f"namespace {place}")
            continue
        yield from (Change(place, "-", what) for what in then if what not in now)
        for what, how in now.items():
            if what not in then:
                yield Change(place, "+", f"{what} {how}".strip())
            elif then[what] != how:
                yield Change(place, "~", f"{what} {then[what]} -> {how}")


class Change(Struct, frozen=True):
    """One difference between two states; `sign` is + for what is new, - for what is gone, ~ for what is different."""

    place: str
    sign: str
    what: str


def is_of_time(change: Change) -> bool:
    """Whether it happens by itself: the state of a neighbour, of which the kernel becomes less sure."""
    return change.sign == "~" and change.what.startswith("neighbour ")


def _lines(place: Place | None) -> dict[str, str]:
    """What can be told of a place: things, and how each is."""
    if place is None:
        return {}
    told: dict[str, str] = {}
    for link in place.interfaces:
        told[f"link {link.name}"] = f"{link.state} <{','.join(link.flags)}>"
        if link.master:
            told[f"link {link.name} master {link.master}"] = ""
        told |= {f"address {address} dev {link.name}": "" for address in link.addresses}
    told |= {f"route {route}": "" for route in place.routes}
    told |= {f"neighbour {each.address} dev {each.dev}": each.state for each in place.neighbours}
    return told
