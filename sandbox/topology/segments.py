"""Which ends of links hear each other: a cable is a segment of its own, switches joined together are one."""

from __future__ import annotations

from ..errors import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .endpoint import Endpoint, Link

    Segment = tuple[Endpoint, ...]


def segments(links: Iterable[Link], switches: Iterable[str]) -> tuple[Segment, ...]:
    """The ends of nodes on each segment, in order of declaration.

    Raises RequestError for switches in a circle: what is flooded there would never end.
    """
    links = tuple(links)
    leader = {name: name for name in switches}
    trunks = [link for link in links if all(end.node in leader for end in link.ends)]
    for link in trunks:
        first, second = (_leader(leader, end.node) for end in link.ends)
        if first == second:
            raise RequestError(
                f"{str(link)!r}: closes a circle of switches, in which a broadcast never ends - leave it out, "
                "or use routers"
            )
        leader[second] = first
    found: dict[str | int, list[Endpoint]] = {}
    for number, link in enumerate(links):
        # A link of two nodes is its own segment; one with a switch belongs to the switch's.
        plugged = [end.node for end in link.ends if end.node in leader]
        ends = found.setdefault(_leader(leader, plugged[0]) if plugged else number, [])
        ends += [end for end in link.ends if end.node not in leader]
    return tuple(map(tuple, found.values()))


def _leader(leader: dict[str, str], name: str) -> str:
    while leader[name] != name:
        leader[name] = name = leader[leader[name]]
    return name
