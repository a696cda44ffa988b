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


class _Int(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "i"


class _Long(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "l"


class _UnsignedLong(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "L"


class _Pointer(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "z"


class _Function(CFuncPtr):
    """Of the C library, which returns an int; other threads may run beside it.

    What lies in the upper half of the register is not said: of a prctl(2) that fails, nothing does.
    """

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = _Int


class _SystemCall(CFuncPtr):
    """syscall(2), which returns a long."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = _Long


class _LockedSystemCall(CFuncPtr):
    """The same with the interpreter's lock held: a child must own it when it wakes."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO | FUNCFLAG_PYTHONAPI
    _restype_ = _Long


class _Hook(CFuncPtr):
    """Of the interpreter; it returns nothing."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_PYTHONAPI
    _restype_ = None


_program = dlopen(None, 0)  # type: ignore[arg-type] # None: what is loaded already


def call(function: str, *arguments: Argument) -> int:
    """What the C function returns. Raises OSError, its filename the function's name, when that is -1."""
    return _call(_SystemCall if function == "syscall" else _Function, function, arguments)


def call_locked(*arguments: Argument) -> int:
    """What syscall(2) returns, as of call(), with the interpreter's lock held throughout."""
    return _call(_LockedSystemCall, "syscall", arguments)


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
