"""A lesson that was given as a hand-out in Markdown, with what this machine really said. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .performance import Frame, Ran
    from .record import Record

CHANGED = {"en": "Changed in the kernel", "zh": "内核中的变化"}


def handout(record: Record) -> str:
    """The hand-out."""
    head = f"# {record.title}\n\n{record.about}\n\n*{record.machine}*\n"
    return head + "".join("\n" + "".join(_step(frame, record.lang)) for frame in record.steps)


def _step(frame: Frame, language: str) -> Iterator[str]:
    yield f"## {frame.number}. {frame.title}\n\n{frame.text}\n\n```console\n"
    yield from map(_command, frame.commands)
    yield "```\n"
    if frame.changes:
        changes = "".join(f"{each.sign} {each.place}: {each.what}\n" for each in frame.changes)
        yield f"\n{CHANGED[language]}:\n\n```diff\n{changes}```\n"


def _command(ran: Ran) -> str:
    output = ran.output if ran.output.endswith("\n") or not ran.output else ran.output + "\n"
    return f"$ {ran.words}\n{output}"
