"""The lessons: one file of data and prose each."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from ..errors import RequestError
from .lesson import Lesson, parse

SUFFIX = ".toml"
# In the order in which they are best taken.
NAMES = ("namespace", "pair", "names", "switch", "router", "nat", "publish", "broken")


def read(name: str) -> Lesson:
    """The lesson called `name`, or of one's own at a path that ends in .toml. Raises RequestError, OSError."""
    return parse(source(name))


def source(name: str) -> str:
    """The file of a lesson. Raises as read()."""
    if name.endswith(SUFFIX):
        return Path(name).read_text(encoding="utf-8")
    if name not in NAMES:
        close = get_close_matches(name, NAMES, n=1)
        fix = f"did you mean {close[0]}?" if close else f"there are {', '.join(NAMES)}"
        raise RequestError(f"{name!r}: no such lesson - {fix}")
    return Path(__file__).with_name(name + SUFFIX).read_text(encoding="utf-8")
