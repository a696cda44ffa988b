"""New namespaces, those of the host, and mounts."""

# ruff: noqa: ARG001 - every probe is told of the bait

from __future__ import annotations

import contextlib
import ctypes
import os
import tempfile
from typing import Any

from .common import (
    AT_FDCWD,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    Refused,
    bait_process,
    in_child,
    others,
    passes,
    syscall,
)

SIGCHLD = 17
EINVAL, EBUSY, EFAULT = 22, 16, 14
MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x20, 0x1000, 0x4000, 0x40000


def new_user_namespace(bait: Any) -> str:
    """Have all capabilities in a user namespace of one's own."""
    return in_child(lambda: f"unshare {syscall('unshare', CLONE_NEWUSER)}")


def new_network_namespace(bait: Any) -> str:
    """Have a network of one's own."""
    return in_child(lambda: f"unshare {syscall('unshare', CLONE_NEWNET)}")


def new_mount_namespace(bait: Any) -> str:
    """Have a mount table of one's own."""
    return in_child(lambda: f"unshare {syscall('unshare', CLONE_NEWNS)}")


def new_process_namespace(bait: Any) -> str:
    """Be process 1."""
    return in_child(lambda: f"unshare {syscall('unshare', CLONE_NEWPID)}")


def new_user_namespace_by_clone(bait: Any) -> str:
    """A user namespace by clone(2)."""

    def attempt() -> str:
        if syscall("clone", CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) == 0:
            os._exit(0)
        return "clone"

    return in_child(attempt)


def new_user_namespace_by_clone3(bait: Any) -> str:
    """A user namespace by clone3(2), whose flags lie in memory."""

    def attempt() -> str:
        arguments = (ctypes.c_ulonglong * 8)(CLONE_NEWUSER, 0, 0, 0, SIGCHLD)
        if syscall("clone3", ctypes.byref(arguments), 64) == 0:
            os._exit(0)
        return "clone3"

    return in_child(attempt)


def network_of_another_process(bait: Any) -> str:
    """Enter the network namespace of any other process, even if it is the same."""
    for pid in others(bait):
        try:
            fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            return in_child(lambda fd=fd: f"setns {syscall('setns', fd, CLONE_NEWNET)}")  # type: ignore[misc]
        except (OSError, Refused):
            continue
    raise Refused("none")


def mounts_of_the_host(bait: Any) -> str:
    """Enter the mount namespace of a process of the host."""
    fd = os.open(f"/proc/{bait_process(bait)}/ns/mnt", os.O_RDONLY)
    return in_child(lambda: f"setns {syscall('setns', fd, CLONE_NEWNS)}")


def mounted(source: bytes, kind: bytes | None, flags: int = 0, *, namespaces: int = CLONE_NEWNS) -> str:
    """Mounts something, in namespaces of its own where it may have some."""

    def attempt() -> str:
        uid, gid = os.getuid(), os.getgid()
        with contextlib.suppress(OSError):
            syscall("unshare", namespaces)
        if namespaces & CLONE_NEWUSER:
            for file, text in (("uid_map", f"0 {uid} 1"), ("setgroups", "deny"), ("gid_map", f"0 {gid} 1")):
                with contextlib.suppress(OSError), open(f"/proc/self/{file}", "w", encoding="utf-8") as map_of:
                    map_of.write(text)
        return in_child(mount)

    def mount() -> str:
        with contextlib.suppress(OSError):
            syscall("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        target = tempfile.gettempdir().encode()
        syscall("mount", source, target, kind, flags, None)
        with contextlib.suppress(OSError):
            syscall("umount2", target, 2)
        return "mount"

    return in_child(attempt)


def mount_tmpfs(bait: Any) -> str:
    """Mount a tmpfs."""
    return mounted(b"tmpfs", b"tmpfs")


def mount_proc(bait: Any) -> str:
    """Mount a new /proc, whose masks are gone."""
    return mounted(b"proc", b"proc")


def mount_sysfs(bait: Any) -> str:
    """Mount a new /sys, which can be written."""
    return mounted(b"sysfs", b"sysfs")


def mount_cgroups(bait: Any) -> str:
    """Mount the cgroups."""
    return mounted(b"cgroup2", b"cgroup2")


def bind_mount(bait: Any) -> str:
    """Mount one directory over another."""
    return mounted(b"/etc", None, MS_BIND)


def mount_as_another_root(bait: Any) -> str:
    """Mount a tmpfs in a user namespace of one's own: the beginning of most attacks on the kernel."""
    return mounted(b"tmpfs", b"tmpfs", namespaces=CLONE_NEWUSER | CLONE_NEWNS)


def mount_proc_as_another_root(bait: Any) -> str:
    """Mount /proc in a user namespace of one's own."""
    return mounted(b"proc", b"proc", namespaces=CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)


def remount_root(bait: Any) -> str:
    """Make / writable again."""

    def attempt() -> str:
        with contextlib.suppress(OSError):
            syscall("unshare", CLONE_NEWNS)
            syscall("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        syscall("mount", None, b"/", None, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, None)
        return "mount"

    return in_child(attempt)


def unmount_something(bait: Any) -> str:
    """Take away a mount, and with it what it hides: /etc, which is none, so that EINVAL is allowed."""
    return passes(lambda: syscall("umount2", b"/etc", 0), EINVAL)


def pivot_root(bait: Any) -> str:
    """Change the root, to what it is."""
    return passes(lambda: syscall("pivot_root", b"/", b"/"), EINVAL, EBUSY)


def chroot(bait: Any) -> str:
    """Change the root of a child."""

    def attempt() -> str:
        os.chroot("/")
        return "chroot"

    return in_child(attempt)


def open_file_system(bait: Any) -> str:
    """Begin a mount by the calls of Linux 5.2."""
    return f"descriptor {syscall('fsopen', b'tmpfs', 0)}"


def copy_of_the_tree(bait: Any) -> str:
    """Copy the tree of mounts to a descriptor: open_tree(2), OPEN_TREE_CLONE."""
    return f"descriptor {syscall('open_tree', AT_FDCWD, b'/', 1)}"


def attributes_of_mounts(bait: Any) -> str:
    """Change attributes of a mount, with a structure that lies nowhere."""
    return passes(lambda: syscall("mount_setattr", AT_FDCWD, b"/", 0, 1, 32), EFAULT)


def nested_sandbox(bait: Any) -> str:
    """A sandbox in the sandbox: user, mount and network namespaces at once."""
    return in_child(lambda: f"unshare {syscall('unshare', CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET)}")
