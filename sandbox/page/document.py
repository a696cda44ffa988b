"""A lesson that was given as one HTML file that needs nothing else: every step, and the drawing beside it."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from re import split
from string import Template

from ..picture.palette import SHADES
from .scene import columns_of, draw_sheet, styles, svg
from .words import WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..learn.performance import Claim, Frame, Ran
    from ..learn.record import Record
    from ..learn.state import Change
    from .sheet import Sheet
    from .words import Words

NARROW_COLUMNS = 2  # what a phone has room for
SIGNS = {"+": "added", "-": "gone", "~": "changed"}


def page(record: Record) -> str:
    """The file. Its script is named by a digest, and it may fetch nothing: what a command printed can do no harm."""
    words = WORDS[record.lang]
    sheets = [draw_sheet(record, columns) for columns in dict.fromkeys((columns_of(record), _narrow(record)))]
    script = _beside("page.js")
    steps = (
        _step(frame, len(record.steps), [_drawing(sheet, record, frame.number) for sheet in sheets], words)
        for frame in record.steps
    )
    return Template(_beside("page.html")).substitute(
        lang=words.tag,
        title=escape(record.title),
        about=_prose(record.about),
        made=escape(words.made.format(machine=record.machine)),
        style="\n".join([_variables(), styles(medium="screen"), _beside("page.css")]),
        script=script,
        digest=b64encode(sha256(f"\n{script}".encode()).digest()).decode(),
        steps="\n".join("\n".join(step) for step in steps),
        ticks="\n".join(_tick(frame) for frame in record.steps),
        words_steps=words.steps,
        words_back=words.back,
        words_next=words.next,
        words_keys=words.keys,
    )


def _beside(name: str) -> str:
    """The text of a file beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _narrow(record: Record) -> int:
    return min(NARROW_COLUMNS, columns_of(record))


def _variables() -> str:
    """The colours of the drawings, for the style of the page."""
    light, dark = ("".join(f"--{name}: {shades[dark]}; " for name, shades in SHADES.items()) for dark in (False, True))
    return f":root {{ {light}}}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark}}} }}"


def _drawing(sheet: Sheet, record: Record, number: int) -> str:
    """A drawing as it lies in the page. If a lesson needs two, one of them is for wide screens only."""
    kinds = {columns_of(record): "wide", _narrow(record): "narrow"}
    kind = kinds[sheet.rooms.columns] if len(kinds) > 1 else "any"
    drawn = svg(sheet, record, number, style=False)
    highest = max(sheet.height(each) for each in range(len(record.steps)))
    return f'<div class="paper {kind}" style="--width: {sheet.width:g}; --height: {highest:g}">{drawn}</div>'


def _tick(frame: Frame) -> str:
    title = escape(f"{frame.number}. {frame.title}")
    return f'<li><a href="#step-{frame.number}" title="{title}" aria-label="{title}">{frame.number}</a></li>'


def _step(frame: Frame, count: int, drawings: Sequence[str], words: Words) -> Iterator[str]:
    number = frame.number
    label = escape(words.step.format(number=number, count=count))
    yield f'<article class="step" id="step-{number}" aria-labelledby="title-{number}" data-label="{label}">'
    yield "<figure>"
    yield from drawings
    yield "</figure>"
    yield '<div class="words">'
    yield f'<h2 id="title-{number}" tabindex="-1"><a href="#step-{number}">{number}</a> {escape(frame.title)}</h2>'
    yield from (f"<p>{_prose(paragraph)}</p>" for paragraph in split(r"\n\s*\n", frame.text.strip()))
    if frame.commands:
        yield '<pre translate="no" lang="en">' + "\n".join(_command(ran, words) for ran in frame.commands) + "</pre>"
    if frame.changes:
        yield f"<h3>{words.changes}</h3>"
        yield f'<ul class="changes" translate="no" lang="en">{"".join(map(_change, frame.changes))}</ul>'
    if frame.facts:
        yield from _facts(frame.facts, words)
    yield "</div>"
    yield "</article>"


def _prose(text: str) -> str:
    """Text with what stands in `backticks` as code."""
    pieces = text.split("`")
    return "".join(
        f'<code translate="no">{escape(piece)}</code>' if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )


def _command(ran: Ran, words: Words) -> str:
    said = _marked(ran.output.rstrip("\n"), ran.new)
    failed = f'<span class="status">{escape(words.status.format(status=ran.status))}</span>' if ran.status else ""
    parts = [f"<kbd>{escape(ran.words)}</kbd>", f"<samp>{said}</samp>" if said else "", failed]
    return "\n".join(part for part in parts if part)


def _marked(output: str, ranges: Sequence[tuple[int, int]]) -> str:
    """The output with what is new in it marked."""
    parts, at = [], 0
    for start, end in ranges:
        parts += [escape(output[at:start]), f"<mark>{escape(output[start:end])}</mark>"]
        at = end
    return "".join([*parts, escape(output[at:])])


def _change(change: Change) -> str:
    return (
        f'<li class="{SIGNS[change.sign]}"><b>{escape(change.sign)}</b> '
        f"<i>{escape(change.place)}</i> {escape(change.what)}</li>"
    )


def _facts(facts: Sequence[Claim], words: Words) -> Iterator[str]:
    """What the text claims: folded, unless something is not so."""
    true = sum(fact.holds for fact in facts)
    yield f'<details class="facts"{"" if true == len(facts) else " open"}>'
    yield f"<summary>{words.facts}: {true}/{len(facts)}</summary><ul>"
    for fact in facts:
        sign, told = ("✓", words.holds) if fact.holds else ("✗", words.fails)
        yield f'<li class="{"holds" if fact.holds else "fails"}"><b aria-label="{told}" role="img">{sign}</b> '
        yield f"{_prose(fact.what)}</li>"
    yield "</ul></details>"
