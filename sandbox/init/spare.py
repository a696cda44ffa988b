"""The init of the next lab, forked before it is asked for.

A fork of Python is slow in its first milliseconds: each page it writes to has to be copied. A spare has that behind it.
"""

from __future__ import annotations

import os
import select

from .. import messages
from ..kernel import clone, descriptors
from ..plan import plan
from ..topology import Topology, words
from . import Init, is_privileged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence
    from typing import NoReturn


def suits(request: Mapping[str, Sequence[str]]) -> bool:
    """Whether a lab, as words, needs no other beginning than most."""
    return not (request.get("as root") or request.get("contain") or request.get("limit"))


class Spare:
    """An init without a lab, from the side of the fork server. It ends with that, or with whoever has `caller_fd`."""

    is_waiting = True

    def __init__(self, caller_fd: int) -> None:
        """Fork it. Raises OSError."""
        self._way, way = messages.pair()
        is_rootless = not is_privileged()
        pid = clone.fork_into(clone.CLONE_NEWPID | (clone.CLONE_NEWUSER if is_rootless else 0))
        if pid == 0:
            try:
                _wait_for_a_lab(way, caller_fd, is_rootless=is_rootless)
            finally:
                os._exit(1)
        way.close()

    def take(self, request: Mapping[str, Sequence[str]], lab: socket) -> bool:
        """Have it become the init of a lab; whether it does: somebody may have killed it."""
        try:
            messages.send(self._way, request, descriptors=[lab.fileno()])
        except (BrokenPipeError, ConnectionResetError):
            return False
        finally:
            self._way.close()
            self.is_waiting = False
        return True


def _wait_for_a_lab(way: socket, caller_fd: int, *, is_rootless: bool) -> NoReturn:
    descriptors.close_others((0, 1, 2, caller_fd, way.fileno()))
    if is_rootless:
        from ..kernel import userns

        userns.map_identity(os.getuid(), os.getgid(), as_root=False)
    _plan_a_lab()
    poll = select.poll()
    poll.register(way, select.POLLIN)
    poll.register(caller_fd, select.POLLIN)
    if any(fd == caller_fd for fd, _ in poll.poll()):
        os._exit(0)
    request, inherited, _ = messages.receive(way)
    if request is None:
        os._exit(0)
    init = Init(words.read(request), messages.adopt(inherited[0]), caller_fd, is_rootless=is_rootless, as_root=False)
    init.begin()


def _plan_a_lab() -> None:
    """Do what every lab does, so that the pages to which that writes are this process's own by then."""
    plan(words.read(words.spell(Topology.parse([("a:192.168.1.1", "b:192.168.1.2")]))))
