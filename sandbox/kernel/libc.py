"""Functions of the C library and of the interpreter that Python has no name for. The only file that loads them.

`_ctypes` is what the public ctypes is made of, and on its own 1.5 ms faster to import: a launch takes 25.
"""

from __future__ import annotations

import os
import sys
from _ctypes import (
    FUNCFLAG_CDECL,
    FUNCFLAG_PYTHONAPI,
    FUNCFLAG_USE_ERRNO,
    CFuncPtr,
    _SimpleCData,
    dlopen,
    dlsym,
    get_errno,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Argument = int | bytes | None


class _Long(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "l"


class _UnsignedLong(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "L"


class _Pointer(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "z"


class _Function(CFuncPtr):
    """Of the C library; other threads may run beside it."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = _Long


class _LockedFunction(CFuncPtr):
    """Of the C library, with the interpreter's lock held: a child must own it when it wakes."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO | FUNCFLAG_PYTHONAPI
    _restype_ = _Long


class _Hook(CFuncPtr):
    """Of the interpreter; it returns nothing."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_PYTHONAPI
    _restype_ = None


_program = dlopen(None, 0)  # type: ignore[arg-type] # None: what is loaded already


def call(function: str, *arguments: Argument) -> int:
    """What the C function returns. Raises OSError, its filename the function's name, when that is -1."""
    return _call(_Function, function, arguments)


def call_locked(function: str, *arguments: Argument) -> int:
    """As call(), with the interpreter's lock held throughout."""
    return _call(_LockedFunction, function, arguments)


def address(data: bytes) -> int:
    """Where the first byte lies, for as long as `data` is held."""
    return int.from_bytes(memoryview(_Pointer(data)).tobytes(), sys.byteorder)


def hook(name: str) -> None:
    """Call a function of the interpreter that takes and returns nothing."""
    _Hook(dlsym(_program, name))()


def _call(kind: Any, function: str, arguments: tuple[Argument, ...]) -> int:
    words = [_UnsignedLong(each) if isinstance(each, int) else each for each in arguments]
    result: int = kind(dlsym(_program, function))(*words)
    if result == -1:
        errno = get_errno()
        raise OSError(errno, os.strerror(errno), function)
    return result
