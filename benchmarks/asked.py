"""What a run is asked for, and the words that ask for it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .parts import PARTS, Effort


@dataclass(frozen=True)
class Asked:
    """Which parts are measured, how much, and where the record goes as well."""

    parts: Sequence[str]
    effort: Effort
    json: Path | None = None

    @classmethod
    def parse(cls, arguments: Sequence[str] | None = None) -> Asked:
        """Read the command line; exits with 2 where it cannot be read."""
        parser = ArgumentParser("./sbx bench", description="Times and memory, side by side in one run.")
        parser.add_argument("--quick", action="store_true", help="a sample, in about a minute")
        parser.add_argument("--full", action="store_true", help="what takes minutes as well")
        parser.add_argument("--json", metavar="FILE", type=Path, help="write it there as well")
        parser.add_argument("--only", choices=tuple(PARTS), action="append", help="this part; may be repeated")
        words = parser.parse_args(arguments)
        return cls(words.only or tuple(PARTS), Effort(quick=words.quick, full=words.full), words.json)

    def __str__(self) -> str:
        """The command that asks for the same again."""
        flags = [f"--{name}" for name in ("quick", "full") if getattr(self.effort, name)]
        only = [] if tuple(self.parts) == tuple(PARTS) else [f"--only {part}" for part in self.parts]
        return " ".join(["./sbx bench", *flags, *only])
