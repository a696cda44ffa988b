"""python -m reliability: what must never happen, tried here and now, in a table."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import describe

from .check import Outcome, Place, carried_out
from .checks import CHECKS
from .table import row, text


def main() -> int:
    """Carry out what is asked for. Returns the exit status: 0 where everything holds."""
    asked = _asked()
    if asked.self_test:
        from . import mutants

        return mutants.main()
    machine = describe()
    outcomes = []
    for outcome in _outcomes(asked):
        print(row(outcome), file=sys.stderr, flush=True)
        outcomes.append(outcome)
    if asked.json:
        record = {"machine": machine, "outcomes": [outcome.as_json() for outcome in outcomes]}
        Path(asked.json).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(text(machine, outcomes))
    return 0 if all(outcome.holds for outcome in outcomes) else 1


def _asked() -> Namespace:
    parser = ArgumentParser("reliability", description="What must never happen, tried here and now, in a table.")
    parser.add_argument("check", nargs="?", choices=tuple(CHECKS), help="one check alone")
    parser.add_argument("case", nargs="*", help="and of it these cases alone")
    parser.add_argument("--quick", action="store_true", help="a sample, in about a minute")
    parser.add_argument("--self-test", action="store_true", help="break the program in five ways, and see it caught")
    parser.add_argument("--json", metavar="FILE", help="write it there as well")
    return parser.parse_args()


def _outcomes(asked: Namespace) -> Iterator[Outcome]:
    names: Sequence[str] = [asked.check] if asked.check else list(CHECKS)
    with _directory() as directory:
        for name in names:
            place = Place(directory, quick=asked.quick)
            yield carried_out(name, "root" if os.getuid() == 0 else "user", CHECKS[name], place, asked.case)


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sandbox-reliability-", dir="/var/tmp") as name:
        Path(name).chmod(0o1777)
        yield Path(name)


sys.exit(main())
