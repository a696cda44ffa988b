"""python -m benchmarks.document RECORD: the tables of the documents, and their plots, from a record of a whole run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import markdown, markers, plot
from .launcher import PYTHON
from .parts import PARTS
from .paths import DOCKER, LO
from .peer import BY_HAND, C
from .record import Record
from .table import Table

ROOT = Path(__file__).parents[1]
PERFORMANCE, README, PLOTS = Path("docs/performance.md"), Path("README.md"), Path("docs/performance")
MACHINE, COMPARISON = "machine", "comparison"
# The tables that are told there in a line each, with the contestants beside ours; and those whose plots are shown.
IN_README: Mapping[str, Sequence[str]] = {
    "launch of a pair, whole process, `true` in both": (C, BY_HAND, "crun", "Mininet", "podman", PYTHON),
    "a pair built, in a program that runs": (C, "Mininet"),
    "`true` in a node that is there": (C, "ip netns exec", "crun exec", "podman exec"),
    "pairs: build": (C, "Mininet"),
    "pairs: close": (C, "Mininet"),
    "switch: build": (C, "Mininet"),
    "chain: build": (C, "Mininet"),
    "TCP, one stream": (DOCKER, LO),
    "UDP, 64 bytes each": (DOCKER, LO),
    "TCP round trips of one byte": (DOCKER, LO),
}
SHOWN = ("launch of a pair, whole process, `true` in both", "pairs: build")


def main() -> None:
    """Rewrite what the record says differently."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.document build/benchmarks.json - make bench writes it")
    record = Record.read(Path(sys.argv[1]))
    if missing := [part for part in PARTS if part not in record.parts]:
        sys.exit(f"{sys.argv[1]}: a record of a whole run is needed, and {', '.join(missing)} is missing")
    if "--quick" in record.command:
        sys.exit(f"{sys.argv[1]}: a quick run is no measurement")
    write(record, ROOT)


def write(record: Record, root: Path) -> None:
    """Rewrite the parts of the documents below `root` that are the record's, and all plots."""
    document = (root / PERFORMANCE).read_text(encoding="utf-8")
    for name, body in parts(record).items():
        document = markers.replaced(document, name, body)
    readme = markers.replaced((root / README).read_text(encoding="utf-8"), COMPARISON, comparison(record))
    (root / PERFORMANCE).write_text(document, encoding="utf-8")
    (root / README).write_text(readme, encoding="utf-8")
    (root / PLOTS).mkdir(exist_ok=True)
    drawn = plots(record)
    for path in (root / PLOTS).glob("*.svg"):
        if path.name not in drawn:
            path.unlink()
    for name, drawing in drawn.items():
        (root / PLOTS / name).write_text(drawing, encoding="utf-8")


def parts(record: Record) -> Mapping[str, str]:
    """What stands between the markers of docs/performance.md, by their names."""
    return {MACHINE: _machine(record), **{name: "\n".join(_part(tables)) for name, tables in _tables(record)}}


def comparison(record: Record) -> str:
    """The README's part: some of the plots, and a line for each table. Raises KeyError for one that is not there."""
    tables = {table.title: table for _, tables in _tables(record) for table in tables}
    shown = [f"![{title}]({PLOTS}/{plot_name(tables[title])})" for title in SHOWN]
    head = [f"Of `{record.command}`, {record.machine['date']}, {_short(record)}:", "", *shown, ""]
    lines = [_beside(tables[title], others) for title, others in IN_README.items()]
    return "\n".join([*head, "| what | here | beside it |", "|---|---|---|", *lines])


def plots(record: Record) -> Mapping[str, str]:
    """The pictures, by the names of their files."""
    return {
        plot_name(table): plot.svg(table)
        for _, tables in _tables(record)
        for table in tables
        if plot.can_be_drawn(table)
    }


def plot_name(table: Table) -> str:
    """The name of its file: the title's letters and numbers."""
    return f"{re.sub('[^a-z0-9]+', '-', table.title.lower()).strip('-')}.svg"


def _tables(record: Record) -> Iterator[tuple[str, list[Table]]]:
    yield from ((name, list(tables)) for name, tables in record.parts.items())


def _machine(record: Record) -> str:
    lines = ["| | |", "|---|---|", f"| command | `{record.command}` |"]
    return "\n".join([*lines, *(f"| {name} | {said} |" for name, said in record.machine.items())])


def _short(record: Record) -> str:
    machine = record.machine
    return f"Linux {machine['kernel']}, {machine['cpu'].partition(',')[0]}, CPython {machine['python']}, medians"


def _part(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        if plot.can_be_drawn(table):
            yield from (f"![{table.title}]({PLOTS.name}/{plot_name(table)})", "")
        if table.entries:
            yield from (*markdown.grid(table), "")
        if table.rows:
            yield from (*markdown.goals(table.rows), "")


def _beside(table: Table, names: Sequence[str]) -> str:
    """Ours and those others; of curves at the most nodes that ours has."""
    at = max(
        (entry.at for entry in table.entries if entry.name == table.ours and entry.at and entry.value), default=None
    )
    ours, *others = (table.entry(name, at) for name in (table.ours, *names))
    told = [f"{markdown.value(entry)}: {entry.name}" for entry in others if entry and entry.value is not None]
    title = table.title if at is None else f"{table.title}, N={at}"
    return f"| {title} | {markdown.value(ours)} {table.unit} | {'; '.join(told)} |"


if __name__ == "__main__":
    main()
