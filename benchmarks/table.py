"""The table as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .rows import Row


def text(machine: Mapping[str, str], rows: Sequence[Row]) -> str:
    """All of it: what was measured on, the rows, and how many reach what they should."""
    return "\n".join([*_head(machine), "", *_body(rows), "", _verdict(rows)])


def _head(machine: Mapping[str, str]) -> Iterator[str]:
    for name, said in machine.items():
        yield f"{name:<10}{said}"


def _body(rows: Sequence[Row]) -> Iterator[str]:
    yield f"{'what':<30}  {'measured':<16}  reach"
    for row in rows:
        value = f"{row.value:.2f} {row.unit}"
        reach = "" if row.reach is None else f"<= {row.reach:g}"
        met = "" if row.reach is None else "met" if row.is_met else "MISSED"
        yield f"{row.what:<30}  {value:<16}  {reach:<8}  {met:<6}  {row.source}".rstrip()


def _verdict(rows: Sequence[Row]) -> str:
    missed = sum(not row.is_met for row in rows)
    asked = sum(row.reach is not None for row in rows)
    return f"{asked - missed} of {asked} met" + (f", {missed} missed" if missed else "")
