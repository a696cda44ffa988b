"""A topology for Graphviz: `sandbox draw ... --dot | dot -Tpng`."""

from __future__ import annotations

from .graph import Graph, way_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..topology import Topology
    from ..topology.interface import Interface

HEAD = """\
graph lab {
    rankdir=LR
    node [shape=record, fontname=monospace, fontsize=11, style=filled, fillcolor="#f6f8fa"]
    edge [fontname=monospace, fontsize=10]"""
COLOURS = {"node": "", "router": ', fillcolor="#fbe5c8"', "switch": ', fillcolor="#d8e8fd"'}
OUTSIDE = '"(outside)"'  # no node's name


def dot(topology: Topology) -> str:
    """The graph, its last line ended: a record with a field for each interface, where its wire ends."""
    return "\n".join([HEAD, *(f"    {line}" for line in _lines(topology)), "}", ""])


def _lines(topology: Topology) -> Iterator[str]:
    graph = Graph(topology)
    for place in graph.places.values():
        title = [place.name, *(() if place.kind == "node" else (place.kind,)), *place.facts]
        fields = [_text(title), *(_field(own) for own, _ in graph.wires_of(place.name))]
        yield f'"{place.name}" [label="{"|".join(fields)}"{COLOURS[place.kind]}]'
    for first, second in topology.wires:
        yield f'"{first.node}":{first.name} -- "{second.node}":{second.name}'
    if topology.uplinks or topology.publications:
        yield f'{OUTSIDE} [label="outside", shape=ellipse]'
    for node in topology.uplinks:
        yield f'"{node}" -- {OUTSIDE} [style=dashed, dir=forward, label="uplink"]'
    for each in topology.publications:
        yield f'{OUTSIDE} -- "{each.node}" [style=dashed, dir=forward, label="{way_in(each)}"]'


def _field(end: Interface) -> str:
    first, *more = map(str, end.addresses or ("",))
    return f"<{end.name}>{_text([f'{end.name} {first}'.rstrip(), *more])}"


def _text(lines: Sequence[str]) -> str:
    return "\\n".join(lines)
