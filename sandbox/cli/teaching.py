"""`sandbox learn` carried out: lessons listed, given on the terminal, or made into something to keep."""

from __future__ import annotations

import os
import sys

from .. import lessons
from ..errors import RequestError
from ..learn.handout import handout
from ..learn.performance import Performance
from ..learn.record import as_json as written
from ..learn.record import record
from ..learn.script import script
from ..learn.stage import World, check_programs
from ..lessons.lesson import LANGUAGES, faults_from, with_faults
from ..page.document import page
from ..page.scene import scene
from .board import Board
from .hunt import Hunt
from .keys import Keys
from .labs import table
from .run import wants_terminal
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..learn.record import Record
    from ..learn.stage import Stage
    from ..lessons.lesson import Fault, Lesson
    from .learn import LearnRequest

READERS = {"json": written, "md": handout, "html": page}


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
    faults = faults_from(lesson, request.fault)
    if request.form == "sh":
        sys.stdout.write(script(with_faults(lesson, request.fault), language))
        return 0
    if request.form == "svg":
        _check_step(request, with_faults(lesson, request.fault))
    check_programs(lesson.needs)
    open_stage = _on_host(request.lesson, lesson) if request.on_host else World
    if request.pauses and not request.form and wants_terminal():
        return _walk(Performance(lesson, open_stage, language), faults, skips_steps=request.fault is not None)
    with Performance(with_faults(lesson, request.fault), open_stage, language) as performance:
        if request.form:
            while len(performance.frames) < (request.step or len(performance.lesson.steps)):
                performance.forward()
            _write(request, record(request.lesson, performance))
        else:
            _recite(performance)
        return _status(performance)


def _check_step(request: LearnRequest, lesson: Lesson) -> None:
    if not 1 <= request.step <= len(lesson.steps):
        raise RequestError(f"--svg {request.step}: no such step - {request.lesson} has 1 to {len(lesson.steps)}")


def _write(request: LearnRequest, given: Record) -> None:
    text = scene(given, request.step) if request.form == "svg" else READERS[request.form or ""](given)
    if request.file == "-":
        sys.stdout.write(text)
    else:
        with open(request.file, "w", encoding="utf-8") as file:
            file.write(text)


def _walk(performance: Performance, faults: Sequence[Fault], *, skips_steps: bool) -> int:
    board = Board(performance.language)
    with performance:
        walk = Walk(performance, board, Keys())
        if (skips_steps or walk.through_the_steps()) and faults:
            Hunt(performance, board, walk).through(faults)
        return _status(performance)


def _recite(performance: Performance) -> None:
    board = Board(performance.language)
    board.announce(performance.lesson)
    while not performance.is_over:
        board.show(performance.forward(), len(performance.lesson.steps))


def _status(performance: Performance) -> int:
    """1 when something that a text says is not so on this machine."""
    return 0 if all(fact.holds for frame in performance.frames for fact in frame.facts) else 1


def _on_host(name: str, lesson: Lesson) -> Callable[[], Stage]:
    from ..learn.onhost import OnHost

    return lambda: OnHost(name, lesson)


def _listed(language: str, *, as_json: bool) -> str:
    taught = {name: lessons.read(name) for name in lessons.NAMES}
    if as_json:
        return written([_summary(*each, language) for each in taught.items()])
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
