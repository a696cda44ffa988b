"""python -m benchmarks: the numbers of this project on this machine. Needs root, for the commands by hand."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from .machine import compared, describe
from .parts import PARTS, Effort
from .record import Record
from .text import text


def main() -> None:
    """Measure and print. A number that misses its reach is told, it is no failure."""
    asked = _asked()
    if os.geteuid() != 0:
        sys.exit("benchmarks: `ip netns add` of the commands by hand needs root - try: sudo ./sbx bench")

    machine = describe()
    os.nice(-20)  # ahead of whatever else runs here: every contestant inherits it
    effort = Effort(quick=asked.quick, full=asked.full)
    tables = [table for name in asked.only or PARTS for table in PARTS[name](effort)]
    machine = {**machine, **compared()}  # only now: some of these are installed when they are needed
    if asked.json:
        Record(_command(asked), machine, tables).write(Path(asked.json))
    print(text(machine, tables))


def _asked() -> Namespace:
    parser = ArgumentParser("python -m benchmarks", description="Times and memory, side by side in one run.")
    parser.add_argument("--quick", action="store_true", help="a sample, in about a minute")
    parser.add_argument("--full", action="store_true", help="Mininet with a thousand nodes as well: four minutes more")
    parser.add_argument("--json", metavar="FILE", help="write it there as well")
    parser.add_argument("--only", choices=tuple(PARTS), action="append", help="this part alone; may be repeated")
    return parser.parse_args()


def _command(asked: Namespace) -> str:
    """The same again, as a person types it."""
    flags = [f"--{name}" for name in ("quick", "full") if getattr(asked, name)]
    return " ".join(["./sbx bench", *flags, *(f"--only {name}" for name in asked.only or ())])


main()
