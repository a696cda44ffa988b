"""An instance of the proc file system, held by a descriptor alone: fsopen(2), fsmount(2)."""

from __future__ import annotations

import os

from .libc import call

SYS_FSOPEN, SYS_FSCONFIG, SYS_FSMOUNT = 430, 431, 432  # the same numbers on every architecture
FSOPEN_CLOEXEC, FSCONFIG_CMD_CREATE, FSMOUNT_CLOEXEC = 1, 6, 1


def open_instance() -> int:
    """The root of a new instance, mounted nowhere. Raises OSError where this process may not mount."""
    context = call("syscall", SYS_FSOPEN, b"proc", FSOPEN_CLOEXEC)
    try:
        call("syscall", SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, None, None, 0)
        return call("syscall", SYS_FSMOUNT, context, FSMOUNT_CLOEXEC, 0)
    finally:
        os.close(context)
