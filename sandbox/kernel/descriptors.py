"""Which descriptors a process keeps across exec, under which numbers, and how many it may have."""

from __future__ import annotations

import fcntl
import os

from .libc import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Limits = dict[int, tuple[int, int]]

SYS_CLOSE_RANGE = 436  # the same number on every architecture
CLOSE_RANGE_CLOEXEC = 4
LAST = 0xFFFF_FFFF


def above(fd: int, lowest: int) -> int:
    """A copy of `fd`, numbered `lowest` or higher, closed on exec."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)


def place(wanted: dict[int, int]) -> None:
    """Give each descriptor (a value) its number (the key) and keep just these across exec.

    Nothing below the highest number is free to hold something else meanwhile; callers move theirs `above`.
    """
    # First all out of the way: a number that is wanted may be where another one still lies.
    copies = {number: above(fd, max(wanted) + 1) for number, fd in wanted.items()}
    keep_none()
    for number, copy in copies.items():
        os.dup2(copy, number, inheritable=True)
        os.close(copy)


def keep_none() -> None:
    """Keep no descriptor across exec."""
    call("syscall", SYS_CLOSE_RANGE, 0, LAST, CLOSE_RANGE_CLOEXEC)


def close_others(kept: Iterable[int]) -> None:
    """Close every descriptor but those `kept`."""
    lowest = 0
    for fd in sorted(kept):
        if fd > lowest:
            call("syscall", SYS_CLOSE_RANGE, lowest, fd - 1, 0)
        lowest = fd + 1
    close_from(lowest)


def close_from(lowest: int) -> None:
    """Close `lowest` and every higher descriptor."""
    call("syscall", SYS_CLOSE_RANGE, lowest, LAST, 0)


def make_room(wanted: int) -> Limits:
    """Allow this process `wanted` descriptors, if it can; returns the limit by number as it was, if it was changed.

    RLIMIT_NOFILE of getrlimit(2).
    """
    if not 0 <= os.sysconf("SC_OPEN_MAX") < wanted:
        return {}
    import resource  # few labs are that large

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return {}
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return {resource.RLIMIT_NOFILE: (soft, hard)}
