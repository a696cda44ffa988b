"""Being told when a file is removed: inotify(7)."""

from __future__ import annotations

import os

from .libc import call

# include/uapi/linux/inotify.h; a file that is still open has another link count once its name is gone: IN_ATTRIB
IN_ATTRIB, IN_MOVE_SELF, IN_DELETE_SELF = 0x4, 0x800, 0x400


def watch_removal(path: str) -> int:
    """A descriptor that becomes readable when the name `path` may be gone."""
    fd = call("inotify_init1", os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        call("inotify_add_watch", fd, os.fsencode(path), IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
    except BaseException:
        os.close(fd)
        raise
    return fd
