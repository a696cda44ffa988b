"""The C programs: compiled on the spot, then asked for one run at a time."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE
from tempfile import TemporaryDirectory
from typing import Protocol

from .stopwatch import Contestant, environment

HERE = os.path.dirname(__file__)


@contextmanager
def compiled(name: str, *, source: str = HERE) -> Iterator[str]:
    """The path of the program made of `name`.c in the directory `source`.

    Raises CalledProcessError where gcc does not take it, FileNotFoundError where there is none.
    """
    with TemporaryDirectory() as directory:
        program = os.path.join(directory, name)
        subprocess.run(["gcc", "-O2", "-o", program, os.path.join(source, f"{name}.c")], check=True)
        yield program


@contextmanager
def running(*argv: str) -> Iterator[Contestant]:
    """A contestant that has a program do its work once; the program itself holds the watch."""
    with answering(*argv) as ask:
        yield ask


class Ask(Protocol):
    """A question to a program, a word or nothing. Returns the milliseconds that what it asked for took."""

    def __call__(self, word: str = "") -> float: ...


@contextmanager
def answering(*argv: str, within_s: float = 60) -> Iterator[Ask]:
    """A program that answers each line with the microseconds that its work took; what takes too long is ended."""
    with subprocess.Popen(argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, bufsize=0, env=environment()) as program:
        asked, answers = program.stdin, program.stdout
        assert asked is not None
        assert answers is not None

        def once(word: str = "") -> float:
            asked.write(f"{word}\n".encode())
            if not select.select([answers], [], [], within_s)[0]:
                program.kill()
                raise RuntimeError(f"no answer within {within_s:g} s")
            if not (answer := answers.readline()):
                raise RuntimeError(_last_words(program))
            return float(answer) / 1000

        yield once


def _last_words(program: subprocess.Popen[bytes]) -> str:
    """What it said before it ended without an answer."""
    said = program.communicate()[1].decode(errors="replace").strip()
    return said.rpartition("\n")[2] or f"ended with {program.returncode}"
