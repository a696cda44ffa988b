"""Some of many cases, when there is not the time for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def spread(cases: Sequence[T], most: int) -> list[T]:
    """At most so many of them, as far apart as can be: the first, the last, and others in between."""
    if len(cases) <= most:
        return list(cases)
    return [cases[number * (len(cases) - 1) // (most - 1)] for number in range(most)]


def of_each(cases: Sequence[T], most: int, kind: Callable[[T], object]) -> list[T]:
    """Of each kind so many: the last, and others before it as far apart as can be, so that they differ in all else."""
    kinds: dict[object, list[T]] = {}
    for case in cases:
        kinds.setdefault(kind(case), []).append(case)
    return [case for each in kinds.values() for case in _last(each, most)]


def _last(cases: Sequence[T], most: int) -> list[T]:
    if len(cases) <= most:
        return list(cases)
    return [cases[number * (len(cases) - 1) // most] for number in range(1, most + 1)]
