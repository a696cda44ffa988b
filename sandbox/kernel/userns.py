"""User namespaces: privilege over networks of one's own, and over nothing else."""

from __future__ import annotations

import os


def map_identity(uid: int, gid: int, *, as_root: bool = False) -> None:
    """Give this process, new in its user namespace, its own ids there; or 0 and 0 with `as_root`.

    A process without privilege outside may map one id, its own: user_namespaces(7).
    """
    # Without privilege a gid can be mapped only after giving up setgroups(2): dropping a group could
    # open a file that denies that group (CVE-2014-8989).
    write_ids("/proc/self/setgroups", "deny")
    write_ids("/proc/self/gid_map", f"{0 if as_root else gid} {gid} 1")
    write_ids("/proc/self/uid_map", f"{0 if as_root else uid} {uid} 1")


def write_ids(path: str, text: str) -> None:
    """Say which ids there are: all of a map in one write, user_namespaces(7)."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
