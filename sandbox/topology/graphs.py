"""Topologies as networkx graphs, and graphs as topologies.

Attributes of a node: `switch`, `router` and `uplink` (true or not), `aliases` (names); of a switch `subnets` (texts)
and `mtu`. Of an edge, each as a mapping from its two nodes: `addresses` (a text or several), `mtu`, `mac`.
"""

from __future__ import annotations

from collections import Counter

from ..errors import NotAllowed, RequestError
from .address import Address, Subnet
from .draft import Draft
from .endpoint import Endpoint, Link
from .segments import segments
from .space import Space
from .switch import Switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from typing import Any

    import networkx

    from . import Topology

    Graph = networkx.Graph[Any]
    Attributes = Mapping[str, Any]


def from_networkx(graph: Graph, *, subnet: str = "10.0.0.0/8") -> Topology:
    """The topology of `graph`: its nodes are nodes or switches, its edges cables.

    Nodes are called as in the graph, `str(node)`. Where none says whether it is a router, those with several cables
    are. Who has no address gets one from `subnet`: each cable between two nodes, and all switches that are joined, are
    a subnet. An address of IPv4 and one of IPv6 each where it is two, with a comma between them.
    Raises RequestError for a graph that is directed, and as Topology does.
    """
    if graph.is_directed():
        raise RequestError("a directed graph: a cable goes both ways - take graph.to_undirected()")
    return _Reader(graph, subnet).topology()


def to_networkx(topology: Topology) -> networkx.MultiGraph[str]:
    """The graph of `topology`, of which from_networkx() makes the same again.

    But for publications, services, limits and the containment. Edges have a `number` as well, their place in the order
    of declaration. Raises NotAllowed without networkx.
    """
    try:
        import networkx
    except ImportError:
        raise NotAllowed("networkx is not installed", "pip install sandbox-net[networkx]") from None
    graph: networkx.MultiGraph[str] = networkx.MultiGraph(static_routes=topology.static_routes)
    for node in topology.nodes:
        aliases = tuple(alias for alias, name in topology.aliases if name == node)
        router, uplink = node in topology.routers, node in topology.uplinks
        graph.add_node(node, switch=False, router=router, uplink=uplink, aliases=aliases)
    for switch in topology.switches:
        graph.add_node(switch.name, switch=True, subnets=tuple(map(str, switch.subnets)), mtu=switch.mtu)
    for number, link in enumerate(topology.links):
        addresses = {end.node: tuple(map(str, end.addresses)) for end in link.ends}
        mtu = {end.node: end.mtu for end in link.ends if end.mtu is not None}
        mac = {end.node: end.mac for end in link.ends if end.mac is not None}
        ends = (end.node for end in link.ends)
        graph.add_edge(*ends, number=number, addresses=addresses, mtu=mtu, mac=mac)
    return graph


class _Reader:
    """Reads a graph once."""

    def __init__(self, graph: Graph, subnet: str) -> None:
        self._nodes = {str(node): told for node, told in graph.nodes(data=True)}
        if len(self._nodes) < len(graph):
            raise RequestError("a graph with two nodes of one name, such as 1 and '1' - rename one of them")
        self._switches = {name: _subnets(told) for name, told in self._nodes.items() if told.get("switch")}
        edges = sorted(graph.edges(data=True), key=lambda edge: edge[2].get("number", graph.number_of_edges()))
        self._cables = [_Cable(*edge) for edge in edges]
        self._static_routes = graph.graph.get("static_routes", True)
        taken = [address.subnet for cable in self._cables for end in cable.link.ends for address in end.addresses]
        taken += [each for subnets in self._switches.values() for each in subnets]
        self._spaces = [Space(Subnet.parse(each), taken) for each in subnet.split(",")]
        self._draft = Draft()

    def topology(self) -> Topology:
        for name, told in self._nodes.items():
            if name not in self._switches:
                self._draft.node(Endpoint(name))
            if told.get("uplink"):
                self._draft.uplink(name)
            for alias in told.get("aliases", ()):
                self._draft.alias(alias, name)
        for router in self._routers():
            self._draft.router(router)
        found = self._subnets_of_switches()
        for name, subnets in self._switches.items():
            self._draft.switch(Switch(name, subnets or found.get(name, ()), self._nodes[name].get("mtu")))
        for cable in self._cables:
            self._add(cable)
        if not self._static_routes:
            self._draft.no_routes()
        return self._draft.topology()

    def _routers(self) -> Iterator[str]:
        is_said = any("router" in told for told in self._nodes.values())
        cables = Counter(end.node for cable in self._cables for end in cable.link.ends)
        for name, told in self._nodes.items():
            forwards = told.get("router") if is_said else cables[name] > 1
            if forwards and name not in self._switches:
                yield name

    def _subnets_of_switches(self) -> dict[str, tuple[Subnet, ...]]:
        """For the switches of each segment on which someone has no address: where these come from."""
        found = segments([cable.link for cable in self._cables], self._switches)
        homes = {id(end): number for number, segment in enumerate(found) for end in segment}
        plugs = [(cable, *plug) for cable in self._cables if (plug := cable.plug(self._switches))]
        subnets: dict[int, tuple[Subnet, ...]] = {}
        for _, end, switch in plugs:
            if self._switches[switch]:
                subnets.setdefault(homes[id(end)], self._switches[switch])
        for cable, end, _ in plugs:
            if not cable.has_addresses and (home := homes[id(end)]) not in subnets:
                subnets[home] = self._take(len(found[home]))
        return {switch: subnets[homes[id(end)]] for _, end, switch in plugs if homes[id(end)] in subnets}

    def _add(self, cable: _Cable) -> None:
        first, second = cable.link.ends
        if cable.has_addresses or {first.node, second.node} <= self._switches.keys():
            self._draft.link(first, second)
        elif plug := cable.plug(self._switches):
            self._draft.node(plug[0], switch=plug[1])
        else:
            subnets = self._take(2)
            ends = ((1, first), (2, second))
            self._draft.link(
                *(Endpoint(end.node, tuple(each.host(at) for each in subnets), end.mtu, end.mac) for at, end in ends)
            )

    def _take(self, hosts: int) -> tuple[Subnet, ...]:
        return tuple(space.take(hosts) for space in self._spaces)


class _Cable:
    """An edge as a link; `has_addresses`: it was told of them, be it that there are none."""

    def __init__(self, first: object, second: object, told: Attributes) -> None:
        addresses = told.get("addresses") or {}
        self.has_addresses = bool(addresses)
        # Both ends in the order in which they were declared; to the graph they are all the same.
        ends = tuple(addresses) if set(addresses) == {first, second} else (first, second)
        self.link = Link(*(_end(node, told) for node in ends))

    def plug(self, switches: Container[str]) -> tuple[Endpoint, str] | None:
        """The node's end, and the name of the switch that it is plugged into."""
        for end, other in (self.link.ends, self.link.ends[::-1]):
            if other.node in switches and end.node not in switches:
                return end, other.node
        return None


def _end(node: object, told: Attributes) -> Endpoint:
    addresses, mtu, mac = (told.get(key) or {} for key in ("addresses", "mtu", "mac"))
    return Endpoint(str(node), tuple(map(Address.parse, _texts(addresses.get(node, ())))), mtu.get(node), mac.get(node))


def _subnets(told: Attributes) -> tuple[Subnet, ...]:
    return tuple(map(Subnet.parse, _texts(told.get("subnets", ()))))


def _texts(told: str | Iterable[str]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told)
