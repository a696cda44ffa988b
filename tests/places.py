"""Places that are only thought of: a look at them answers as the kernel would, of their addresses and routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from sandbox.why.case import Case, open_case
from sandbox.why.checks import judge
from sandbox.why.diagnosis import Diagnosis
from sandbox.why.facts import (
    IP,
    Interface,
    Listener,
    Neighbour,
    Place,
    Probe,
    Probes,
    Question,
    Route,
    Words,
)


def interface(name: str, *addresses: str, peer: str = "", **facts: Any) -> Interface:
    """An interface of a place to be, its name ending in its index less two; `peer` is written PLACE:INDEX."""
    place, _, index = peer.partition(":")
    facts = {"mac": f"02:00:00:00:00:{facts.get('index', 2):02x}", "index": 2, **facts}
    return Interface(
        "",
        name,
        addresses=tuple(map(ip_interface, addresses)),
        peer=(place, int(index or 2)) if peer else None,
        **facts,
    )


@dataclass
class World:
    """Places by name; `routes` of each: a network, and a gateway (a text) or an interface (its index)."""

    places: dict[str, Place] = field(default_factory=dict)
    routes: dict[str, dict[str, str | int]] = field(default_factory=dict)

    def add(self, name: str, *interfaces: Interface, routes: Mapping[str, str | int] = {}, **facts: Any) -> None:
        lo = Interface(name, "lo", 1, kind="loopback", addresses=(ip_interface("127.0.0.1/8"),), mtu=65536)
        own = tuple(
            replace(
                each, place=name, mac=each.mac if each.mac[-2:] != "02" else f"02:00:00:00:{len(self.places):02x}:02"
            )
            for each in interfaces
        )
        words = Words(f"ip -n {name}", f"ip netns exec {name}", netns=name)
        self.places[name] = Place(name, (lo, *own), words=words, **facts)
        self.routes[name] = dict(routes)

    def change(self, name: str, index: int = 0, **facts: Any) -> None:
        """Change facts of a place, or of one of its interfaces."""
        place = self.places[name]
        if index:
            facts = {
                "interfaces": tuple(
                    replace(each, **facts) if each.index == index else each for each in place.interfaces
                )
            }
        self.places[name] = replace(place, **facts)

    def place(self, name: str) -> Place:
        return self.places[name]

    def route(self, place: str, to: IP, source: IP | None = None, arriving: int | None = None) -> Route:
        found = self._lookup(place, to)
        if arriving is None or source is None:
            return found
        come = self.places[place].interface(arriving)
        assert come
        back = self._lookup(place, source)
        if come.rp_filter and (not back.goes or (come.rp_filter == 1 and back.interface != arriving)):
            return Route("refused")
        if found.kind == "unicast" and not (come.forwards if to.version == 4 else self.places[place].forwards_ipv6):
            return Route("refused")
        return found if found.goes else Route("refused")

    def _lookup(self, name: str, to: IP) -> Route:
        place = self.places[name]
        if place.having(to) or to.is_loopback:
            return Route("local", 1, source=to)
        ups = [each for each in place.interfaces if each.is_up]
        table: list[tuple[Any, str, int, IP | None]] = [
            (own.network, "unicast", each.index, None)
            for each in ups
            for own in each.addresses
            if own.version == to.version
        ]
        for network, by in self.routes[name].items():
            if isinstance(by, int):
                table.append((ip_network(network), "unicast", by, None))
            elif by in ("unreachable", "blackhole"):
                table.append((ip_network(network), by, 0, None))
            else:
                gateway = ip_address(by)
                out = next((each.index for each in ups if any(gateway in own.network for own in each.addresses)), 0)
                if out:
                    table.append((ip_network(network), "unicast", out, gateway))
        fit = [entry for entry in table if to.version == entry[0].version and to in entry[0]]
        if not fit:
            return Route("none")
        entry, kind, index, gateway = max(fit, key=lambda each: each[0].prefixlen)
        out_of = place.interface(index)
        near = gateway or to
        own = [each.ip for each in out_of.addresses if near in each.network] if out_of else []
        own += [each.ip for each in out_of.addresses if each.version == to.version] if out_of else []
        return Route(kind, index, gateway, own[0] if own else None, None, entry)


def pair(one: str = "192.168.1.1/24", other: str = "192.168.1.2/24") -> World:
    """a and b, joined by a cable."""
    world = World()
    world.add("a", interface("eth0", *one.split(), peer="b"))
    world.add("b", interface("eth0", *other.split(), peer="a"))
    return world


def routed(near: str = "10.0.1.", far: str = "10.0.2.") -> World:
    """a, the router r, and b, in two subnets, whose addresses begin so."""
    world = World()
    length, zero = (64, "") if ":" in near else (24, "0")
    subnets = [f"{net}{zero}/{length}" for net in (near, far)]
    world.add("a", interface("eth0", f"{near}1/{length}", peer="r"), routes={subnets[1]: f"{near}254"})
    world.add(
        "r",
        interface("eth0", f"{near}254/{length}", peer="a", forwards=True),
        interface("eth1", f"{far}254/{length}", peer="b", index=3, forwards=True),
        forwards_ipv4=True,
        forwards_ipv6=True,
    )
    world.add("b", interface("eth0", f"{far}1/{length}", peer="r:3"), routes={subnets[0]: f"{far}254"})
    return world


def switched(nodes: Sequence[str] = ("a", "b", "c")) -> World:
    """Nodes on the bridge of lan: 10.0.0.1, 10.0.0.2..."""
    world = World()
    ports = []
    for number, name in enumerate(nodes, 1):
        world.add(name, interface("eth0", f"10.0.0.{number}/24", peer=f"lan:{number + 2}"))
        ports.append(interface(f"port{number - 1}", peer=name, index=number + 2, master=2))
    world.add("lan", interface("br0", kind="bridge"), *ports)
    return world


LOST, ANSWERED = Probe("b", False, "ping b: no answer"), Probe("b", True, "ping b: 0.10 ms")


def case_of(
    world: World,
    a: str = "a",
    b: str | None = "b",
    to: str = "",
    *,
    port: int | None = None,
    protocol: str = "tcp",
    probes: Probes | None = None,
) -> Case:
    """The case of a question, by default why a cannot reach the first address of b, where packets were lost."""
    ip = ip_address(to) if to else next((each.ip for v in (4, 6) for each in world.place(b or "").of_version(v)), None)
    version = ip.version if ip else 4
    question = Question(a, b, ip, version, port, protocol if port else {4: "icmp", 6: "icmpv6"}[version])
    return replace(open_case(question, world), probes=Probes(LOST) if probes is None else probes)


def diagnosis(world: World, *words: Any, **more: Any) -> Diagnosis:
    """What the checks say to case_of()."""
    return judge(case_of(world, *words, **more))


__all__ = ["ANSWERED", "LOST", "Listener", "Neighbour", "Probes", "World", "case_of", "diagnosis", "interface"]
