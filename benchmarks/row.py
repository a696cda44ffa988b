"""One number of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One number, how far it is to reach (None: it is only told), and where it comes from.

    `at_least`: more is better. Without a `value` it was not measured, and `source` says why.
    """

    what: str
    value: float | None
    unit: str = ""
    reach: float | None = None
    source: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the number is good enough; None where there is nothing to say."""
        if self.reach is None or self.value is None:
            return None
        return self.value >= self.reach if self.at_least else self.value <= self.reach

    def as_json(self) -> Mapping[str, object]:
        """The row as a JSON object."""
        return {**asdict(self), "met": self.is_met}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Row:
        """The row that as_json() told."""
        return cls(**{key: content for key, content in told.items() if key != "met"})
