"""A drawing as an SVG of its own, and how all drawings are coloured."""

from __future__ import annotations

from html import escape

from ..picture import svg as picture
from ..picture.cards import SIZES
from ..picture.palette import in_both
from .drawing import Drawing
from .sheet import Sheet
from .words import WORDS, telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..learn.record import Record

PAINTS = (
    *picture.PAINTS,
    (".host .card", "fill", "ground"),
    (".host .head", "fill", "head"),
    (".bridge", "fill", "switch"),
    (".bridge", "stroke", "switch-edge"),
    (".interface .card", "fill", "card"),
    (".interface .card", "stroke", "hairline"),
    (".fresh .card", "stroke", "link"),
    (".interface .port", "fill", "ink"),
    (".note", "fill", "muted"),
    (".up circle", "fill", "up"),
    (".down circle", "fill", "down"),
    (".no-carrier circle", "fill", "no-carrier"),
    (".up .kind", "fill", "up"),
    (".down .kind", "fill", "down"),
    (".no-carrier .kind", "fill", "no-carrier"),
    (".new", "fill", "new"),
    (".new + .note", "fill", "ink"),
    (".new + .kind", "fill", "ink"),  # its dot has the colour
    (".arrow", "fill", "link"),
    (".cable .packet", "fill", "link"),
    (".cable .packet", "stroke", "paper"),
)
SHAPES = """\
.interface .port { font-weight: bold }
.fresh .card { stroke-width: 2.5 }
.bridge { stroke-width: 1.25; fill-opacity: 0.55 }"""
MOST_COLUMNS = 4


def scene(record: Record, step: int) -> str:
    """The SVG of one step, from 1 on. It is the same whenever the lesson is given: no number that is new each time."""
    sheet = draw_sheet(record, columns_of(record))
    return svg(sheet, record, step, style=True)


def draw_sheet(record: Record, columns: int) -> Sheet:
    """The sheet of all steps of a lesson."""
    return Sheet(record.places, [frame.state for frame in record.steps], columns)


def columns_of(record: Record) -> int:
    """How many places stand beside each other below the first: all, or so many that the rows are full."""
    others = max(1, len(record.places) - 1)
    rows = -(-others // MOST_COLUMNS)
    return -(-others // rows)


def svg(sheet: Sheet, record: Record, step: int, *, style: bool) -> str:
    """The drawing of a step; within a page, which has the style, without its own."""
    drawing = Drawing(sheet, record.steps[step - 1], step - 1)
    words = WORDS[record.lang]
    told = telling(drawing.state, drawing.crossings(), words)
    title = f"{step}. {record.steps[step - 1].title}"
    width, height, name = f"{sheet.width:g}", f"{sheet.height(step - 1):g}", f"drawing-{step}-{sheet.rooms.columns}"
    namespace = 'xmlns="http://www.w3.org/2000/svg" ' if style else ""
    lines = [
        f'<svg {namespace}class="scene" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-labelledby="{name}-title {name}-told">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-told">{escape(told)}</desc>',
    ]
    if style:
        lines += [f"<style>\n{styles()}\n</style>", '<rect class="sheet" width="100%" height="100%"/>']
    return "\n".join([*lines, *drawing.svg(), "</svg>", ""])


def styles(*, medium: str = "") -> str:
    """The style sheet of all drawings."""
    sizes = [f".{style} {{ font-size: {size}px }}" for style, size in SIZES.items()]
    return "\n".join([picture.SHAPES, SHAPES, *sizes, in_both(PAINTS, medium=medium)])
