"""What a process sees of the machine: left for another view, and come back to."""

from __future__ import annotations

import os

from . import namespace

# Names in /proc/PID/ns.
FILES_AND_NAME = ("mnt", "uts")
NETWORK_FILES_AND_NAME = ("net", *FILES_AND_NAME)


class View:
    """A mount table, the root in it, a hostname, perhaps a network; held by descriptor, gone with their last user."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        """What this process sees now. Raises OSError."""
        self._namespaces = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in kinds]
        self._root = os.open("/", os.O_PATH | os.O_CLOEXEC)

    def enter(self) -> None:
        """Give this process, which must have one thread, this view. Needs CAP_SYS_ADMIN over it, CAP_SYS_CHROOT."""
        namespace.enter_all(self._namespaces)
        # Whoever joins a mount namespace is at its root, which in a chroot is not the root that it had: setns(2).
        os.fchdir(self._root)
        os.chroot(".")

    def close(self) -> None:
        """Let go of it."""
        for fd in (*self._namespaces, self._root):
            os.close(fd)
