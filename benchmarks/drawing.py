"""What a plot is made of, on a sheet as wide as a phone's and half a README's; in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from sandbox.picture.cards import Box, Text, measure

from .amount import amount
from .table import Entry, Table

WIDTH, MARGIN = 440, 14
LINE = 16  # from one baseline to the next
NAME, VALUE, NOTE, TICK = "port", "address", "note", "kind"  # styles of the house's pictures
OURS, FLOOR, OTHER = "ours", "floor", "other"
WIDE = 30  # times as much is more than bars of one length can show
INFINITE = 1e-9  # or less: how far away that is on a logarithmic scale


@dataclass(frozen=True)
class Bar:
    """A bar; `kind` is whose it is, `says` what a reader hears of it."""

    box: Box
    kind: str
    says: str

    def svg(self) -> str:
        """The element."""
        box = self.box
        return (
            f'<rect class="{self.kind}" x="{box.left:.1f}" y="{box.top:.1f}" width="{box.right - box.left:.1f}" '
            f'height="{box.bottom - box.top:.1f}" rx="2"><title>{escape(self.says)}</title></rect>'
        )


@dataclass(frozen=True)
class Line:
    """A line through points. `kind` is whose it is, or what: a rule, a way to a label."""

    points: Sequence[tuple[float, float]]
    kind: str

    def svg(self) -> str:
        """The element."""
        path = " L".join(f"{x:.1f} {y:.1f}" for x, y in self.points)
        return f'<path class="{self.kind}" d="M{path}"/>'


@dataclass(frozen=True)
class Dot:
    """A point that was measured."""

    x: float
    y: float
    kind: str
    says: str

    def svg(self) -> str:
        """The element."""
        title = f"<title>{escape(self.says)}</title>"
        return f'<circle class="{self.kind}" cx="{self.x:.1f}" cy="{self.y:.1f}" r="3">{title}</circle>'


@dataclass(frozen=True)
class Drawing:
    """All of a plot below its heading, whose lower edge is at 0."""

    height: float
    shapes: Sequence[Bar | Line | Dot]
    texts: Sequence[Text]


@dataclass(frozen=True)
class Logarithmic:
    """Decades from `low` to `high`, laid out between two places."""

    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def around(cls, values: Sequence[float], begin: float, end: float) -> Logarithmic:
        """A scale of whole decades that has all of `values`, none of them at its lower end."""
        low = 10.0 ** floor(log10(min(values) * 0.8))
        high = max(10.0 ** ceil(log10(max(values))), 10 * low)
        return cls(low, high, begin, end)

    def at(self, value: float) -> float:
        """Where a value is."""
        share = log10(value / self.low) / log10(self.high / self.low)
        return self.begin + share * (self.end - self.begin)

    def decades(self) -> Sequence[float]:
        """The powers of ten, both ends as well."""
        first, last = round(log10(self.low)), round(log10(self.high))
        return [10.0**power for power in range(first, last + 1)]


def kind(table: Table, name: str) -> str:
    """Whose it is, as a class of shapes."""
    return OURS if name == table.ours else FLOOR if name == table.floor else OTHER


def wrapped(words: str, style: str, width: float) -> list[str]:
    """The words in lines of at most this width."""
    import textwrap

    return textwrap.wrap(words, int(width / measure("m", style))) if words else []


def measured(table: Table) -> list[float]:
    """The values that can be drawn."""
    return [entry.value for entry in table.entries if entry.value is not None and entry.value > INFINITE]


def told(table: Table, entry: Entry) -> str:
    """Its value, or why there is none."""
    return f"not measured: {entry.note}" if entry.value is None else f"{amount(entry.value)} {table.unit}"
