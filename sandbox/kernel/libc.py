"""System calls that Python has no function for. The only file that loads the C library."""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)


def call(function: str, *arguments: int | bytes | ctypes._Pointer[ctypes.Structure] | None) -> int:
    """What the C function returns. Raises OSError, its filename the function's name, when that is -1."""
    words = (ctypes.c_ulong(each) if isinstance(each, int) else each for each in arguments)
    result: int = getattr(_libc, function)(*words)
    if result == -1:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno), function)
    return result
