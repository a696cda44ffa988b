"""Changes of a topology, each a new one, checked as a whole like any other; and the steps from one to the next."""

from __future__ import annotations

from ..errors import RequestError
from ..values import replace
from . import add_routes, bring_up, ipv6_settings, lay, one_way_is_enough, settle
from .beyond import AddRoute, DeleteRoute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..topology import Topology
    from ..topology.endpoint import Link
    from ..topology.interface import Interface
    from .steps import Step


def with_link(topology: Topology, link: Link) -> Topology:
    """`topology` with one more link. Raises RequestError as Topology does, and for a link that is there already."""
    if link in topology.links:
        raise RequestError(f"{str(link)!r}: there already - give it other addresses")
    known = (*topology.nodes, *topology.switch_names)
    for end in link.ends:
        if end.node not in known:
            raise RequestError(f"{end.node!r}: no such node - there are {', '.join(known)}; see sandbox add --help")
    return replace(topology, links=(*topology.links, link))


def without_link(topology: Topology, link: Link) -> Topology:
    """`topology` without `link`. Raises RequestError where it is not there."""
    if link not in topology.links:
        raise RequestError(f"{str(link)!r}: no such link - see sandbox inspect")
    return replace(topology, links=tuple(each for each in topology.links if each != link))


def with_node(topology: Topology, name: str) -> Topology:
    """`topology` with one more node, not linked yet. Raises RequestError for a name that is taken."""
    if name in topology.nodes:
        raise RequestError(f"{name!r}: there already - choose another name")
    return replace(topology, nodes=(*topology.nodes, name))


def without_node(topology: Topology, name: str) -> Topology:
    """`topology` without a node, its links, all that is said of it. Raises RequestError for the last or none."""
    if name not in topology.nodes:
        raise RequestError(f"{name!r}: no such node - the nodes are {', '.join(topology.nodes)}")
    return replace(
        topology,
        nodes=tuple(node for node in topology.nodes if node != name),
        links=tuple(link for link in topology.links if all(end.node != name for end in link.ends)),
        routers=tuple(node for node in topology.routers if node != name),
        aliases=tuple(each for each in topology.aliases if each[1] != name),
        uplinks=tuple(node for node in topology.uplinks if node != name),
        publications=tuple(each for each in topology.publications if each.node != name),
        services=tuple(each for each in topology.services if each.node != name),
        limits=tuple(each for each in topology.limits if each[0] != name),
    )


def find_link(topology: Topology, first: str, second: str) -> Link:
    """The link between two ends, each said by its node's name or as it was written. Raises RequestError."""
    found = [link for link in topology.links if _matches(link, first, second)]
    if not found:
        raise RequestError(f"{first!r} and {second!r}: no such link - see sandbox inspect")
    if len(found) > 1:
        raise RequestError(f"{first!r} and {second!r}: {len(found)} links - write the ends with their addresses")
    return found[0]


def plan_link(topology: Topology, wire: tuple[Interface, Interface], *, settings_of: Iterable[str]) -> list[Step]:
    """The steps that add a link between nodes that are there; `settings_of`: those whose settings are ours."""
    settings: list[Step] = []
    for end in wire:
        if end.node in settings_of and not end.master:
            settings += one_way_is_enough(end.node)
            settings += ipv6_settings(end.node, forwards=end.node in topology.routers) if end.speaks_ipv6 else ()
    return [*settings, *lay([wire]), *bring_up(wire), *settle(wire, topology.routers)]


def plan_routes(before: Topology, after: Topology) -> list[Step]:
    """The steps from the routes of one topology to those of another."""
    old, new = dict.fromkeys(add_routes(before)), dict.fromkeys(add_routes(after))
    gone = (step for step in old if step not in new and step.node in after.nodes)
    return [*_deleted(gone), *(step for step in new if step not in old)]


def _deleted(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, AddRoute):
            yield DeleteRoute(step.node, step.to, step.via)


def _matches(link: Link, first: str, second: str) -> bool:
    def is_said(ends: tuple[str, str]) -> bool:
        return all(said in (end.node, str(end)) for said, end in zip(ends, link.ends, strict=True))

    return is_said((first, second)) or is_said((second, first))
