"""A whole performance as plain values: what `--json` prints, and what pages and hand-outs are made of."""

from __future__ import annotations

import os
from datetime import date

import msgspec
from msgspec import Struct

from .performance import Frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .performance import Performance


class Record(Struct, frozen=True):
    """A lesson that was given, on which machine, and each of its steps."""

    lesson: str
    lang: str
    title: str
    about: str
    places: tuple[str, ...]
    machine: str
    steps: tuple[Frame, ...]


def record(name: str, performance: Performance) -> Record:
    """What was done so far."""
    lesson, language = performance.lesson, performance.language
    version = performance.stage.run("ip -V").output.strip().split(", ")[1]
    machine = f"Linux {os.uname().release}, {version}, {date.today().isoformat()}"
    return Record(
        name,
        language,
        lesson.title.spoken(language),
        lesson.about.spoken(language),
        lesson.places,
        machine,
        tuple(performance.frames),
    )


def as_json(what: object) -> str:
    """A record, or several, for machines."""
    return msgspec.json.format(msgspec.json.encode(what), indent=2).decode() + "\n"
