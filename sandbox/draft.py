"""A topology in the making: declarations in their order, and an address for whoever was given none."""

from __future__ import annotations

from .endpoint import Endpoint, Link
from .errors import RequestError
from .publication import Publication
from .switch import Switch
from .topology import Topology
from .values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .address import Address, Subnet
    from .service import Service


class Draft:
    """Declare, then take the topology(). Names met again are the same node; raises RequestError as Topology does."""

    def __init__(self) -> None:
        self._nodes: dict[str, None] = {}
        self._links: list[Link] = []
        self._switches: dict[str, Switch] = {}
        self._routers: dict[str, None] = {}
        self._aliases: list[tuple[str, str]] = []
        self._uplinks: dict[str, None] = {}
        self._publications: list[Publication] = []
        self._services: list[Service] = []
        self._static_routes = True
        self._taken: set[Address] = set()
        self._places: dict[Subnet, int] = {}

    def pair(self, first: str | Endpoint, second: str | Endpoint) -> None:
        """A cable between two nodes, both with addresses."""
        self.link(*(Endpoint.parse(end) if isinstance(end, str) else end for end in (first, second)))

    def link(self, first: Endpoint, second: Endpoint) -> None:
        """A cable between any two of nodes and switches."""
        self._links.append(Link(first, second))
        self._taken.update((*first.addresses, *second.addresses))
        for end in (first, second):
            if end.node not in self._switches:
                self._nodes[end.node] = None

    def switch(self, switch: str | Switch) -> None:
        """A switch, as Switch.parse() takes it; the nodes declared from now on are plugged into it."""
        declared = Switch.parse(switch) if isinstance(switch, str) else switch
        if declared.name in self._switches:
            raise RequestError(f"{declared.name!r}: a switch twice - name each one once")
        self._switches[declared.name] = declared

    def node(self, node: str | Endpoint, *, switch: str | None = None) -> None:
        """A node, plugged into `switch`, by default the last one declared; without any it is not linked.

        An address that it was not given is the first free one, of each of the switch's subnets.
        """
        end = Endpoint.parse_bare(node) if isinstance(node, str) else node
        name = switch or next(reversed(self._switches), None)
        if name is None:
            self._unlinked(end)
            return
        if name not in self._switches:
            raise RequestError(f"{name!r}: no such switch - declare it before its nodes")
        addresses = end.addresses or self._free(self._switches[name])
        self.link(Endpoint(end.node, addresses, end.mtu, end.mac), Endpoint(name))

    def bare_node(self, name: str) -> None:
        """A node that nothing is plugged into yet, whatever switches there are."""
        self._unlinked(Endpoint(name))

    def reserve(self, addresses: Iterable[Address]) -> None:
        """Addresses that will be given later: nobody finds them free."""
        self._taken.update(addresses)

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
        read = Publication.parse(publication) if isinstance(publication, str) else publication
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
        self._static_routes &= topology.static_routes

    def serve(self, service: Service) -> None:
        """A command that belongs to a node."""
        self._services.append(service)

    def no_routes(self) -> None:
        """Leave the ways to a routing daemon, or to nobody."""
        self._static_routes = False

    def topology(self) -> Topology:
        """What was declared, checked as a whole."""
        for name in [each for each in self._uplinks if each in self._switches]:
            self._add_gateway(name)
        return Topology(
            nodes=tuple(self._nodes),
            links=tuple(self._links),
            switches=tuple(self._switches.values()),
            routers=tuple(self._routers),
            aliases=tuple(self._aliases),
            uplinks=tuple(self._uplinks),
            publications=tuple(self._publications),
            static_routes=self._static_routes,
            services=tuple(self._services),
        )

    def _unlinked(self, end: Endpoint) -> None:
        if end.addresses:
            raise RequestError(
                f"{str(end)!r}: an address, and nothing to be plugged into - declare a switch before it, or a pair"
            )
        self._nodes[end.node] = None

    def _add_gateway(self, switch: str) -> None:
        """The uplink of a switch is a router of its own, plugged into it."""
        gateway = f"{switch}-gateway"
        del self._uplinks[switch]
        self.node(gateway, switch=switch)
        self.router(gateway)
        self._uplinks[gateway] = None

    def _free(self, switch: Switch) -> tuple[Address, ...]:
        return tuple(map(self._next_free, switch.subnets))

    def _next_free(self, subnet: Subnet) -> Address:
        place = self._places.get(subnet, 0) + 1
        while (address := subnet.host(place)) in self._taken:
            place += 1
        self._places[subnet] = place
        return address


def plugged(topology: Topology, end: Endpoint, switch: str) -> Endpoint:
    """`end` as it is plugged into a switch of `topology`: with the first free address if it has none."""
    found = next((each for each in topology.switches if each.name == switch), None)
    if found is None:
        raise RequestError(f"{switch!r}: no such switch - there is {', '.join(topology.switch_names) or 'none'}")
    taken = {address for link in topology.links for each in link.ends for address in each.addresses}
    free = (
        next(address for place in range(1, len(taken) + 2) if (address := subnet.host(place)) not in taken)
        for subnet in found.subnets
    )
    return replace(end, addresses=end.addresses or tuple(free))
