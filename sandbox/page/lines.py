"""Lines of level and upright parts, as paths of SVG."""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Point = tuple[float, float]

BEND = 10  # the radius of a corner, where there is room
ARROW = 5


def path(line: Sequence[Point]) -> str:
    """The line with round corners."""
    parts = [f"M{_written(line[0])}"]
    for before, corner, after in zip(line, line[1:], line[2:], strict=False):
        one, other = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{_written(one)} Q{_written(corner)} {_written(other)}")
    return " ".join([*parts, f"L{_written(line[-1])}"])


def arrow(line: Sequence[Point]) -> str:
    """The head of an arrow, two thirds along the longest part of the line."""
    start, end = max(pairwise(line), key=lambda part: _length(*part))
    length = _length(start, end) or 1
    (x, y), (over, down) = start, (end[0] - start[0], end[1] - start[1])
    x, y = x + over * 2 / 3, y + down * 2 / 3
    ahead, aside = (over / length * ARROW, down / length * ARROW), (-down / length * ARROW, over / length * ARROW)
    corners = (
        (x + ahead[0], y + ahead[1]),
        (x - ahead[0] + aside[0], y - ahead[1] + aside[1]),
        (x - ahead[0] - aside[0], y - ahead[1] - aside[1]),
    )
    return f"M{' L'.join(map(_written, corners))} z"


def _towards(corner: Point, point: Point) -> Point:
    """Where the bend at a corner begins, on the way to a point."""
    length = _length(corner, point)
    share = min(BEND, length / 2) / length if length else 0
    return corner[0] + (point[0] - corner[0]) * share, corner[1] + (point[1] - corner[1]) * share


def _length(one: Point, other: Point) -> float:
    return abs(other[0] - one[0]) + abs(other[1] - one[1])  # one of the two is 0


def _written(point: Point) -> str:
    return f"{point[0]:.6g} {point[1]:.6g}"
