"""Trees of mounts: copied, sealed, moved, and made the root. The newer half of mount(2): open_tree(2) and the rest.

A tree is held by descriptor before it is attached anywhere, so that whoever may open the source need not be who
mounts it, and no name in between can be exchanged for another.
"""

from __future__ import annotations

import _struct as struct
import os

from .libc import call

# The same numbers on every architecture.
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_OPENAT2, SYS_MOUNT_SETATTR = 428, 429, 437, 442
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE = -100, 0x1000, 0x8000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
MOVE_EMPTY_PATHS = 0x4 | 0x40  # MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH
RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_IN_ROOT = 0x02, 0x04, 0x10
MNT_DETACH = 2

# include/uapi/linux/mount.h: MOUNT_ATTR_*
READ_ONLY, NO_SETUID, NO_DEVICES, NO_EXECUTION, ID_MAPPED = 0x1, 0x2, 0x4, 0x8, 0x10_0000
ATTRIBUTES = struct.Struct("=QQQQ")  # struct mount_attr: set, clear, propagation, user namespace
HOW = struct.Struct("=QQQ")  # struct open_how: flags, mode, resolve


def copy(path: str) -> int:
    """A copy of the mounts at `path` and below it, attached nowhere; its descriptor. Raises OSError."""
    flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE
    return _call(path, SYS_OPEN_TREE, AT_FDCWD, os.fsencode(path), flags)


def attach(tree_fd: int, place_fd: int) -> None:
    """Mount a copy at a place."""
    _call("move_mount", SYS_MOVE_MOUNT, tree_fd, b"", place_fd, b"", MOVE_EMPTY_PATHS)


def restrict(tree: str | int, attributes: int) -> None:
    """Set attributes (READ_ONLY...) of all mounts of a tree, attached or not: mount_setattr(2)."""
    _set(tree, ATTRIBUTES.pack(attributes, 0, 0, 0))


def map_ids(tree_fd: int, userns_fd: int) -> None:
    """Show the files of a copy as they would belong in this user namespace: what is uid 0's, to its uid 0."""
    _set(tree_fd, ATTRIBUTES.pack(ID_MAPPED, 0, 0, userns_fd))


def inside(root_fd: int, path: str, *, through_links: bool = True) -> int:
    """The file at `path`, as it is found by who has `root_fd` for its root: no link leads out. An O_PATH descriptor."""
    links = RESOLVE_NO_MAGICLINKS if through_links else RESOLVE_NO_SYMLINKS
    how = HOW.pack(os.O_PATH | os.O_CLOEXEC, 0, RESOLVE_IN_ROOT | links)
    return _call(path, SYS_OPENAT2, root_fd, os.fsencode(path), how, len(how))


def change_root(new: str, old: str) -> None:
    """Make the mount at `new` the root of this mount namespace; the old one is at `old` then: pivot_root(2)."""
    call("pivot_root", os.fsencode(new), os.fsencode(old))


def let_go(path: str) -> None:
    """Unmount what is at `path` and below; it ends when nobody uses it any more."""
    call("umount2", os.fsencode(path), MNT_DETACH)


def _set(tree: str | int, attributes: bytes) -> None:
    if isinstance(tree, int):
        _call("mount_setattr", SYS_MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH | AT_RECURSIVE, attributes, len(attributes))
    else:
        path = os.fsencode(tree)
        _call(tree, SYS_MOUNT_SETATTR, AT_FDCWD, path, AT_RECURSIVE, attributes, len(attributes))


def _call(what: str, number: int, *arguments: int | bytes) -> int:
    try:
        return call("syscall", number, *arguments)
    except OSError as error:
        raise OSError(error.errno, error.strerror, what) from None
