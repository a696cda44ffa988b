"""Requests that nobody thought of: read without a trace, and where one is accepted the kernel agrees."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import HypothesisException

from sandbox import Lab, SandboxError, Topology
from sandbox.cli.arguments import parse
from sandbox.errors import RequestError
from sandbox.plan import plan
from sandbox.values import replace

from .check import Check, Complaint, Place
from .grammar import command_lines
from .onlooker import Onlooker
from .requests import refused
from .wired import as_ip_says, difference, interfaces

LINES, BATCHES, A_FEW, FEWEST = 500, 40, 2, 1
BUILT = 25  # of a batch: distinct topologies, the first ones
LARGEST = 16  # nodes and switches
LOOK_AGAIN_EVERY = 25  # of those that are built, by ip(8)
ON_A_COMMAND_LINE = 3  # of a batch: refused by the program itself
ALL_PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Batches of command lines, each by its number, which is the seed."""
    with tempfile.TemporaryDirectory(dir=place.directory) as empty:
        trial = Trial(Path(empty))
        yield Check(
            "lines are read or refused on one line, nothing is done meanwhile; what is accepted comes up as asked for",
            [str(number) for number in range(1, _batches(place) + 1)],
            trial.batch,
            figures=trial.told,
        )


def _batches(place: Place) -> int:
    few = A_FEW if place.quick else BATCHES
    return few if os.getuid() == 0 else max(few // 10, FEWEST)


class Wrong(AssertionError):
    """A command line of which something does not hold."""

    def __init__(self, words: Sequence[str], complaint: Complaint) -> None:
        line = shlex.join(words)
        super().__init__(f"sandbox run {line if line.isprintable() else ascii(line)}: {complaint}")


class Trial:
    """Tries batches, and counts."""

    def __init__(self, empty: Path) -> None:
        self._empty = empty
        self._onlooker = Onlooker()
        self._count: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._left_to_build = 0
        self._refused: list[tuple[Sequence[str], str]] = []

    def batch(self, number: str) -> Complaint:
        """What is wrong with the first line of a batch that is not as it must be, made as short as it can be."""
        self._left_to_build, self._refused = BUILT, []

        @seed(int(number))
        @settings(
            max_examples=LINES,
            database=None,
            deadline=None,
            derandomize=False,
            phases=ALL_PHASES,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        @given(command_lines())
        def try_each(words: Sequence[str]) -> None:
            self._try(words)

        try:
            try_each()
        except (Wrong, HypothesisException) as wrong:
            return str(wrong)
        return self._on_a_command_line()

    def told(self) -> str:
        """How many there were of each kind."""
        count = self._count
        return (
            f"{count['lines']} lines, {count['refused']} refused ({count['by the program']} by the program itself), "
            f"{count['distinct']} distinct topologies, {count['built']} built"
        )

    def _try(self, words: Sequence[str]) -> None:
        self._count["lines"] += 1
        topology = self._read(words)
        if topology is None:
            return
        for step in plan(topology):
            assert str(step), "a step that cannot be told"
        wires = _wires(topology)
        if repr(wires) in self._seen:
            return
        self._count["distinct"] += 1
        if self._left_to_build and len(wires.nodes) + len(wires.switches) <= LARGEST:
            if complaint := self._build(wires):
                self._left_to_build = BUILT  # so that shorter ones are tried as well
                raise Wrong(words, complaint)
            self._left_to_build -= 1
        self._seen.add(repr(wires))

    def _read(self, words: Sequence[str]) -> Topology | None:
        """The topology asked for; None where there is none."""
        topology, said = None, ""
        with self._onlooker.watched() as done:
            try:
                request = parse(words)
            except RequestError as error:
                said = str(error)
            except Exception as error:  # whatever else there is: this is what must not be
                raise Wrong(words, f"{type(error).__name__}: {error}") from error
            else:
                topology = request.topology if request else None
        if done:
            raise Wrong(words, f"while it was read: {'; '.join(done)}")
        if said:
            self._count["refused"] += 1
            self._refused.append((words, said))
            if not (said.isprintable() and " - " in said):
                raise Wrong(words, f"says {said!r}")
        return topology

    def _build(self, topology: Topology) -> Complaint:
        try:
            with Lab(topology) as lab:
                self._count["built"] += 1
                if self._count["built"] % LOOK_AGAIN_EVERY == 0:
                    for node in lab:
                        if (read := interfaces(node)) != (told := as_ip_says(node)):
                            return f"{node.name} is {read}, and ip(8) tells {told}"
                return difference(lab)
        except SandboxError as error:
            return f"accepted, and then: {error}"

    def _on_a_command_line(self) -> Complaint:
        for words, said in filter(_can_be_passed, self._refused[:: LINES // ON_A_COMMAND_LINE // 2]):
            self._count["by the program"] += 1
            if complaint := refused(words, [said], self._empty):
                return str(Wrong(words, complaint))
        return ""


def _wires(topology: Topology) -> Topology:
    """What of it is made of namespaces, links and addresses, and is nobody else's."""
    return replace(topology, uplinks=(), publications=(), services=(), limits=(), containment=None)


def _can_be_passed(refusal: tuple[Sequence[str], str]) -> bool:
    """Whether the words of it can be those of a program."""
    try:
        return all(os.fsdecode(os.fsencode(word)) == word for word in refusal[0])
    except UnicodeEncodeError:
        return False
