"""Numbers of bytes as people write them. Pure."""

from __future__ import annotations

MOST_DIGITS = 20
UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}


def read_size(text: str) -> int:
    """The bytes in "256M", "1.5g" or "512KiB": units are powers of 1024, as Docker has them. Raises ValueError."""
    lower: str = text.lower()
    number = lower.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = lower[len(number) :]
    if len(unit) > 1:
        unit = unit.removesuffix("ib") if unit.endswith("ib") else unit.removesuffix("b")
    whole, point, fraction = number.partition(".")
    if not (is_digits(whole) and (is_digits(fraction) or not point)) or unit not in UNITS:
        raise ValueError(text)
    scale: int = 10 ** len(fraction)
    return int(whole + fraction) * UNITS[unit] // scale


def spell_size(size: int) -> str:
    """The bytes in the largest unit that has no fraction: "256M"."""
    for unit in "pgtmk":
        if size and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit.upper()}"
    return str(size)


def is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
