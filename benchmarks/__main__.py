"""python -m benchmarks: the numbers of this project on this machine. Needs root, for the commands by hand."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser

from .machine import describe
from .rows import measure
from .table import text

RUNS, QUICK_RUNS = 40, 10


def main() -> None:
    """Measure and print. A number that misses its reach is told, it is no failure."""
    parser = ArgumentParser("python -m benchmarks", description="Times and memory, side by side in one run.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} rounds instead of {RUNS}")
    parser.add_argument("--json", action="store_true", help="for machines")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("benchmarks: `ip netns add` of the commands by hand needs root - try: sudo ./sbx bench")

    machine = describe()
    os.nice(-20)  # ahead of whatever else runs here: every contestant inherits it
    rows = measure(QUICK_RUNS if asked.quick else RUNS)
    if asked.json:
        print(json.dumps({"machine": machine, "rows": [row.as_json() for row in rows]}, indent=2))
    else:
        print(text(machine, rows))


main()
