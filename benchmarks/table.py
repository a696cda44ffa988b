"""What was measured side by side, and what it should have reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .row import Row


@dataclass(frozen=True)
class Entry:
    """The median of one contestant. Without a `value` it was not measured, and `note` says why.

    `at`: of how many nodes; entries of one name are a curve then.
    """

    name: str
    value: float | None
    note: str = ""
    at: int | None = None


@dataclass(frozen=True)
class Table:
    """Contestants in one unit, the ratios of each to `floor` and to `ours`, two names among them; and goals.

    `more_is_better`: of a throughput; of a time it is less. `adds_up`: the entries before `ours` are the parts of it,
    one after the other.
    """

    title: str
    entries: Sequence[Entry] = ()
    unit: str = "ms"
    ours: str = ""
    floor: str = ""
    more_is_better: bool = False
    adds_up: bool = False
    rows: Sequence[Row] = ()

    @property
    def beside(self) -> Sequence[str]:
        """The names that every entry is compared with."""
        return [name for name in dict.fromkeys((self.floor, self.ours)) if name]

    @property
    def names(self) -> Sequence[str]:
        """The contestants, each once."""
        return list(dict.fromkeys(entry.name for entry in self.entries))

    @property
    def sizes(self) -> Sequence[int]:
        """Of how many nodes there are entries; none where there are no curves."""
        return sorted({entry.at for entry in self.entries if entry.at is not None})

    def entry(self, name: str, at: int | None = None) -> Entry | None:
        """That of `name`, of `at` nodes."""
        return next((entry for entry in self.entries if (entry.name, entry.at) == (name, at)), None)

    def ratio(self, entry: Entry, other: str) -> float | None:
        """How many times as much as the entry `other` of as many nodes; None where one was not measured."""
        compared = self.entry(other, entry.at)
        if entry.value is None or compared is None or not compared.value:
            return None
        return entry.value / compared.value

    def as_json(self) -> Mapping[str, object]:
        """The table as a JSON object."""
        return {**asdict(self), "rows": [row.as_json() for row in self.rows]}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Table:
        """The table that as_json() told."""
        entries = [Entry(**entry) for entry in told["entries"]]
        return cls(**{**told, "entries": entries, "rows": [Row.from_json(row) for row in told["rows"]]})
