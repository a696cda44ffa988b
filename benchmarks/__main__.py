"""python -m benchmarks: the numbers of this project on this machine. Needs root, for the commands by hand."""

from __future__ import annotations

import os
import signal
import sys

from .ahead import ahead
from .asked import Asked
from .machine import describe
from .parts import PARTS
from .record import Record
from .text import text
from .versions import compared


def main() -> None:
    """Measure and print. A number that misses its reach is told, it is no failure."""
    asked = Asked.parse()
    if os.geteuid() != 0:
        sys.exit("benchmarks: `ip netns add` of the commands by hand needs root - try: sudo ./sbx bench")

    machine = describe()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and tidy up
    with ahead():
        parts = {name: PARTS[name](asked.effort) for name in asked.parts}
    machine = {**machine, **compared()}  # only now: some of these are installed when they are needed
    if asked.json:
        Record(str(asked), machine, parts).write(asked.json)
    print(text(machine, [table for tables in parts.values() for table in tables]))


main()
