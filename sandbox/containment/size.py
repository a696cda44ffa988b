"""Sizes as people write them."""

from __future__ import annotations

from ..errors import RequestError

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
MOST_BYTES = 1 << 62  # half of what the kernel counts with
MOST_DIGITS = 20


def read_size(what: str, given: object) -> int:
    """Bytes, or text such as "256M" and "1.5G" in powers of 1024. Raises RequestError, TypeError."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise TypeError(f"{what} is a number of bytes or text such as '64M', not {given!r}")
    size = given if isinstance(given, int) else _read(what, given)
    if not 0 < size < MOST_BYTES:
        raise RequestError(f"{what} {given!r}: out of range - write such as 64M or 1G")
    return size


def _read(what: str, text: str) -> int:
    number = text.lower().rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text.lower()[len(number) :]
    unit = unit[:1] if unit[1:] in ("b", "ib") else unit.removesuffix("b")
    whole, point, fraction = number.partition(".")
    digits = whole + fraction
    is_number = digits.isascii() and digits.isdecimal() and whole and (fraction or not point)
    if not is_number or unit not in UNITS or len(digits) > MOST_DIGITS:
        raise RequestError(f"{what} {text!r}: not a size - write such as 64M or 1G")
    scale: int = 10 ** len(fraction)
    return int(digits) * UNITS[unit] // scale


def spell_size(size: int) -> str:
    """The bytes in the largest unit that has no fraction: "256M"."""
    for unit in "tgmk":
        if size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit.upper()}"
    return str(size)
