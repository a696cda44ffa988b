"""A topology in the making: declarations in their order, and an address for whoever was given none."""

from __future__ import annotations

from ..errors import RequestError
from ..values import replace
from . import Topology
from .checks import check_places
from .endpoint import Endpoint, Link
from .publication import Publication
from .switch import Switch, gateway_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..containment import Containment
    from .address import Address, Subnet
    from .limits import Limits
    from .service import Service


class Draft:
    """Declare, then take the topology(). Names met again are the same node; raises RequestError as Topology does.

    And for a subnet in two places, where nodes would take each other for neighbours.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, None] = {}
        self._links: list[Link] = []
        self._unaddressed: dict[int, tuple[Subnet, ...]] = {}
        self._switches: dict[str, Switch] = {}
        self._routers: dict[str, None] = {}
        self._aliases: list[tuple[str, str]] = []
        self._uplinks: dict[str, None] = {}
        self._publications: list[Publication] = []
        self._services: list[Service] = []
        self._limits: dict[str, Limits] = {}
        self._static_routes = True
        self._containment: Containment | None = None

    def pair(self, first: str | Endpoint, second: str | Endpoint) -> None:
        """A cable between two nodes, both with addresses; a switch in the place of one has none."""
        self.link(*(end if isinstance(end, Endpoint) else self._end(end) for end in (first, second)))

    def link(self, first: Endpoint, second: Endpoint) -> None:
        """A cable between any two of nodes and switches."""
        self._links.append(Link(first, second))
        for end in (first, second):
            if end.node not in self._switches:
                self._nodes[end.node] = None

    def switch(self, switch: str | Switch) -> None:
        """A switch, as Switch.parse() takes it; the nodes declared from now on are plugged into it."""
        declared = switch if isinstance(switch, Switch) else Switch.parse(switch)
        if declared.name in self._switches:
            raise RequestError(f"{declared.name!r}: a switch twice - name each one once")
        self._switches[declared.name] = declared

    def node(self, node: str | Endpoint, *, switch: str | None = None) -> None:
        """A node, plugged into `switch`, by default the last one declared; without any it is not linked.

        Without an address it is given one of each of the switch's subnets, the first that nobody else has.
        """
        name = switch or next(reversed(self._switches), None)
        if name is not None and name not in self._switches:
            raise RequestError(f"{name!r}: no such switch - declare it before its nodes")
        subnets = self._switches[name].subnets if name else ()
        end = node if isinstance(node, Endpoint) else Endpoint.parse_bare(node, subnets)
        if end.node in self._switches:
            raise RequestError(f"{end.node!r}: the name of two things - rename the node or the switch")
        if name is None:
            self._unlinked(end)
            return
        if not end.addresses:
            self._unaddressed[len(self._links)] = subnets
        self.link(end, Endpoint(name))

    def bare_node(self, name: str) -> None:
        """A node that nothing is plugged into yet, whatever switches there are."""
        self._unlinked(Endpoint(name))

    def router(self, name: str) -> None:
        """A node that forwards. It may be declared elsewhere, before or after."""
        self._routers[name] = None

    def alias(self, alias: str, node: str) -> None:
        """Another name for a node."""
        self._aliases.append((alias, node))

    def uplink(self, name: str) -> None:
        """A way out of the machine for a node, or for all the nodes of a switch, which gets a gateway for it."""
        self._uplinks[name] = None

    def publish(self, publication: str | Publication) -> None:
        """A way in from a port of the host, as Publication.parse() takes it."""
        read = publication if isinstance(publication, Publication) else Publication.parse(publication)
        self._publications.append(read)

    def extend(self, topology: Topology) -> None:
        """All that was declared for a topology which is whole already; what follows is added to it."""
        for switch in topology.switches:
            self.switch(switch)
        self._nodes.update(dict.fromkeys(topology.nodes))
        for link in topology.links:
            self.link(*link.ends)
        self._routers.update(dict.fromkeys(topology.routers))
        self._aliases += topology.aliases
        self._uplinks.update(dict.fromkeys(topology.uplinks))
        self._publications += topology.publications
        self._services += topology.services
        self._limits.update(topology.limits)
        self._static_routes &= topology.static_routes
        self._containment = topology.containment or self._containment

    def serve(self, service: Service) -> None:
        """A command that belongs to a node."""
        self._services.append(service)

    def contain(self, containment: Containment) -> None:
        """Put every node in such a container."""
        self._containment = containment

    def limit(self, node: str, limits: Limits) -> None:
        """What a node may use of the machine; it goes over what was said of it before."""
        self._limits[node] = limits.over(self._limits[node]) if node in self._limits else limits

    def no_routes(self) -> None:
        """Leave the ways to a routing daemon, or to nobody."""
        self._static_routes = False

    def topology(self) -> Topology:
        """What was declared, checked as a whole."""
        for name in [each for each in self._uplinks if each in self._switches]:
            self._add_gateway(name)
        made = Topology(
            nodes=tuple(self._nodes),
            links=tuple(self._addressed_links()),
            switches=tuple(self._switches.values()),
            routers=tuple(self._routers),
            aliases=tuple(self._aliases),
            uplinks=tuple(self._uplinks),
            publications=tuple(self._publications),
            static_routes=self._static_routes,
            services=tuple(self._services),
            containment=self._containment,
            limits=tuple(self._limits.items()),
        )
        check_places(made)
        return made

    def _end(self, text: str) -> Endpoint:
        is_switch = isinstance(text, str) and text.partition(":")[0] in self._switches
        return Endpoint.parse_bare(text) if is_switch else Endpoint.parse(text)

    def _unlinked(self, end: Endpoint) -> None:
        if end != Endpoint(end.node):
            raise RequestError(
                f"{str(end)!r}: an interface that is plugged into nothing - declare a switch before it, or a pair"
            )
        self._nodes[end.node] = None

    def _add_gateway(self, switch: str) -> None:
        """The uplink of a switch is a router of its own, plugged into it."""
        gateway = gateway_of(switch)
        if gateway in self._nodes or gateway in self._switches:
            raise RequestError(f"{gateway!r}: the way out of {switch!r} has this name - rename the node")
        if not self._switches[switch].subnets:
            raise RequestError(f"uplink {switch!r}: a switch without a subnet - give it one, such as 10.0.0.0/24")
        del self._uplinks[switch]
        self.node(gateway, switch=switch)
        self.router(gateway)
        self._uplinks[gateway] = None

    def _addressed_links(self) -> Iterator[Link]:
        """The links, with an address for whoever was given none: late, for they are those that are left over."""
        taken = _taken(self._links)
        places: dict[Subnet, int] = {}
        for at, link in enumerate(self._links):
            if subnets := self._unaddressed.get(at):
                end, switch = link.ends
                free = tuple(_next_free(subnet, places, taken) for subnet in subnets)
                yield Link(replace(end, addresses=free), switch)
            else:
                yield link


def _next_free(subnet: Subnet, places: dict[Subnet, int], taken: set[tuple[int, int]]) -> Address:
    """The first address of `subnet` that is not `taken`, of those after the last one given."""
    place = places.get(subnet, 0) + 1
    while (subnet.version, (address := subnet.host(place)).number) in taken:
        place += 1
    places[subnet] = place
    taken.add((address.version, address.number))
    return address


def plugged(topology: Topology, end: Endpoint, switch: str) -> Endpoint:
    """`end` as it is plugged into a switch of `topology`: with the first free address if it has none."""
    found = next((each for each in topology.switches if each.name == switch), None)
    if found is None:
        raise RequestError(f"{switch!r}: no such switch - there is {', '.join(topology.switch_names) or 'none'}")
    taken = _taken(topology.links)
    return replace(end, addresses=end.addresses or tuple(_next_free(subnet, {}, taken) for subnet in found.subnets))


def _taken(links: Iterable[Link]) -> set[tuple[int, int]]:
    """The addresses of these links, whatever their prefixes."""
    return {(each.version, each.number) for link in links for end in link.ends for each in end.addresses}
