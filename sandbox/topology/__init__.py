"""What was asked for: nodes, switches, links, routers; checked here as a whole, once and completely.

Nothing below this floor checks a request again, and nothing here touches the machine.
"""

from __future__ import annotations

from ..errors import RequestError
from ..values import value
from .address import overlap
from .endpoint import Endpoint, Link, check_name
from .interface import Interface, Wiring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..containment import Containment
    from .limits import Limits
    from .publication import Publication
    from .segments import Segment
    from .service import Service
    from .switch import Switch


@value
class Topology:
    """Nodes, switches and links, checked as a whole. Raises RequestError when they contradict each other.

    `routers` are nodes that forward; with `static_routes` every node is given the shortest ways through them.
    `aliases` are pairs of another name and its node. `uplinks` are nodes with a way out of the machine,
    `publications` ports with a way in. `services` are the commands that belong to nodes. With a `containment` every
    node is a container. `limits` are pairs of a node and what its commands may use of the machine.
    All these are kept in the order of the nodes: which was named first means nothing.
    """

    nodes: tuple[str, ...]
    links: tuple[Link, ...] = ()
    switches: tuple[Switch, ...] = ()
    routers: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    uplinks: tuple[str, ...] = ()
    publications: tuple[Publication, ...] = ()
    static_routes: bool = True
    services: tuple[Service, ...] = ()
    containment: Containment | None = None
    limits: tuple[tuple[str, Limits], ...] = ()

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str | Endpoint, str | Endpoint]]) -> Topology:
        """The topology of these pairs, nodes in order of first mention; a name met again is the same node.

        Raises RequestError (see Endpoint and Link), TypeError for what is not text.
        """
        links = tuple(Link(_endpoint(first), _endpoint(second)) for first, second in pairs)
        return cls(tuple(dict.fromkeys(end.node for link in links for end in link.ends)), links)

    @classmethod
    def alone(cls, name: str = "sandbox") -> Topology:
        """One node without a link: nothing but loopback."""
        return cls((name,))

    @classmethod
    def load(cls, path: str) -> Topology:
        """The topology in the file at `path`, written in TOML: docs/lab-files.md tells how.

        Raises RequestError, which names the file and the place in it, and OSError where it cannot be read.
        """
        from ..labfile import load

        return load(path)

    @classmethod
    def loads(cls, text: str) -> Topology:
        """The topology written as `text` in TOML. Raises RequestError, which names the place in it."""
        from ..labfile import loads

        return loads(text)

    def dump(self) -> str:
        """This topology in TOML: loads() makes the same of it. Raises RequestError for what is no text."""
        from ..labfile import dumps

        return dumps(self)

    def __post_init__(self) -> None:
        ends = [end for link in self.links for end in link.ends]
        _check_nodes(self.nodes)
        _check_ends(self, ends)
        if not self.nodes:
            raise RequestError("a topology without a node - name one, or join two by a pair")
        _check_addresses(ends)
        if self.switches or any(end.mac for end in ends) or self._says_more:
            from .checks import check

            check(self, ends)
            self._put_in_order()

    @property
    def _says_more(self) -> bool:
        """Whether more is said of nodes than how they are linked."""
        return any((self.routers, self.uplinks, self.aliases, self.publications, self.services, self.limits))

    def _put_in_order(self) -> None:
        """Topologies that mean the same are equal: what is said of nodes stands in their order."""
        place = {node: at for at, node in enumerate(self.nodes)}
        self.__dict__.update(
            routers=tuple(sorted(set(self.routers), key=place.__getitem__)),
            uplinks=tuple(sorted(set(self.uplinks), key=place.__getitem__)),
            aliases=tuple(sorted(self.aliases, key=lambda alias: place[alias[1]])),
            publications=tuple(sorted(self.publications, key=lambda each: place[each.node])),
            services=tuple(sorted(self.services, key=lambda each: place[each.node])),
            limits=tuple(sorted((pair for pair in self.limits if str(pair[1])), key=lambda pair: place[pair[0]])),
        )

    @property
    def switch_names(self) -> tuple[str, ...]:
        return tuple(switch.name for switch in self.switches)

    @property
    def places(self) -> tuple[str, ...]:
        """The nodes in which commands are run: all but the gateways that switches with an uplink have got."""
        if not self.uplinks:
            return self.nodes
        from .switch import gateway_of

        gateways = set(map(gateway_of, self.switch_names)).intersection(self.uplinks)
        return tuple(node for node in self.nodes if node not in gateways)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The ends of nodes that hear each other, segment by segment. Raises RequestError for a circle of switches."""
        if not self.switches:
            return tuple(link.ends for link in self.links)
        from .segments import segments

        return segments(self.links, self.switch_names)

    @property
    def wires(self) -> tuple[tuple[Interface, Interface], ...]:
        """The two interfaces of each link. Every node counts its own: eth0, eth1, in order of declaration."""
        return tuple(map(Wiring(self.switches).wire, self.links))


def _endpoint(end: str | Endpoint) -> Endpoint:
    return end if isinstance(end, Endpoint) else Endpoint.parse(end)


def _check_nodes(nodes: tuple[str, ...]) -> None:
    for name in nodes:
        check_name(name)
    if len(set(nodes)) < len(nodes):
        raise RequestError(f"{nodes!r}: a node twice - name each one once")


def _check_ends(topology: Topology, ends: Sequence[Endpoint]) -> None:
    nodes, switches = set(topology.nodes), set(topology.switch_names)
    for end in ends:
        if end.node not in nodes and end.node not in switches:
            raise RequestError(f"{str(end)!r}: an end in no node - add {end.node!r} to {topology.nodes!r}")
    for link in topology.links:
        bare = [end for end in link.ends if not end.addresses and end.node not in switches]
        if len(bare) == 1 and not switches.intersection(end.node for end in link.ends):
            raise RequestError(f"{str(link)!r}: an address on one end only - give {bare[0].node} one as well")


def _check_addresses(ends: Sequence[Endpoint]) -> None:
    owners: dict[tuple[int, int], Endpoint] = {}
    ends_of: dict[str, list[Endpoint]] = {}
    for end in ends:
        ends_of.setdefault(end.node, []).append(end)
        for address in end.addresses:
            if other := owners.get((address.version, address.number)):
                raise RequestError(f"{str(other)!r} and {str(end)!r}: the same address twice - change one of them")
            owners[address.version, address.number] = end
    for own in ends_of.values():
        claims = ((address.subnet, end) for end in own for address in end.addresses)
        if len(own) > 1 and (found := overlap(claims)):
            (_, one), (_, other) = found
            raise RequestError(
                f"{str(one)!r} and {str(other)!r}: one node with two interfaces in one subnet cannot tell "
                "which way to send - give each link a subnet of its own"
            )
