"""How much may be in a tmpfs."""

from __future__ import annotations

from .. import sizes
from ..errors import RequestError

MOST_BYTES = 1 << 62  # half of what the kernel counts with


def read_size(what: str, given: object) -> int:
    """Bytes, or text such as "256M" and "1.5G" in powers of 1024. Raises RequestError, TypeError."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise TypeError(f"{what} is a number of bytes or text such as '64M', not {given!r}")
    try:
        size = given if isinstance(given, int) else sizes.read_size(given)
    except ValueError:
        raise RequestError(f"{what} {given!r}: not a size - write such as 64M or 1G") from None
    if not 0 < size < MOST_BYTES:
        raise RequestError(f"{what} {given!r}: out of range - write such as 64M or 1G")
    return size
