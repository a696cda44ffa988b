"""A topology as its pictures see it: places, what is said of each, and the wires between neighbours."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..topology import Topology
    from ..topology.interface import Interface
    from ..topology.publication import Publication

    Wire = tuple[Interface, Interface]
    # (node, interface name) -> "up", "down" or "no-carrier"; an end that is missing is not known.
    States = Mapping[tuple[str, str], str]

WORST_FIRST = ("down", "no-carrier", "up")


@dataclass(frozen=True)
class Place:
    """A node or a switch. `kind`: node, router or switch; `facts`: its subnets or its aliases; `ways`: out and in."""

    name: str
    kind: str
    facts: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """All that is said of it."""
        return self.facts + self.ways


class Graph:
    """The places of a topology, nodes first, and for each its neighbours with the wires to them, the own end first."""

    def __init__(self, topology: Topology) -> None:
        self.places = {place.name: place for place in _places(topology)}
        self.wires = topology.wires
        self.neighbours: dict[str, dict[str, list[Wire]]] = {name: {} for name in self.places}
        for first, second in self.wires:
            self.neighbours[first.node].setdefault(second.node, []).append((first, second))
            self.neighbours[second.node].setdefault(first.node, []).append((second, first))

    def wires_of(self, name: str) -> list[Wire]:
        """The wires of a place in order of its interfaces, the own end first."""
        wires = (wire for bundle in self.neighbours[name].values() for wire in bundle)
        return sorted(wires, key=lambda wire: wire[0].index)

    def components(self) -> list[list[str]]:
        """The places that hang together, each group in order of declaration."""
        found: list[list[str]] = []
        seen: set[str] = set()
        for name in self.places:
            if name not in seen:
                group = self.distances([name])
                seen |= group.keys()
                found.append([each for each in self.places if each in group])
        return found

    def distances(self, start: Iterable[str], without: str | None = None) -> dict[str, int]:
        """How many wires each place is away from the nearest of `start`, in order of discovery."""
        found = dict.fromkeys(start, 0)
        frontier = list(found)
        while frontier:
            reached = []
            for name in frontier:
                for peer in self.neighbours[name]:
                    if peer not in found and peer != without:
                        found[peer] = found[name] + 1
                        reached.append(peer)
            frontier = reached
        return found


def state(ends: Iterable[Interface], states: States | None) -> str | None:
    """The worst that is known of these ends; None where nothing is."""
    known = {(states or {}).get((end.node, end.name)) for end in ends}
    return next((each for each in WORST_FIRST if each in known), None)


def way_in(publication: Publication) -> str:
    """A published port, such as `host:8080 → 80/udp`."""
    host = publication.address or "host"
    protocol = "" if publication.protocol == "tcp" else f"/{publication.protocol}"
    return f"{f'[{host}]' if ':' in host else host}:{publication.port} → {publication.node_port}{protocol}"


def _places(topology: Topology) -> Iterable[Place]:
    for name in topology.nodes:
        kind = "router" if name in topology.routers else "node"
        aliases = tuple(f"also {alias}" for alias, node in topology.aliases if node == name)
        uplink = ("uplink ↗",) if name in topology.uplinks else ()
        published = (way_in(each) for each in topology.publications if each.node == name)
        yield Place(name, kind, aliases, (*uplink, *published))
    for switch in topology.switches:
        mtu = (f"mtu {switch.mtu}",) if switch.mtu is not None else ()
        yield Place(switch.name, "switch", (*map(str, switch.subnets), *mtu))
