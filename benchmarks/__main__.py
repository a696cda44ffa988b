"""python -m benchmarks: the numbers of this project on this machine. Needs root, for the commands by hand."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser

from . import contain, labs, launcher, running
from .machine import describe
from .table import Table
from .text import text

RUNS, QUICK_RUNS = 40, 10


def main() -> None:
    """Measure and print. A number that misses its reach is told, it is no failure."""
    parser = ArgumentParser("python -m benchmarks", description="Times and memory, side by side in one run.")
    parser.add_argument("--quick", action="store_true", help="a quarter of the rounds")
    parser.add_argument("--full", action="store_true", help="Mininet with a thousand nodes as well: four minutes more")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--only", choices=("launcher", "contain", "labs"), help="one of the tables")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("benchmarks: `ip netns add` of the commands by hand needs root - try: sudo ./sbx bench")

    machine = describe()
    os.nice(-20)  # ahead of whatever else runs here: every contestant inherits it
    runs, install = (QUICK_RUNS, False) if asked.quick else (RUNS, True)
    tables: list[Table] = []
    if asked.only in (None, "launcher"):
        tables += launcher.measure(runs, install=install)
        tables += running.measure(runs, install=install)
    if asked.only in (None, "contain"):
        tables += contain.measure(runs)
    if asked.only in (None, "labs"):
        tables += labs.measure(quick=asked.quick, full=asked.full, install=install)
    if asked.json:
        print(json.dumps({"machine": machine, "tables": [table.as_json() for table in tables]}, indent=2))
    else:
        print(text(machine, tables))


main()
