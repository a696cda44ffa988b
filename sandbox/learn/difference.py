"""Where the output of a command is not what it was before. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Range = tuple[int, int]

WORD = re.compile(r"\S+")


def new_ranges(before: str, after: str) -> tuple[Range, ...]:
    """The ranges of `after` that were not in `before`, by words; none goes over the end of a line."""
    then, now = WORD.findall(before), list(WORD.finditer(after))
    matcher = SequenceMatcher(None, then, [word.group() for word in now], autojunk=False)
    found: list[Range] = []
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind in ("insert", "replace"):
            found += _by_line(after, [word.span() for word in now[first:last]])
    return tuple(found)


def _by_line(text: str, words: list[Range]) -> Iterator[Range]:
    """The words joined to ranges where they follow each other on a line."""
    start, end = words[0]
    for begin, finish in words[1:]:
        if "\n" in text[end:begin]:
            yield start, end
            start = begin
        end = finish
    yield start, end
