"""The tables as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .row import Row
from .table import Table


def text(machine: Mapping[str, str], tables: Sequence[Table]) -> str:
    """All of it: what was measured on, each table under its title, and how many rows reach what they should."""
    lines = list(_head(machine))
    for table in tables:
        lines += ["", *_body(table.title, table.rows)]
    return "\n".join([*lines, "", _verdict([row for table in tables for row in table.rows])])


def _head(machine: Mapping[str, str]) -> Iterator[str]:
    for name, said in machine.items():
        yield f"{name:<10}{said}"


def _body(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"{title:<36}  {'measured':<16}  reach"
    for row in rows:
        value = "-" if row.value is None else f"{row.value:.2f} {row.unit}"
        reach = "" if row.reach is None else f"{'>=' if row.at_least else '<='} {row.reach:g}"
        met = {None: "", True: "met", False: "MISSED"}[row.is_met]
        yield f"{row.what:<36}  {value:<16}  {reach:<8}  {met:<6}  {row.source}".rstrip()


def _verdict(rows: Sequence[Row]) -> str:
    asked = [row for row in rows if row.reach is not None]
    unmeasured = sum(row.value is None for row in asked)
    missed = sum(row.is_met is False for row in asked)
    parts = [f"{len(asked) - unmeasured - missed} of {len(asked)} met"]
    parts += [f"{missed} missed"] if missed else []
    parts += [f"{unmeasured} not measured"] if unmeasured else []
    return ", ".join(parts)
