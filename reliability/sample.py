"""Some of many cases, when there is not the time for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def spread(cases: Sequence[T], most: int) -> list[T]:
    """At most so many of them, as far apart as can be: the first, the last, and others in between."""
    if len(cases) <= most:
        return list(cases)
    return [cases[number * (len(cases) - 1) // (most - 1)] for number in range(most)]
