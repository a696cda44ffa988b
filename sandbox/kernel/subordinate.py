"""Ids that an ordinary user may give to others, in a user namespace of theirs: subuid(5), newuidmap(1).

A user namespace made without privilege has one id, and more where root has granted some: then newuidmap and newgidmap,
which are root's programs, map them.
"""

from __future__ import annotations

import os

from . import clone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Grant = tuple[int, int]  # from which id on, and how many

FILES = ("/etc/subuid", "/etc/subgid")
PROGRAMS = ("newuidmap", "newgidmap")
PLACES = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")


def granted(uid: int) -> tuple[Grant, Grant] | None:
    """The uids and the gids that a user was granted, the first range of each; None where they cannot be used."""
    if not all(map(_program, PROGRAMS)):
        return None
    uids, gids = (_grant(path, uid) for path in FILES)
    return (uids, gids) if uids and gids else None


def give(pid: int, own: Sequence[int], first: int, grants: Sequence[Grant]) -> None:
    """Give a process, new in its user namespace, its `own` uid and gid, and from `first` on what was granted.

    Whether that was done its maps tell: without uids it gets no gids either.
    """
    for name, ids, own_id, (start, count) in zip(PROGRAMS, ("uid_map", "gid_map"), own, grants, strict=True):
        words = [_program(name), str(pid), str(own_id), str(own_id), "1", str(first), str(start), str(count)]
        quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        program = os.posix_spawn(words[0], words, {}, file_actions=quiet)
        clone.reap(program)
        with open(f"/proc/{pid}/{ids}", encoding="utf-8") as file:
            if not file.read():
                return


def is_mapped() -> bool:
    """Whether this process has ids already."""
    with open("/proc/self/uid_map", encoding="utf-8") as uids, open("/proc/self/gid_map", encoding="utf-8") as gids:
        return bool(uids.read()) and bool(gids.read())


def _grant(path: str, uid: int) -> Grant | None:
    names = {str(uid), _name(uid)}
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.strip().split(":") for line in file]
    except OSError:
        return None
    for name, *numbers in lines:
        if name in names and len(numbers) == 2 and all(map(str.isdecimal, numbers)) and int(numbers[1]):
            return int(numbers[0]), int(numbers[1])
    return None


def _name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def _program(name: str) -> str:
    """Its path; empty where it is not installed."""
    return next((f"{place}/{name}" for place in PLACES if os.access(f"{place}/{name}", os.X_OK)), "")
