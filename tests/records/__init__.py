"""Lessons as they were given once: what `sandbox learn NAME --json` printed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sandbox.learn.record import Record


def read(name: str) -> Record:
    """The record of this name."""
    return msgspec.json.decode(Path(__file__).with_name(f"{name}.json").read_bytes(), type=Record)
