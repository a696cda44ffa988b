"""A table of entries of many sizes as lines, both scales logarithmic, each with its name where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sandbox.picture.cards import Text, measure

from .amount import amount
from .drawing import (
    INFINITE,
    LINE,
    MARGIN,
    NOTE,
    TICK,
    VALUE,
    WIDTH,
    Dot,
    Drawing,
    Line,
    Logarithmic,
    kind,
    measured,
    told,
    wrapped,
)
from .table import Table

HEIGHT, TOP = 230, 10  # of the field of the lines
LEAD = 18  # from the last size to the names
MIDDLE = 4  # from a line's middle to its baseline
LONGEST = 16  # letters of a name beside its line


def curves(table: Table) -> Drawing:
    """The lines, and below them why others are missing."""
    known = {name: _points(table, name) for name in table.names}
    drawn = {name: points for name, points in known.items() if points}
    field = _Field(table, drawn)
    shapes = [*field.rules(), *(shape for name in drawn for shape in field.line(name))]
    texts = [*field.ticks(), *field.labels()]
    y = TOP + HEIGHT + 1.5 * LINE
    for line in _missing(table, known):
        y += LINE
        texts.append(Text(MARGIN, y - 4, line, NOTE))
    return Drawing(y + 4, shapes, texts)


def _points(table: Table, name: str) -> list[tuple[int, float]]:
    entries = (table.entry(name, size) for size in table.sizes)
    known = ((entry.at, entry.value) for entry in entries if entry)
    return [(at, value) for at, value in known if at and value and value > INFINITE]


def _missing(table: Table, known: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """Of those without a line the reason, or what was measured and no logarithm has."""
    for name, points in known.items():
        if not points:
            entry = max((each for each in table.entries if each.name == name), key=lambda each: each.at or 0)
            yield from wrapped(f"{name}: {told(table, entry)}", NOTE, WIDTH - 2 * MARGIN)


class _Field:
    """Where sizes and values lie, and where names have room."""

    def __init__(self, table: Table, drawn: Mapping[str, Sequence[tuple[int, float]]]) -> None:
        self._table = table
        self._drawn = drawn
        bottom = TOP + HEIGHT
        self._ys = Logarithmic.around(measured(table), bottom, TOP)
        left = MARGIN + max(measure(self._words(decade), TICK) for decade in self._ys.decades()) + 6
        self._names = {name: wrapped(name, VALUE, LONGEST * measure("m", VALUE)) for name in drawn}
        lines = [line for lines in self._names.values() for line in lines]
        right = WIDTH - MARGIN - LEAD - max((measure(line, VALUE) for line in lines), default=0)
        sizes = table.sizes
        self._xs = Logarithmic(sizes[0], max(sizes[-1], sizes[0] * 2), left, right)

    def rules(self) -> Iterator[Line]:
        """A line at each decade of values."""
        for decade in self._ys.decades():
            y = self._ys.at(decade)
            yield Line([(self._xs.begin, y), (self._xs.end, y)], "rule")

    def ticks(self) -> Iterator[Text]:
        """The decades of values at the left, the sizes below."""
        for decade in self._ys.decades():
            yield Text(self._xs.begin - 6, self._ys.at(decade) + MIDDLE, self._words(decade), TICK, from_right=True)
        reached = 0.0
        for size in self._table.sizes:
            words = f"N={size}" if size == self._table.sizes[0] else str(size)
            x = self._xs.at(size) - measure(words, TICK) / 2
            if x > reached:
                yield Text(x, TOP + HEIGHT + LINE, words, TICK)
                reached = x + measure(words, TICK) + 6

    def line(self, name: str) -> Iterator[Line | Dot]:
        """The curve, its points, and the way to its name."""
        whose = kind(self._table, name)
        places = [(self._xs.at(size), self._ys.at(value)) for size, value in self._drawn[name]]
        yield Line([places[-1], (self._xs.end + LEAD - 4, self._levels()[name])], "lead")
        yield Line(places, f"{whose} curve")
        for (x, y), (size, value) in zip(places, self._drawn[name], strict=True):
            yield Dot(x, y, whose, f"{name}, N={size}: {amount(value)} {self._table.unit}")

    def labels(self) -> Iterator[Text]:
        """The names, near where their lines end and apart from each other."""
        for name, level in self._levels().items():
            top = level - LINE * (len(self._names[name]) - 1) / 2
            for number, words in enumerate(self._names[name]):
                yield Text(self._xs.end + LEAD, top + LINE * number + MIDDLE, words, VALUE)

    def _levels(self) -> Mapping[str, float]:
        """The middle of each name: where its line ends, or as little above or below as the others allow."""
        wanted = {name: self._ys.at(points[-1][1]) for name, points in self._drawn.items()}
        order = sorted(wanted, key=lambda name: wanted[name])
        levels: dict[str, float] = {}
        reached = 0.0
        for name in order:
            half = LINE * len(self._names[name]) / 2
            levels[name] = max(wanted[name], reached + half)
            reached = levels[name] + half
        limit = TOP + HEIGHT + LINE / 2
        for name in reversed(order):  # those that were pushed below the field go up again
            half = LINE * len(self._names[name]) / 2
            levels[name] = min(levels[name], limit - half)
            limit = levels[name] - half
        return levels

    def _words(self, decade: float) -> str:
        return f"{decade:g} {self._table.unit}" if decade == self._ys.high else f"{decade:g}"
