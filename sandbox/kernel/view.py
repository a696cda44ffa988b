"""What a process sees of the machine, its files and its name: left for another view, and come back to."""

from __future__ import annotations

import os

from . import namespace


class View:
    """The mount table, the root in it and the hostname that this process has now, held by descriptor."""

    def __init__(self) -> None:
        """Raises OSError."""
        self._namespaces = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in ("mnt", "uts")]
        self._root = os.open("/", os.O_PATH | os.O_CLOEXEC)

    def enter(self) -> None:
        """Come back to it: with one thread, CAP_SYS_CHROOT, and CAP_SYS_ADMIN over it."""
        namespace.enter_all(self._namespaces)
        # Whoever joins a mount namespace is at its root, which in a chroot is not the root that it had: setns(2).
        os.fchdir(self._root)
        os.chroot(".")

    def close(self) -> None:
        """Let go of it."""
        for fd in (*self._namespaces, self._root):
            os.close(fd)
