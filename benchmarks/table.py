"""What was measured side by side, and what it should have reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

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

    `more_is_better`: of a throughput; of a time it is less.
    """

    title: str
    entries: Sequence[Entry] = ()
    unit: str = "ms"
    ours: str = ""
    floor: str = ""
    more_is_better: bool = False
    rows: Sequence[Row] = ()

    def as_json(self) -> Mapping[str, object]:
        """The table as a JSON object."""
        return {**asdict(self), "rows": [row.as_json() for row in self.rows]}
