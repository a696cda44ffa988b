"""Whether a topology can be built and its nodes can reach each other: what no single end or link can tell."""

from __future__ import annotations

from .endpoint import check_name
from .errors import RequestError
from .segments import segments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .address import Subnet
    from .endpoint import Endpoint
    from .topology import Topology

MOST_PORTS = 1023  # of one bridge: BR_MAX_PORTS is 1 << 10 in net/bridge/br_private.h, and port 0 is never given


def check(topology: Topology) -> None:
    """Raise RequestError unless the parts of `topology` fit together."""
    ends = [end for link in topology.links for end in link.ends]
    _check_names(topology)
    _check_ends(topology, ends)
    if not topology.nodes:
        raise RequestError("a topology without a node - name one, or join two by a pair")
    _check_addresses(ends)
    if topology.switches:
        _check_switches(topology, ends)
    _check_mentions(topology)
    _check_ports(topology)
    if topology.services:
        from .service import check_services

        check_services(topology.services)


def _check_names(topology: Topology) -> None:
    for name in topology.nodes:
        check_name(name)
    if len(set(topology.nodes)) < len(topology.nodes):
        raise RequestError(f"{topology.nodes!r}: a node twice - name each one once")
    taken = set(topology.nodes)
    for name in topology.switch_names:
        if name in taken:
            raise RequestError(f"{name!r}: the name of two things - rename the switch")
        taken.add(name)
    for alias, _ in topology.aliases:
        check_name(alias)
        if alias in taken:
            raise RequestError(f"{alias!r}: the name of two things - choose another alias")
        taken.add(alias)


def _check_ends(topology: Topology, ends: Iterable[Endpoint]) -> None:
    nodes, switches = set(topology.nodes), set(topology.switch_names)
    for end in ends:
        if end.node in switches:
            if end.addresses:
                raise RequestError(f"{str(end)!r}: a switch has no address of its own - write {end.node!r}")
        elif end.node not in nodes:
            raise RequestError(f"{str(end)!r}: an end in no node - add {end.node!r} to {topology.nodes!r}")
    for link in topology.links:
        bare = [end for end in link.ends if not end.addresses and end.node not in switches]
        if len(bare) == 1 and not switches.intersection(end.node for end in link.ends):
            raise RequestError(f"{str(link)!r}: an address on one end only - give {bare[0].node} one as well")


def _check_addresses(ends: Iterable[Endpoint]) -> None:
    owners: dict[tuple[int, int], Endpoint] = {}
    ends_of: dict[str, list[Endpoint]] = {}
    for end in ends:
        for address in end.addresses:
            if other := owners.get((address.version, address.number)):
                raise RequestError(f"{str(other)!r} and {str(end)!r}: the same address twice - change one of them")
            owners[address.version, address.number] = end
        ends_of.setdefault(end.node, []).append(end)
    for ends in ends_of.values():
        if len(ends) > 1:
            _check_subnets(ends)


def _check_subnets(ends: list[Endpoint]) -> None:
    """Of two subnets one holds the other, or they are apart: in order, each can only be in the last that is in none."""
    spans = sorted(
        (address.version, address.subnet_span[0], -address.subnet_span[1], place)
        for place, end in enumerate(ends)
        for address in end.addresses
    )
    holder = (0, 0, 0, 0)
    for span in spans:
        version, first, _, place = span
        if version != holder[0] or first > -holder[2]:
            holder = span
        elif place != holder[3]:
            one, another = (ends[each] for each in sorted((holder[3], place)))
            raise RequestError(
                f"{str(one)!r} and {str(another)!r}: one node with two interfaces in one subnet cannot tell "
                "which way to send - give each pair a subnet of its own"
            )


def _check_switches(topology: Topology, ends: Iterable[Endpoint]) -> None:
    segments(topology.links, topology.switch_names)
    ports = dict.fromkeys(topology.switch_names, 0)
    for end in ends:
        if end.node in ports:
            ports[end.node] += 1
    for name, count in ports.items():
        if count > MOST_PORTS:
            fix = "join two switches by a link"
            raise RequestError(f"{name!r}: {count} links to one switch, and a bridge has {MOST_PORTS} ports - {fix}")
    subnets = {switch.name: switch.subnets for switch in topology.switches}
    for link in topology.links:
        for end, other in (link.ends, link.ends[::-1]):
            if known := subnets.get(other.node):
                _check_in_subnets(end, other.node, known)


def _check_in_subnets(end: Endpoint, switch: str, known: tuple[Subnet, ...]) -> None:
    for address in end.addresses:
        if address.subnet in known:
            continue
        around = next((subnet for subnet in known if address in subnet), None)
        if around:
            fix = f"write {address.ip}/{around.prefix}"
            raise RequestError(f"{str(end)!r}: another prefix than that of {switch!r}, {around} - {fix}")
        raise RequestError(
            f"{str(end)!r}: not in a subnet of {switch!r} - take one from {' or '.join(map(str, known))}"
        )


def _check_mentions(topology: Topology) -> None:
    """Whatever is said of a node is said of one that is there."""
    mentioned = [
        *(("router", node) for node in topology.routers),
        *((f"alias {alias!r}", node) for alias, node in topology.aliases),
        *(("uplink", node) for node in topology.uplinks),
        *((f"publish {str(each)!r}", each.node) for each in topology.publications),
        *(("service", each.node) for each in topology.services),
    ]
    nodes = set(topology.nodes)
    for what, node in mentioned:
        if node not in nodes:
            raise RequestError(f"{what}: no node {node!r} - the nodes are {_some(topology.nodes)}")


def _check_ports(topology: Topology) -> None:
    """A port of the host leads to one place. Without an address it is that port of all of them."""
    addresses: dict[tuple[int, str], list[str | None]] = {}
    for each in topology.publications:
        taken = addresses.setdefault((each.port, each.protocol), [])
        if taken and (each.address in taken or None in (each.address, *taken)):
            raise RequestError(f"{str(each)!r}: port {each.port}/{each.protocol} twice - choose another of the host's")
        taken.append(each.address)


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
