"""The tables as a person reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from .amount import amount, times
from .row import Row
from .table import Entry, Table

NAME, NUMBER = 38, 10  # letters


def text(machine: Mapping[str, str], tables: Sequence[Table]) -> str:
    """All of it: what was measured on, each table under its title, and how many rows reach what they should."""
    lines = list(_head(machine))
    for table in tables:
        lines += ["", *_body(table)]
    return "\n".join([*lines, "", _verdict([row for table in tables for row in table.rows])])


def _head(machine: Mapping[str, str]) -> Iterator[str]:
    for name, said in machine.items():
        yield f"{name:<12}{said}"


def _body(table: Table) -> Iterator[str]:
    if table.entries:
        yield from _grid(table) if table.sizes else _list(table)
    if table.rows:
        yield f"{table.title:<36}  {'measured':<16}  reach"
        yield from map(_row, table.rows)


def _list(table: Table) -> Iterator[str]:
    line = _lines(table)
    yield line(table.title, [table.unit, *(f"to{_role(table, name)}" for name in table.beside)])
    for entry in table.entries:
        value = "-" if entry.value is None else amount(entry.value)
        ratios = [times(table.ratio(entry, name)) for name in table.beside]
        yield line(f"{entry.name}{_marked(table, entry.name)}", [value, *ratios], entry.note)


def _grid(table: Table) -> Iterator[str]:
    """A line for each curve, and one of its ratios to the floor below it, if there is one."""
    line = _lines(table)
    yield line(f"{table.title}, {table.unit}", [f"N={size}" for size in table.sizes])
    for name in table.names:
        entries = [table.entry(name, size) for size in table.sizes]
        values = [_value(entry) for entry in entries]
        yield line(f"{name}{_marked(table, name)}", values, _notes(entries))
        if table.floor and name != table.floor:
            ratios = [times(table.ratio(entry, table.floor)) if entry else "" for entry in entries]
            yield from [line("  to floor", ratios)] if any(ratios) else []


def _role(table: Table, name: str) -> str:
    """What a name is to the others, after a space; nothing for most."""
    return " floor" if name == table.floor else " ours" if name == table.ours else ""


def _marked(table: Table, name: str) -> str:
    return f" ({_role(table, name)[1:]})" if _role(table, name) else ""


def _value(entry: Entry | None) -> str:
    return "-" if entry is None or entry.value is None else amount(entry.value)


def _notes(entries: Sequence[Entry | None]) -> str:
    """Why some were not measured, or what is said of the last that was."""
    why = dict.fromkeys(entry.note for entry in entries if entry and entry.value is None and entry.note)
    return "; ".join(why) or next((entry.note for entry in reversed(entries) if entry), "")


def _lines(table: Table) -> Callable[..., str]:
    """What makes a line of a name, its columns and a note, names being as wide as the widest of the table."""
    width = max(NAME, len(f"{table.title}, {table.unit}"), *(len(f"{name} (floor)") for name in table.names))

    def line(name: str, columns: Sequence[str], note: str = "") -> str:
        numbers = " ".join(f"{column:>{NUMBER}}" for column in columns)
        return f"{name:<{width}}{numbers}  {note}".rstrip()

    return line


def _row(row: Row) -> str:
    value = "-" if row.value is None else f"{row.value:.2f} {row.unit}"
    reach = "" if row.reach is None else f"{'>=' if row.at_least else '<='} {row.reach:g}"
    met = {None: "", True: "met", False: "MISSED"}[row.is_met]
    return f"{row.what:<36}  {value:<16}  {reach:<8}  {met:<6}  {row.source}".rstrip()


def _verdict(rows: Sequence[Row]) -> str:
    asked = [row for row in rows if row.reach is not None]
    unmeasured = sum(row.value is None for row in asked)
    missed = sum(row.is_met is False for row in asked)
    parts = [f"{len(asked) - unmeasured - missed} of {len(asked)} met"]
    parts += [f"{missed} missed"] if missed else []
    parts += [f"{unmeasured} not measured"] if unmeasured else []
    return ", ".join(parts)
