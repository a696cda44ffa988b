"""Whether the interfaces of a running lab are up, and hear the other end of their cable."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from . import Lab

IFF_UP, IFF_LOWER_UP = 0x1, 0x1_0000  # netdevice(7); the second: the other end is up as well


def states(lab: Lab) -> dict[tuple[str, str], str]:
    """Of each node's and switch's interfaces but lo, by node and name: "up", "down", or "no-carrier"."""
    everywhere = (*lab.topology.nodes, *lab.topology.switch_names)
    return {place: _state(link["flags"]) for place, link in links(lab, everywhere)}


def links(lab: Lab, nodes: Iterable[str]) -> Iterator[tuple[tuple[str, str], Any]]:
    """Each interface of `nodes` but lo, by node and name, and what the kernel tells of it, as pyroute2 has it."""
    from .node import Node

    for node in nodes:
        with Node(lab, node).iproute() as iproute:
            for link in iproute.get_links():
                name = link.get_attr("IFLA_IFNAME")
                if name != "lo":
                    yield (node, name), link


def _state(flags: int) -> str:
    if not flags & IFF_UP:
        return "down"
    return "up" if flags & IFF_LOWER_UP else "no-carrier"
