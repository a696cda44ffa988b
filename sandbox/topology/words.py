"""A topology as words, each as the command line takes it: how it travels to init and back."""

from __future__ import annotations

from . import Topology
from .endpoint import Endpoint, Link
from .publication import Publication
from .switch import Switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..containment import Containment
    from .limits import Limits


def spell(topology: Topology) -> dict[str, list[str]]:
    """The words of `topology`, but for its services; read() makes the same topology of them."""
    return {
        "node": list(topology.nodes),
        "switch": list(map(str, topology.switches)),
        "link": list(map(str, topology.links)),
        "router": list(topology.routers),
        "alias": [f"{alias} {node}" for alias, node in topology.aliases],
        "uplink": list(topology.uplinks),
        "publish": list(map(str, topology.publications)),
        "no routes": [] if topology.static_routes else ["yes"],
        "contain": topology.containment.spell() if topology.containment else [],
        "limit": [f"{node} {limits}" for node, limits in topology.limits],
    }


def read(words: Mapping[str, Sequence[str]]) -> Topology:
    """The topology that was spelled. Raises RequestError for one that cannot be."""
    return Topology(
        nodes=tuple(words["node"]),
        links=tuple(map(read_link, words.get("link", ()))),
        switches=tuple(map(Switch.parse, words.get("switch", ()))),
        routers=tuple(words.get("router", ())),
        aliases=tuple((alias, node) for alias, _, node in (line.partition(" ") for line in words.get("alias", ()))),
        uplinks=tuple(words.get("uplink", ())),
        publications=tuple(map(Publication.parse, words.get("publish", ()))),
        static_routes=not words.get("no routes"),
        containment=_read_containment(words["contain"]) if words.get("contain") else None,
        limits=_read_limits(words.get("limit", ())),
    )


def _read_containment(words: Sequence[str]) -> Containment:
    from ..containment import Containment

    return Containment.travelled(words)


def _read_limits(lines: Sequence[str]) -> tuple[tuple[str, Limits], ...]:
    if not lines:
        return ()
    from .limits import Limits

    parts = [line.split(" ") for line in lines]
    return tuple((node, Limits.read(words)) for node, *words in parts)


def read_link(line: str) -> Link:
    """The link spelled as its two ends."""
    first, _, second = line.partition(" ")
    return Link(Endpoint.parse_bare(first), Endpoint.parse_bare(second))
