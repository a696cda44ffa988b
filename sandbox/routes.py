"""The static routes of a topology: for every node the shortest way to every subnet, through nodes that forward."""

from __future__ import annotations

from .address import WIDTH, Address, Subnet
from .segments import segments
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .endpoint import Endpoint
    from .segments import Segment
    from .topology import Topology

# Of anything shorter the two halves can differ in kind: hosts in one, loopback or link-local addresses in the other.
SHORTEST_JOINED = 11


@value
class Route:
    """`node` sends packets for the subnet `to`, or (None) for all that no other route fits, through `via`."""

    node: str
    to: Subnet | None
    via: Address


def routes(topology: Topology) -> tuple[Route, ...]:
    """The routes of all nodes, in order of declaration. Of equally short ways the one declared first is taken."""
    if not topology.static_routes or not (topology.routers or topology.uplinks):
        return ()
    found = _Map(topology).routes()
    # A node with an uplink has its default route already.
    exact = {*topology.routers, *topology.uplinks}
    return tuple(route for node in topology.nodes for route in _simplified(node, found.get(node, {}), node in exact))


class _Map:
    """Who is on which segment, and who forwards."""

    def __init__(self, topology: Topology) -> None:
        self._segments = segments(topology.links, topology.switch_names)
        self._routers = frozenset(topology.routers)
        self._uplinks = topology.uplinks
        self._places: dict[str, list[tuple[Segment, Endpoint]]] = {}
        for segment in self._segments:
            for end in segment:
                self._places.setdefault(end.node, []).append((segment, end))

    def routes(self) -> dict[str, dict[Subnet | None, list[Address]]]:
        """For each node and destination the next hops, at most one of each IP version."""
        found: dict[str, dict[Subnet | None, list[Address]]] = {}
        for to, version, at_home in self._destinations():
            for node, via in self._ways(version, at_home):
                found.setdefault(node, {}).setdefault(to, []).append(via)
        return found

    def _destinations(self) -> Iterator[tuple[Subnet | None, int, set[str]]]:
        """Each subnet, its IP version, and the nodes that are in it; then the world outside."""
        homes: dict[Subnet, set[str]] = {}
        for segment in self._segments:
            for end in segment:
                for address in end.addresses:
                    homes.setdefault(address.subnet, set()).add(end.node)
        yield from ((subnet, subnet.version, nodes) for subnet, nodes in homes.items())
        if self._uplinks:
            yield None, 4, set(self._uplinks)

    def _ways(self, version: int, at_home: set[str]) -> Iterator[tuple[str, Address]]:
        """Each node that is not at home, and its next hop, from the nearest to the farthest."""
        known = set(at_home)
        frontier = [node for node in self._places if node in at_home and node in self._routers]
        while frontier:
            reached = []
            for router in frontier:
                for node, via in self._neighbours(router, version):
                    if node not in known:
                        known.add(node)
                        yield node, via
                        if node in self._routers:
                            reached.append(node)
            frontier = reached

    def _neighbours(self, router: str, version: int) -> Iterator[tuple[str, Address]]:
        """Each node that can send to `router` directly, and the address to send to."""
        for segment, own in self._places[router]:
            for end in segment:
                if end is not own and (via := _common(own, end, version)):
                    yield end.node, via


def _common(own: Endpoint, other: Endpoint, version: int) -> Address | None:
    """The address of `own` in a subnet that both are in."""
    subnets = {address.subnet for address in other.addresses if address.version == version}
    return next((address for address in own.addresses if address.subnet in subnets), None)


def _simplified(node: str, found: dict[Subnet | None, list[Address]], exact: bool) -> Iterator[Route]:
    """A host with one gateway sends everything there; elsewhere neighbouring subnets with one next hop are joined."""
    for version in (4, 6):
        ways = {to: via for to, vias in found.items() for via in vias if via.version == version}
        gateways = set(ways.values())
        if not exact and len(gateways) == 1:
            yield Route(node, None, gateways.pop())
        else:
            yield from (Route(node, to, via) for via in dict.fromkeys(ways.values()) for to in _joined(ways, via))


def _joined(ways: dict[Subnet | None, Address], via: Address) -> Iterator[Subnet | None]:
    """The destinations behind `via`, two halves of a subnet as that one; nothing is covered that was not before."""
    if ways.get(None) == via:
        yield None
    left = {(to.number, to.prefix) for to, way in ways.items() if way == via and to is not None}
    for number, prefix in sorted(left, key=lambda each: -each[1]):
        _join(number, prefix, WIDTH[via.version], left)
    yield from (Subnet(via.version, number, prefix) for number, prefix in sorted(left))


def _join(number: int, prefix: int, width: int, subnets: set[tuple[int, int]]) -> None:
    while prefix > SHORTEST_JOINED and {(number, prefix), half := (number ^ 1 << width - prefix, prefix)} <= subnets:
        subnets -= {(number, prefix), half}
        number, prefix = number & half[0], prefix - 1
        subnets.add((number, prefix))
