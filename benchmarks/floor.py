"""The C programs: compiled on the spot, then asked for one run at a time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from .stopwatch import Contestant

HERE = os.path.dirname(__file__)


@contextmanager
def compiled(name: str, *, source: str = HERE) -> Iterator[str]:
    """The path of the program made of `name`.c in the directory `source`.

    Raises CalledProcessError when there is no gcc that takes it.
    """
    with TemporaryDirectory() as directory:
        program = os.path.join(directory, name)
        subprocess.run(["gcc", "-O2", "-o", program, os.path.join(source, f"{name}.c")], check=True)
        yield program


@contextmanager
def running(*argv: str) -> Iterator[Contestant]:
    """A contestant that has a program do its work once; the program itself holds the watch."""
    with answering(*argv) as ask:
        yield lambda: ask()[0]


@contextmanager
def answering(*argv: str) -> Iterator[Callable[[], list[float]]]:
    """A program that answers each line with the microseconds that its work took; here they are milliseconds."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as program:
        asked, answers = program.stdin, program.stdout
        assert asked is not None
        assert answers is not None

        def once() -> list[float]:
            asked.write(b"\n")
            answer = answers.readline().split()
            if not answer:
                raise RuntimeError(f"{' '.join(argv)}: ended without an answer")
            return [float(word) / 1000 for word in answer]

        yield once
