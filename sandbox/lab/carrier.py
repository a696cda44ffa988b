"""Whether the interfaces of a running lab are up, and hear the other end of their cable."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import Lab

IFF_UP, IFF_LOWER_UP = 0x1, 0x1_0000  # netdevice(7); the second: the other end is up as well


def states(lab: Lab) -> dict[tuple[str, str], str]:
    """Of each node's and switch's interfaces but lo, by node and name: "up", "down", or "no-carrier"."""
    found = {}
    for node in (*lab.topology.nodes, *lab.topology.switch_names):
        for link in _links(lab, node):
            name = link.get_attr("IFLA_IFNAME")
            if name != "lo":
                found[node, name] = _state(link["flags"])
    return found


def _state(flags: int) -> str:
    if not flags & IFF_UP:
        return "down"
    return "up" if flags & IFF_LOWER_UP else "no-carrier"


def _links(lab: Lab, node: str) -> list[Any]:
    from .node import Node

    with Node(lab, node).iproute() as iproute:
        return list(iproute.get_links())
