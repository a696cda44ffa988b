"""Numbers as a person reads them."""

from __future__ import annotations

from math import floor, log10

DIGITS = 3


def amount(value: float) -> str:
    """Three digits that mean something: 0.053, 1.40, 31.9, 1240."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{DIGITS - 1}e}")  # first: 99.96 is 100, not 100.0
    return f"{value:.{max(0, DIGITS - 1 - floor(log10(abs(rounded))))}f}"


def times(ratio: float | None) -> str:
    """How many times as much; nothing where that is not known."""
    return "" if ratio is None else f"{amount(ratio)} x"
