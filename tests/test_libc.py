"""Functions of the C library by their names."""

from __future__ import annotations

import ctypes
import errno

import pytest

from sandbox.kernel import libc


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("prctl", (28, 1 << 40, 0, 0, 0)),  # returns an int: the upper half of -1 is not there
        ("mount", (None, None, None, 0, None)),
        ("setns", (0xFFFF_FFFF, 0)),
        ("capset", (None, None)),
        ("syscall", (1 << 20,)),
    ],
)
def test_a_failure_is_seen_whatever_the_function_returns(function: str, arguments: tuple[int | None, ...]) -> None:
    with pytest.raises(OSError, match=f"'{function}'") as raised:
        libc.call(function, *arguments)
    assert raised.value.errno in (errno.EPERM, errno.EINVAL, errno.EFAULT, errno.EBADF, errno.ENOSYS)


def test_the_address_of_bytes_is_where_they_lie() -> None:
    data = b"some bytes\0and some more"
    assert ctypes.string_at(libc.address(data), len(data)) == data
