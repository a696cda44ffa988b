"""floor.c as a contestant: compiled on the spot, then one pair for each line it is sent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from .stopwatch import Contestant

SOURCE = os.path.join(os.path.dirname(__file__), "floor.c")


@contextmanager
def compiled() -> Iterator[str]:
    """The path of the program. Raises CalledProcessError when there is no gcc that takes it."""
    with TemporaryDirectory() as directory:
        program = os.path.join(directory, "floor")
        subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)
        yield program


@contextmanager
def running(program: str, *mode: str) -> Iterator[Contestant]:
    """A contestant that has the program build one pair; the program itself holds the watch."""
    with subprocess.Popen([program, *mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as floor:
        asked, answers = floor.stdin, floor.stdout
        assert asked is not None
        assert answers is not None

        def once() -> float:
            asked.write(b"\n")
            return float(answers.readline()) / 1000

        yield once
