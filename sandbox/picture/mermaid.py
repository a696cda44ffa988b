"""A topology as a Mermaid flowchart, which GitHub and GitLab draw in a page."""

from __future__ import annotations

from .graph import Graph, way_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..topology import Topology
    from ..topology.interface import Interface
    from .graph import Place

SHAPES = {"node": '["{}"]', "router": '{{{{"{}"}}}}', "switch": '[["{}"]]'}
BREAK = "<br/>"


def mermaid(topology: Topology) -> str:
    """The flowchart, its last line ended; each wire's label has one line for each end."""
    return "\n".join(["flowchart LR", *(f"    {line}" for line in _lines(topology)), ""])


def _lines(topology: Topology) -> Iterator[str]:
    graph = Graph(topology)
    # Names of our own: `end` and `graph` are words of Mermaid's.
    ids = {name: f"n{number}" for number, name in enumerate(graph.places)}
    for place in graph.places.values():
        yield ids[place.name] + SHAPES[place.kind].format(_label(place))
    for first, second in topology.wires:
        yield f'{ids[first.node]} ---|"{_end(first)}{BREAK}{_end(second)}"| {ids[second.node]}'
    if topology.uplinks or topology.publications:
        yield 'outside(("outside"))'
    for node in topology.uplinks:
        yield f"{ids[node]} -.->|uplink| outside"
    for each in topology.publications:
        yield f'outside -.->|"{way_in(each)}"| {ids[each.node]}'


def _label(place: Place) -> str:
    return BREAK.join([place.name, *(() if place.kind == "node" else (place.kind,)), *place.facts])


def _end(end: Interface) -> str:
    return " ".join((end.node, end.name, *map(str, end.addresses)))
