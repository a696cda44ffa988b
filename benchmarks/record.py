"""All that one run found, as a file keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .table import Table


@dataclass(frozen=True)
class Record:
    """The tables of each part of a run, what they were measured on, and the command that measures them again."""

    command: str
    machine: Mapping[str, str]
    parts: Mapping[str, Sequence[Table]]

    def write(self, path: Path) -> None:
        """Keep it in a file of JSON."""
        parts = {name: [table.as_json() for table in tables] for name, tables in self.parts.items()}
        told = {"command": self.command, "machine": self.machine, "parts": parts}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Record:
        """The record that write() kept."""
        told = json.loads(path.read_text(encoding="utf-8"))
        parts = {name: [Table.from_json(table) for table in tables] for name, tables in told["parts"].items()}
        return cls(told["command"], told["machine"], parts)
