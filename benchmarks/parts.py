"""The parts that can be measured by themselves, in the order of their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import contain, labs, launcher, profile, running, wire
from .table import Table

RUNS, QUICK_RUNS = 40, 10


@dataclass(frozen=True)
class Effort:
    """How much is measured: a sample in a minute, what is usual, or what takes minutes as well."""

    quick: bool = False
    full: bool = False

    @property
    def runs(self) -> int:
        """How many rounds, where one takes a second."""
        return QUICK_RUNS if self.quick else RUNS

    @property
    def installs(self) -> bool:
        """Whether what is compared is installed where it is missing."""
        return not self.quick


Part = Callable[[Effort], Sequence[Table]]

PARTS: Mapping[str, Part] = {
    "launcher": lambda effort: launcher.measure(effort.runs, install=effort.installs),
    "profile": lambda effort: [profile.measure(effort.runs)],
    "running": lambda effort: running.measure(effort.runs, install=effort.installs),
    "contain": lambda effort: contain.measure(effort.runs),
    "wire": lambda effort: wire.measure(quick=effort.quick, install=effort.installs),
    "labs": lambda effort: labs.measure(quick=effort.quick, full=effort.full, install=effort.installs),
}
