"""The static routes of a topology: for every node the shortest way to every subnet, through nodes that forward."""

from __future__ import annotations

from itertools import groupby

from ..topology.address import WIDTH, Address, Subnet
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..topology import Topology
    from ..topology.segments import Segment

# Of anything shorter the two halves can differ in kind: hosts in one, loopback or link-local addresses in the other.
SHORTEST_JOINED = 11
# In place of the number of a next hop, which is from 1 on.
UNKNOWN, AT_HOME = 0, -1


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
    found = topology.segments
    maps = [_Map(topology, found, version) for version in (4, 6)]
    each = zip(topology.nodes, *(each.routes() for each in maps), strict=True)
    return tuple(Route(node, to, via) for node, *ways in each for way in ways for to, via in way)


class _Map:
    """Who is in which subnet of one IP version, and who forwards. Nodes are numbers, and so are next hops."""

    def __init__(self, topology: Topology, found: Sequence[Segment], version: int) -> None:
        numbers = {name: number for number, name in enumerate(topology.nodes)}
        routers = {numbers[name] for name in topology.routers}
        uplinks = {numbers[name] for name in topology.uplinks}
        self._outside = uplinks if version == 4 else set()
        self._decides = routers | uplinks
        self._homes: dict[Subnet, set[int]] = {}
        self._hops: dict[int, Address] = {}
        # Of each node that forwards: who can send to it, and the number of the next hop that it then is.
        self._neighbours: list[list[tuple[int, int]]] = [[] for _ in numbers]
        for segment in found:
            members: dict[Subnet, list[tuple[int, Address]]] = {}
            for end in segment:
                for address in end.addresses:
                    if address.version == version:
                        members.setdefault(address.subnet, []).append((numbers[end.node], address))
            for subnet, nodes in members.items():
                self._homes.setdefault(subnet, set()).update(node for node, _ in nodes)
                for node, address in nodes:
                    if node in routers:
                        hop = len(self._hops) + 1
                        self._hops[hop] = address
                        self._neighbours[node] += [(other, hop) for other, _ in nodes if other != node]
        self._linked = {node for nodes in self._homes.values() for node in nodes}

    def routes(self) -> Iterator[list[tuple[Subnet | None, Address]]]:
        """For each node the destinations and next hops. A host with one gateway sends everything there."""
        subnets = sorted(self._homes, key=lambda subnet: (subnet.number, subnet.prefix))
        blocks = _blocks(subnets)
        ways = map(self._ways, (self._outside, *(self._homes[subnet] for subnet in subnets)))
        for node, (outside, *hops) in enumerate(zip(*ways, strict=True)):
            gateways = {hop for hop in (outside, *hops) if hop > 0}
            if len(gateways) == 1 and node not in self._decides:
                outside, hops = gateways.pop(), []
            default = [(None, self._hops[outside])] if outside > 0 else []
            yield [*default, *((to, self._hops[hop]) for to, hop in _joined(hops, blocks))]

    def _ways(self, home: set[int]) -> list[int]:
        """The next hop of each node on its way home, found from the nearest to the farthest."""
        ways = [UNKNOWN] * len(self._neighbours)
        for node in home:
            ways[node] = AT_HOME
        known = sorted(home & self._linked)
        for router in known:
            if len(known) == len(self._linked):
                break
            for node, hop in self._neighbours[router]:
                if not ways[node]:
                    ways[node] = hop
                    known.append(node)
        return ways


def _blocks(subnets: Sequence[Subnet]) -> list[list[tuple[int, Subnet]]]:
    """For each place of the sorted `subnets` what begins there, and the place behind its end.

    That is the subnet itself, and what the halves of larger ones make together: of several with one next hop a route
    needs only that. Nothing is covered that was not before.
    """
    known = set(subnets)
    blocks = [[(place + 1, subnet)] for place, subnet in enumerate(subnets)]
    before: list[tuple[int, Subnet]] = []
    for place, subnet in enumerate(subnets):
        begin, whole = place, subnet
        while before and (both := _both(before[-1][1], whole)) and both not in known:
            begin, whole = before.pop()[0], both
            blocks[begin].append((place + 1, whole))
        before.append((begin, whole))
    return blocks


def _both(lower: Subnet, upper: Subnet) -> Subnet | None:
    """The subnet of which these are the two halves."""
    half = 1 << WIDTH[lower.version] - lower.prefix
    are_halves = lower.prefix == upper.prefix and upper.number - lower.number == half and not lower.number & half
    return (
        Subnet(lower.version, lower.number, lower.prefix - 1) if are_halves and lower.prefix > SHORTEST_JOINED else None
    )


def _joined(hops: Iterable[int], blocks: Sequence[Sequence[tuple[int, Subnet]]]) -> Iterator[tuple[Subnet, int]]:
    """The destinations and next hops, where these are known: few for each run of places with one next hop."""
    place = 0
    for hop, run in groupby(hops):
        end = place + len(list(run))
        while place < end:
            # The largest that fits.
            behind, subnet = next(block for block in reversed(blocks[place]) if block[0] <= end)
            if hop > 0:
                yield subnet, hop
            place = behind
