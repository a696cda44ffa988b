"""A wall that a process builds around itself, without privilege and for good: landlock(7).

Beside the view of files that mounts make, it still stands when one of these was forgotten, or a descriptor leads out.
"""

from __future__ import annotations

import _struct as struct
import errno
import os
import stat

from .libc import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# The same numbers on every architecture.
SYS_CREATE_RULESET, SYS_ADD_RULE, SYS_RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
NO_DESCRIPTOR = 0xFFFF_FFFF
ABSENT = (-errno.ENOSYS, -errno.EOPNOTSUPP)
RULE_PATH_BENEATH = 1
RULE = struct.Struct("=Qi")  # struct landlock_path_beneath_attr: what is allowed, and below which descriptor

# Of include/uapi/linux/landlock.h: LANDLOCK_ACCESS_FS_*.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, IOCTL_DEV, RESOLVE_UNIX = 1 << 14, 1 << 15, 1 << 16
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV | RESOLVE_UNIX
TO_READ = EXECUTE | READ_FILE | READ_DIR

# What can be forbidden from which version of the interface on: accesses to files, and LANDLOCK_SCOPE_*. Those to the
# network (version 4) are left to the network namespace; a version takes nothing away that one before it had.
ACCESSES = {1: (1 << 13) - 1, 2: 1 << 13, 3: TRUNCATE, 5: IOCTL_DEV, 9: RESOLVE_UNIX}
SCOPES = {6: 1 << 0 | 1 << 1}  # abstract sockets of others, and signals to others
WALLS = {1: "files", 3: "truncation", 5: "ioctl on devices", 6: "signals and abstract sockets", 9: "named sockets"}


def version() -> int:
    """That of the interface which this kernel offers; 0 for none (before Linux 5.13), or when it was not started.

    Raises OSError when one of the three calls is missing: a kernel has all of them or none.
    """
    answer = _answer(SYS_CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    if answer >= 0:
        return answer
    # One alone that is missing, or any other error, is somebody's doing: a filter's, and no reason to go without.
    if answer not in ABSENT or _answer(SYS_RESTRICT_SELF, NO_DESCRIPTOR, 0) != answer:
        raise OSError(-answer, os.strerror(-answer), "landlock_create_ruleset")
    return 0


def restrict(readable: Iterable[str | int], writable: Iterable[str | int], *, alone: bool = True) -> list[str]:
    """Keep this process, and all that it will execute, to what lies below these; returns what is walled off.

    Each is a path, or a descriptor (O_PATH will do). What is `readable` may also be executed; what is `writable` may
    be anything. Files that are open already stay as they are, but to open them anew, as by /dev/stdout, they have to be
    among these: descriptors 0, 1 and 2 as well. Of one that is `alone` signals and abstract sockets reach only who has
    gone through the same call, or through one more: whoever shall share a wall is to be forked behind it.

    An older kernel builds a lower wall, as the documentation of Landlock would have it, and one without Landlock none:
    see `version`. Needs no_new_privs. Whoever is behind a wall of files can mount no more.
    """
    offered = version()
    if offered == 0:
        return []
    accesses, scopes = _up_to(offered, ACCESSES), _up_to(offered, SCOPES) if alone else 0
    # struct landlock_ruleset_attr: files, network, scopes. What a kernel does not know of it has to be zero.
    ruleset_fd = call("syscall", SYS_CREATE_RULESET, struct.pack("=QQQ", accesses, 0, scopes), 24, 0)
    try:
        for place in readable:
            _allow(ruleset_fd, place, accesses & TO_READ)
        for place in writable:
            _allow(ruleset_fd, place, accesses)
        call("syscall", SYS_RESTRICT_SELF, ruleset_fd, 0)
    except OSError as error:
        raise OSError(error.errno, error.strerror, _named(error.filename)) from None
    finally:
        os.close(ruleset_fd)
    return [wall for first, wall in WALLS.items() if first <= offered and (alone or first not in SCOPES)]


def _answer(number: int, *arguments: int | None) -> int:
    """What a call returns, or its error below zero."""
    try:
        return call("syscall", number, *arguments)
    except OSError as error:
        return -(error.errno or 0)


def _up_to(version: int, bits: dict[int, int]) -> int:
    return sum(those for first, those in bits.items() if first <= version)


def _allow(ruleset_fd: int, place: str | int, accesses: int) -> None:
    fd = place if isinstance(place, int) else os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        # The kernel refuses what makes no sense for a file (EINVAL).
        allowed = accesses if stat.S_ISDIR(os.fstat(fd).st_mode) else accesses & OF_A_FILE
        call("syscall", SYS_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, RULE.pack(allowed, fd), 0)
    except OSError as error:
        if error.errno != errno.EBADFD:  # a pipe or socket, which has no place among files, and is never denied
            raise
    finally:
        if fd != place:
            os.close(fd)


def _named(file: object) -> str:
    return "landlock" if file in ("syscall", None) else str(file)
