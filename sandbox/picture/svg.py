"""A topology as an SVG: one file, nothing fetched, in light and in dark as its reader prefers."""

from __future__ import annotations

from html import escape

from .cards import SIZES
from .graph import state
from .layout import layout
from .palette import in_both

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..topology import Topology
    from .cards import Box, Card, Text
    from .graph import States
    from .wires import Curve

# What is drawn with which colour.
PAINTS = (
    (".sheet", "fill", "paper"),
    (".card", "fill", "card"),
    (".card", "stroke", "edge"),
    (".node .head", "fill", "head"),
    (".router .head", "fill", "router"),
    (".switch .head", "fill", "switch"),
    (".router .card", "stroke", "router-edge"),
    (".switch .card", "stroke", "switch-edge"),
    (".name", "fill", "ink"),
    (".kind", "fill", "muted"),
    (".note", "fill", "muted"),
    (".port", "fill", "muted"),
    (".address", "fill", "address"),
    (".casing", "stroke", "paper"),
    (".wire", "stroke", "wire"),
    (".up .wire", "stroke", "up"),
    (".down .wire", "stroke", "down"),
    (".no-carrier .wire", "stroke", "no-carrier"),
    ("circle", "fill", "wire"),
    ("circle.up", "fill", "up"),
    ("circle.down", "fill", "down"),
    ("circle.no-carrier", "fill", "no-carrier"),
)
SHAPES = """\
text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }
.name { font-weight: bold }
.card { stroke-width: 1.25 }
.wire, .casing { fill: none; stroke-width: 1.75; stroke-linecap: round }
.casing { stroke-width: 5.5 }
.down .wire { stroke-dasharray: 2 5 }
.no-carrier .wire { stroke-dasharray: 7 4 }
g:hover > .wire { stroke-width: 3.5 }"""
PORT, CORNER = 3.5, 7


def svg(topology: Topology, *, states: States | None = None) -> str:
    """The drawing; `states` colour the wires, and wires that are down are dashed as well."""
    sheet = layout(topology)
    width, height = round(sheet.width), round(sheet.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title">'
    )
    lines = [head, f'<title id="title">{escape(_title(topology))}</title>', f"<style>\n{_style()}\n</style>"]
    lines.append('<rect class="sheet" width="100%" height="100%"/>')
    for curve in sheet.curves:
        lines += _wire(curve, states)
    for card in sheet.cards:
        lines += _card(card, states)
    return "\n".join([*lines, "</svg>", ""])


def _title(topology: Topology) -> str:
    counts = {"node": len(topology.nodes), "switch": len(topology.switches), "link": len(topology.links)}
    plurals = {"switch": "switches"}
    return "A lab of " + ", ".join(
        f"{count} {what if count == 1 else plurals.get(what, f'{what}s')}" for what, count in counts.items() if count
    )


def _style() -> str:
    sizes = [f".{style} {{ font-size: {size}px }}" for style, size in SIZES.items()]
    return "\n".join([SHAPES, *sizes, in_both(PAINTS)])


def _wire(curve: Curve, states: States | None) -> Iterator[str]:
    known = state(curve.wire, states)
    first, second = curve.wire
    start, *others = (f"{x:.1f} {y:.1f}" for x, y in curve.points)
    path = f"M{start} C{', '.join(others)}"
    ends = " - ".join(" ".join((end.node, end.name, *map(str, end.addresses))) for end in (first, second))
    yield f"<g{_class(known)}><title>{escape(ends + (f' ({known})' if known else ''))}</title>"
    yield f'<path class="casing" d="{path}"/><path class="wire" d="{path}"/></g>'


def _card(card: Card, states: States | None) -> Iterator[str]:
    place = card.place
    yield f'<g class="{place.kind}"><title>{escape(place.name)}</title>'
    x, y, width = f"{card.x:.1f}", f"{card.y:.1f}", f"{card.width:.1f}"
    yield f'<rect class="card" x="{x}" y="{y}" width="{width}" height="{card.height:.1f}" rx="{CORNER}"/>'
    yield f'<path class="head" d="{head(card.box)}"/>'
    yield from map(write, card.texts())
    for end in card.ends:
        at_x, at_y = card.port((end.node, end.name))
        yield f'<circle{_class(state([end], states))} cx="{at_x:.1f}" cy="{at_y:.1f}" r="{PORT}"/>'
    yield "</g>"


def head(box: Box) -> str:
    """The path of the upper part of a card, inside its line."""
    width, height, corner = box.right - box.left - 1.5, 24, CORNER - 0.75
    return (
        f"M{box.left + 0.75:.1f} {box.top + height:.1f} v{corner - height + 0.75:.1f} "
        f"q0 -{corner} {corner} -{corner} h{width - 2 * corner:.1f} q{corner} 0 {corner} {corner} "
        f"v{height - corner - 0.75:.1f} z"
    )


def write(text: Text) -> str:
    """A text as an element."""
    anchor = ' text-anchor="end"' if text.from_right else ""
    return f'<text class="{text.style}" x="{text.x:.1f}" y="{text.y:.1f}"{anchor}>{escape(text.words)}</text>'


def _class(known: str | None) -> str:
    return f' class="{known}"' if known else ""
