"""A table as Markdown has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .amount import amount, times
from .row import Row
from .table import Entry, Table


def grid(table: Table) -> Iterator[str]:
    """The lines of a table of its entries: each with its ratios, or for curves a column for each size."""
    if table.sizes:
        yield from _of_sizes(table)
        return
    yield from _head([table.title, table.unit, *(f"to {name}" for name in table.beside), ""], numbers=1)
    for entry in table.entries:
        ratios = [times(table.ratio(entry, name)) for name in table.beside]
        yield _line([_name(table, entry.name), value(entry), *ratios, entry.note])


def goals(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of a table of what should be reached, and what was."""
    yield from _head(["goal", "measured", "reach", "", "from"], numbers=1)
    what = ""
    for row in rows:
        what = row.what or what
        measured = "-" if row.value is None else f"{row.value:.2f} {row.unit}"
        reach = "" if row.reach is None else f"{'≥' if row.at_least else '≤'} {row.reach:g}"
        met = {None: "", True: "met", False: "**missed**"}[row.is_met]
        yield _line([what, measured, reach, met, row.source])


def value(entry: Entry | None) -> str:
    """What was measured, without its unit."""
    return "-" if entry is None or entry.value is None else amount(entry.value)


def _of_sizes(table: Table) -> Iterator[str]:
    yield from _head([f"{table.title}, {table.unit}", *(f"N={size}" for size in table.sizes), ""], numbers=1)
    for name in table.names:
        entries = [table.entry(name, size) for size in table.sizes]
        notes = dict.fromkeys(entry.note for entry in entries if entry and entry.note)
        yield _line([_name(table, name), *(_with_ratio(table, entry) for entry in entries), "; ".join(notes)])


def _with_ratio(table: Table, entry: Entry | None) -> str:
    ratio = table.ratio(entry, table.floor) if entry and entry.name != table.floor else None
    return f"{value(entry)} ({times(ratio)})" if ratio else value(entry)


def _name(table: Table, name: str) -> str:
    return f"**{name}**" if name == table.ours else name


def _head(columns: Sequence[str], *, numbers: int) -> Iterator[str]:
    """The names, and under them how columns are aligned: the first `numbers` to the left, others to the right."""
    yield _line(columns)
    yield _line(["---"] * numbers + ["--:"] * (len(columns) - numbers - 1) + ["---"])


def _line(columns: Sequence[str]) -> str:
    return f"| {' | '.join(column.replace('|', chr(92) + '|') for column in columns)} |"
