"""A table as bars, in its order: a name, below it the bar, at whose end is the value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from sandbox.picture.cards import Box, Text, measure

from .amount import amount
from .drawing import (
    LINE,
    MARGIN,
    NAME,
    NOTE,
    TICK,
    VALUE,
    WIDE,
    WIDTH,
    Bar,
    Drawing,
    Line,
    Logarithmic,
    kind,
    measured,
    told,
    wrapped,
)
from .table import Entry, Table

THICK, GAP, BESIDE = 10, 8, 6  # of a bar, between one entry and the next, between a bar and its value
SHORTEST = 1.5


@dataclass
class _Sheet:
    """How far it is filled, and with what."""

    end: float  # of the longest bar
    begin: float = MARGIN  # of the next one
    y: float = 0
    shapes: list[Bar | Line] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def write(self, words: str, style: str) -> None:
        """A line of words."""
        self.y += LINE
        self.texts.append(Text(MARGIN, self.y - 4, words, style))


def is_logarithmic(table: Table) -> bool:
    """Whether its values are too far apart for bars whose lengths compare."""
    values = measured(table)
    return bool(values) and not table.adds_up and max(values) > WIDE * min(values)


def bars(table: Table) -> Drawing:
    """The entries one below the other."""
    values = measured(table)
    labels = [_label(entry.value, table) for entry in table.entries if entry.value is not None]
    end = WIDTH - MARGIN - BESIDE - max((measure(label, VALUE) for label in labels), default=0)
    sheet = _Sheet(end)
    length = _length(table, values, end)
    for entry in table.entries:
        _draw(sheet, table, entry, length)
    if is_logarithmic(table):
        _axis(sheet, Logarithmic.around(values, MARGIN, end), table)
    return Drawing(sheet.y, list(_rules_first(sheet)), sheet.texts)


def _length(table: Table, values: list[float], end: float) -> Callable[[float], float]:
    if is_logarithmic(table):
        scale = Logarithmic.around(values, MARGIN, end)
        return lambda value: max(SHORTEST, scale.at(value) - MARGIN) if value > 0 else SHORTEST
    most = max([*values, *_reaches(table)], default=1.0)
    return lambda value: max(SHORTEST, (abs(value) if table.adds_up else value) / most * (end - MARGIN))


def _reaches(table: Table) -> Iterator[float]:
    """How long each part is, and how far they lead one after the other: beyond the whole if a later one is negative."""
    parts = [entry.value or 0.0 for entry in table.entries if entry.name != table.ours]
    if table.adds_up:
        yield from map(abs, parts)
        yield from accumulate(parts)


def _draw(sheet: _Sheet, table: Table, entry: Entry, length: Callable[[float], float]) -> None:
    for line in wrapped(entry.name, NAME, WIDTH - 2 * MARGIN):
        sheet.write(line, NAME)
    if entry.value is None:
        for line in wrapped(told(table, entry), NOTE, WIDTH - 2 * MARGIN):
            sheet.write(line, NOTE)
    else:
        _bar(sheet, table, entry, length(entry.value))
    sheet.y += GAP


def _bar(sheet: _Sheet, table: Table, entry: Entry, long: float) -> None:
    back = table.adds_up and entry.value is not None and entry.value < 0
    begin = MARGIN if entry.name == table.ours else sheet.begin - long * back
    begin = max(MARGIN, min(begin, sheet.end - long))  # parts too short to be seen are drawn longer than they are
    box = Box(begin, sheet.y + 1, begin + long, sheet.y + 1 + THICK)
    label = told(table, entry)
    sheet.shapes.append(Bar(box, kind(table, entry.name), f"{entry.name}: {label}"))
    sheet.texts.append(Text(box.right + BESIDE, box.bottom - 1, label, VALUE))
    sheet.y += THICK + 2
    if table.adds_up:
        sheet.begin = box.left if back else box.right


def _axis(sheet: _Sheet, scale: Logarithmic, table: Table) -> None:
    top = sheet.y
    sheet.y += LINE
    reached = -1.0
    for decade in scale.decades():
        x = scale.at(decade)
        sheet.shapes.append(Line([(x, 0), (x, top)], "rule"))
        words = f"{decade:g} {table.unit}" if decade == scale.low else f"{decade:g}"
        if x > reached and x + measure(words, TICK) <= WIDTH:
            sheet.texts.append(Text(x, sheet.y - 4, words, TICK))
            reached = x + measure(words, TICK) + BESIDE


def _rules_first(sheet: _Sheet) -> Iterator[Bar | Line]:
    yield from (shape for shape in sheet.shapes if isinstance(shape, Line))
    yield from (shape for shape in sheet.shapes if isinstance(shape, Bar))


def _label(value: float, table: Table) -> str:
    return f"{amount(value)} {table.unit}"
