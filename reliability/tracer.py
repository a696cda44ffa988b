"""What system calls a launch makes, and a deed at one of them: the door to tracer.c."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.floor import compiled
from sandbox.kernel import syscalls

from .launch import Launch

WHO = ("caller", "init", "a", "b")  # of a launch of a pair, by the number that they have there
QUIET = "quiet"  # how the tracer says that its moment did not come until nobody did anything any more


@dataclass(frozen=True)
class Call:
    """The name of a system call; of openat(2) the path as well."""

    name: str
    path: str = ""


class Tracer:
    """Starts launches and counts the calls of each of their processes. Raises TracerFailed where it cannot."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._names = {number: name for name, number in (syscalls.numbers(syscalls.machine()) or {}).items()}

    def calls(self, words: Sequence[str], directory: Path) -> dict[str, list[Call]]:
        """The calls of each of WHO, in their order, until all of them wait for something."""
        calls: dict[str, list[Call]] = {who: [] for who in WHO}
        launch, said = self._launch(("list",), words, directory)
        with launch:
            for line in said[:-1]:
                who, number, path = line.split(" ", 2)
                calls[WHO[int(who)]].append(Call(self._names.get(int(number), number), path))
        return calls

    def kill(self, who: str, number: int, victim: str, words: Sequence[str], directory: Path) -> tuple[Launch, bool]:
        """A launch in which `victim` was just killed as `who` began its call of that `number`; false: it made fewer."""
        deed = ("kill", str(WHO.index(who)), str(number), str(WHO.index(victim)))
        launch, said = self._launch(deed, words, directory)
        return launch, said != [QUIET]

    def fail(
        self, who: str, call: str, number: int, error: int, words: Sequence[str], directory: Path
    ) -> tuple[Launch, bool]:
        """A launch in which the `number`-th `call` of `who` just failed with `error`; false: there were fewer."""
        deed = ("fail", str(WHO.index(who)), str(syscalls.number(call)), str(number), str(error))
        launch, said = self._launch(deed, words, directory)
        return launch, said == ["done"]

    def _launch(self, deed: Sequence[str], words: Sequence[str], directory: Path) -> tuple[Launch, list[str]]:
        reading, writing = os.pipe()
        with open(reading, encoding="ascii") as report:
            try:
                launch = Launch([self._program, str(writing), *deed, *words], directory, pass_fds=[writing])
            finally:
                os.close(writing)
            said = report.read().splitlines()
        if not said or said[-1].startswith("tracer: "):
            with launch:
                raise TracerFailed(*said[-1:])
        return launch, said


class TracerFailed(Exception):
    """What the tracer says that the kernel refused: kernel.yama.ptrace_scope may forbid tracing to everybody."""


@contextmanager
def tracer() -> Iterator[Tracer]:
    """The tracer, compiled."""
    with compiled("tracer", source=str(Path(__file__).parent)) as program:
        yield Tracer(program)
