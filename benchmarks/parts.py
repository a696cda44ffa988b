"""The parts that can be measured by themselves, in the order of their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import contain, labs, launcher, profile, wire
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


Part = Callable[[Effort], Sequence[Table]]

PARTS: Mapping[str, Part] = {
    "launcher": lambda effort: [Table("a launch", rows=launcher.measure(effort.runs))],
    "profile": lambda effort: [profile.measure(effort.runs)],
    "contain": lambda effort: [Table("a container", rows=contain.measure(effort.runs))],
    "wire": lambda effort: wire.measure(quick=effort.quick),
    "labs": lambda effort: [Table("labs", rows=labs.measure(quick=effort.quick, full=effort.full))],
}
