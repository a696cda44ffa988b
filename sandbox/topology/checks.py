"""Whether switches, routers, and all else that is said beside nodes and cables fits together. No pair loads it."""

from __future__ import annotations

from ..errors import RequestError
from .address import overlap
from .endpoint import DOMAIN, LEAST_MTU_IPV6, check_alias, check_mtu

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from . import Topology
    from .address import Subnet
    from .endpoint import Endpoint
    from .publication import Publication

MOST_PORTS = 1023  # of one bridge: BR_MAX_PORTS is 1 << 10 in net/bridge/br_private.h, and port 0 is never given


def check(topology: Topology, ends: Sequence[Endpoint]) -> None:
    """Raise RequestError unless the parts of `topology`, whose links have these `ends`, fit together."""
    _check_names(topology)
    if topology.switches:
        _check_ports(topology, ends)
        _check_plugged_in(topology)
    _check_segments(topology)
    _check_mentions(topology)
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


def _check_ports(topology: Topology, ends: Sequence[Endpoint]) -> None:
    ports = dict.fromkeys(topology.switch_names, 0)
    for end in ends:
        if end.node in ports:
            ports[end.node] += 1
            if end.addresses:
                raise RequestError(f"{str(end)!r}: a switch has no address of its own - write {end.node!r}")
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
        *(("limits", node) for node, _ in topology.limits),
    ]
    nodes = set(topology.nodes)
    for what, node in mentioned:
        if node not in nodes:
            raise RequestError(f"{what}: no node {node!r} - the nodes are {_some(topology.nodes)}")
    if len({node for node, _ in topology.limits}) < len(topology.limits):
        raise RequestError("limits: of one node twice - put them together")


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
