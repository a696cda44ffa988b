"""Whether a topology can be built and its nodes can reach each other: what no single end or link can tell."""

from __future__ import annotations

from .address import overlap
from .endpoint import DOMAIN, LEAST_MTU_IPV6, check_alias, check_mtu, check_name
from .errors import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .address import Subnet
    from .endpoint import Endpoint
    from .publication import Publication
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
        _check_ports(topology, ends)
        _check_plugged_in(topology)
    if topology.switches or any(end.mac for end in ends):
        _check_segments(topology)
    _check_mentions(topology)
    if topology.publications:
        _check_publications(topology)
    if topology.services:
        from .service import check_services

        check_services(topology.services)


def check_places(topology: Topology) -> None:
    """Raise RequestError for a subnet in two places: a route can lead to one of them only.

    Of what is asked for, not of what a running lab becomes when a cable between switches is pulled.
    """
    if not topology.static_routes or not (topology.switches or topology.routers):
        return
    claims = {
        (address.subnet, place): end
        for place, segment in enumerate(topology.segments)
        for end in segment
        for address in end.addresses
    }
    if clash := overlap(claims):
        one, other = (str(claims[claim]) for claim in clash)
        raise RequestError(
            f"{one!r} and {other!r}: one subnet on two links that no switch joins - give each link a subnet of its own"
        )


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
        check_alias(alias)
        if alias in taken or alias.removesuffix(f".{DOMAIN}") in taken:
            raise RequestError(f"{alias!r}: the name of two things - choose another alias")
        taken.add(alias)


def _check_ends(topology: Topology, ends: Sequence[Endpoint]) -> None:
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


def _check_ports(topology: Topology, ends: Sequence[Endpoint]) -> None:
    ports = dict.fromkeys(topology.switch_names, 0)
    for end in ends:
        if end.node in ports:
            ports[end.node] += 1
    for name, count in ports.items():
        if count > MOST_PORTS:
            fix = "join two switches by a link"
            raise RequestError(f"{name!r}: {count} links to one switch, and a bridge has {MOST_PORTS} ports - {fix}")


def _check_plugged_in(topology: Topology) -> None:
    """What is plugged into a switch fits its subnets and its MTU."""
    switches = {switch.name: switch for switch in topology.switches}
    for link in topology.links:
        for end, other in (link.ends, link.ends[::-1]):
            if switch := switches.get(other.node):
                _check_fits(end, switch.subnets, switch.name)
                mtu = end.mtu or other.mtu or switch.mtu or LEAST_MTU_IPV6
                if mtu < LEAST_MTU_IPV6:
                    check_mtu(mtu, speaks_ipv6=any(address.version == 6 for address in end.addresses))


def _check_fits(end: Endpoint, subnets: Sequence[Subnet], switch: str) -> None:
    for address in end.addresses:
        around = [subnet for subnet in subnets if address in subnet]
        if subnets and not around:
            known = " or ".join(map(str, subnets))
            raise RequestError(f"{str(end)!r}: not in a subnet of {switch!r} - take one from {known}")
        if around and address.subnet not in around:
            fix = f"write {address.ip}/{around[0].prefix}"
            raise RequestError(f"{str(end)!r}: another prefix than that of {switch!r}, {around[0]} - {fix}")


def _check_segments(topology: Topology) -> None:
    """No circle of switches, and no two with one MAC address who hear each other."""
    for segment in topology.segments:
        owners: dict[str, Endpoint] = {}
        for end in segment:
            if end.mac and (other := owners.setdefault(end.mac, end)) is not end:
                raise RequestError(f"{str(other)!r} and {str(end)!r}: the same MAC address twice - change one of them")


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


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"


def _check_publications(topology: Topology) -> None:
    taken: dict[tuple[str, int], list[Publication]] = {}
    for each in topology.publications:
        others = taken.setdefault((each.protocol, each.port), [])
        for other in others:
            if each.collides(other):
                raise RequestError(f"{str(other)!r} and {str(each)!r}: one port of the host twice - take another")
        others.append(each)
