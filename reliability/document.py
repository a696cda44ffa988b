"""python -m reliability.document FILE: the outcomes that make reliability wrote there, as the table of the document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.markers import replaced

from .check import Outcome
from .user import ROOT

DOCUMENT = ROOT / "docs" / "reliability.md"
PART = "outcomes"


def main() -> None:
    """Put the table in the place of the one that is there."""
    record = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    outcomes = [Outcome(**each) for each in record["outcomes"]]
    table = "\n".join(lines(record["machine"], outcomes))
    DOCUMENT.write_text(replaced(DOCUMENT.read_text(encoding="utf-8"), PART, table), encoding="utf-8")


def lines(machine: Mapping[str, str], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """When and where, and a row for each outcome."""
    of_machine = "; ".join(f"{name} {said}" for name, said in machine.items())
    yield f"{of_machine}."
    yield ""
    yield "| check | as | cases | | s | what it shows |"
    yield "|---|---|---:|---|---:|---|"
    for each in outcomes:
        words = "; ".join(filter(None, (each.shows, each.figures, each.why_not))).replace("|", "\\|")
        yield f"| {each.name} | {each.by} | {each.tried or ''} | {_verdict(each)} | {each.seconds:.1f} | {words} |"


def _verdict(outcome: Outcome) -> str:
    if outcome.why_not:
        return "not run"
    failed = len(outcome.complaints or ())
    return f"**{failed} failed**" if failed else "all hold"


if __name__ == "__main__":
    main()
