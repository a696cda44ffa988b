"""`sandbox learn` carried out: lessons listed, given on the terminal, or made into something to keep."""

from __future__ import annotations

import os
import sys

import msgspec

from .. import lessons
from ..errors import RequestError
from ..learn.handout import handout
from ..learn.performance import Performance
from ..learn.record import as_json, record
from ..learn.script import script
from ..learn.stage import World, check_programs
from ..lessons.lesson import LANGUAGES
from .board import Board
from .labs import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lessons.lesson import Lesson
    from .learn import LearnRequest

READERS = {"json": as_json, "md": handout}


def teach(request: LearnRequest) -> int:
    """Returns the exit status: 1 when something that a text says is not so on this machine."""
    language = _language(request.language)
    if request.lesson is None:
        sys.stdout.write(_listed(language, as_json=request.form == "json"))
        return 0
    if request.form == "toml":
        sys.stdout.write(lessons.source(request.lesson))
        return 0
    lesson = lessons.read(request.lesson)
    if request.form == "sh":
        sys.stdout.write(script(lesson, language))
        return 0
    check_programs(lesson.needs)
    with Performance(lesson, World, language) as performance:
        if request.form:
            while not performance.is_over:
                performance.forward()
            sys.stdout.write(READERS[request.form](record(request.lesson, performance)))
        else:
            _recite(performance)
    return 0 if all(fact.holds for frame in performance.frames for fact in frame.facts) else 1


def _recite(performance: Performance) -> None:
    board = Board(performance.language)
    board.announce(performance.lesson)
    while not performance.is_over:
        board.show(performance.forward(), len(performance.lesson.steps))


def _listed(language: str, *, as_json: bool) -> str:
    taught = {name: lessons.read(name) for name in lessons.NAMES}
    if as_json:
        return (
            msgspec.json.format(msgspec.json.encode([_summary(*each, language) for each in taught.items()])).decode()
            + "\n"
        )
    return table([(name, lesson.about.spoken(language)) for name, lesson in taught.items()]) + "\n"


def _summary(name: str, lesson: Lesson, language: str) -> dict[str, str]:
    return {"lesson": name, "title": lesson.title.spoken(language), "about": lesson.about.spoken(language)}


def _language(asked: str | None) -> str:
    if asked is None:
        spoken = next((os.environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(key)), "")
        return "zh" if spoken.startswith("zh") else "en"
    if asked not in LANGUAGES:
        raise RequestError(f"{asked!r}: not a language of the lessons - write {' or '.join(LANGUAGES)}")
    return asked
