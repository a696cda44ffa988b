"""The one name that a kept lab has: a socket, at which others of the same user may come in."""

from __future__ import annotations

import os

from .. import messages
from ..kernel import inotify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable

    from .loop import Loop

ROOT = 0


class Door:
    """Lets clients in until it is closed. Whoever removes the socket's file ends the lab: nobody could reach it."""

    def __init__(
        self,
        loop: Loop,
        listening: socket,
        path: str,
        *,
        welcome: Callable[[socket], object],
        gone: Callable[[], object],
    ) -> None:
        self.path = path
        self._listening = listening
        self._welcome = welcome
        self._gone = gone
        self._removal_fd = inotify.watch_removal(path)
        loop.watch(listening.fileno(), self._open)
        loop.watch(self._removal_fd, self._look)

    def close(self) -> None:
        """Take the name away, and the directory if no other lab has one there."""
        try:
            os.unlink(self.path)
            os.rmdir(os.path.dirname(self.path))
        except OSError:
            return

    def _open(self) -> None:
        client, uid = messages.accept(self._listening)
        if uid in (ROOT, os.getuid()):
            self._welcome(client)
        else:
            client.close()

    def _look(self) -> None:
        os.read(self._removal_fd, 4096)
        if not os.path.exists(self.path):
            self._gone()
