"""A table as a picture: one SVG, nothing fetched, in light and in dark as its reader prefers."""

from __future__ import annotations

from html import escape

from sandbox.picture.cards import SIZES, Text
from sandbox.picture.palette import in_both
from sandbox.picture.svg import write

from .bars import bars, is_logarithmic
from .curves import curves
from .drawing import LINE, MARGIN, NOTE, WIDTH, Drawing, measured, told, wrapped
from .table import Entry, Table

HEADING = "name"
FOOT = 8
# What is drawn with which colour.
PAINTS = (
    (".sheet", "fill", "paper"),
    ("text", "stroke", "paper"),
    (".name", "fill", "ink"),
    (".port", "fill", "ink"),
    (".address", "fill", "address"),
    (".note", "fill", "muted"),
    (".kind", "fill", "muted"),
    (".ours", "fill", "link"),
    (".floor", "fill", "router-edge"),
    (".other", "fill", "wire"),
    (".ours.curve", "stroke", "link"),
    (".floor.curve", "stroke", "router-edge"),
    (".other.curve", "stroke", "wire"),
    (".rule", "stroke", "hairline"),
    (".lead", "stroke", "hairline"),
)
SHAPES = """\
text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }
text { paint-order: stroke; stroke-width: 3px }
.name { font-weight: bold }
path.curve { fill: none; stroke-width: 1.75; stroke-linejoin: round }
.ours.curve { stroke-width: 3 }
.floor.curve { stroke-dasharray: 6 3 }
.rule, .lead { fill: none; stroke-width: 1 }"""


def can_be_drawn(table: Table) -> bool:
    """Whether there is anything to compare."""
    return bool(measured(table))


def svg(table: Table) -> str:
    """The picture of a table's entries: bars, or lines where they are of many sizes."""
    heading, top = _heading(table)
    drawing = _drawing(table)
    height = round(top + drawing.height + FOOT)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(table.title)}</title>',
        f'<desc id="desc">{escape(describe(table))}</desc>',
        f"<style>\n{_style()}\n</style>",
        '<rect class="sheet" width="100%" height="100%"/>',
        *map(write, heading),
        f'<g transform="translate(0 {top:g})">',
        *(shape.svg() for shape in drawing.shapes),
        *map(write, drawing.texts),
        "</g>",
    ]
    return "\n".join([*lines, "</svg>", ""])


def describe(table: Table) -> str:
    """All its numbers in words, for those who cannot see it."""
    return "; ".join(_words(table, entry) for entry in table.entries)


def _words(table: Table, entry: Entry) -> str:
    name = entry.name if entry.at is None else f"{entry.name}, N={entry.at}"
    return f"{name}: {told(table, entry)}"


def _drawing(table: Table) -> Drawing:
    return curves(table) if table.sizes else bars(table)


def _heading(table: Table) -> tuple[list[Text], float]:
    """The texts above the drawing, and where they end."""
    lines = [(line, HEADING) for line in wrapped(table.title, HEADING, WIDTH - 2 * MARGIN)]
    lines += [(line, NOTE) for line in wrapped(_legend(table), NOTE, WIDTH - 2 * MARGIN)]
    texts = [Text(MARGIN, 22 + LINE * number, words, style) for number, (words, style) in enumerate(lines)]
    return texts, 22 + LINE * len(lines) - 6


def _legend(table: Table) -> str:
    parts = [table.unit, "more is better" if table.more_is_better else "less is better"]
    if table.sizes:
        parts.append("both scales logarithmic")
    elif table.adds_up:
        parts.append("each from where the one before ends")
    elif is_logarithmic(table):
        parts.append("logarithmic scale")
    return ", ".join(parts)


def _style() -> str:
    sizes = [f".{style} {{ font-size: {size}px }}" for style, size in SIZES.items()]
    return "\n".join([SHAPES, *sizes, in_both(PAINTS)])
