"""The init of the next lab, forked before it is asked for.

A fork of Python is slow in its first milliseconds: each page it writes to has to be copied. A spare has that behind it,
and the program sends it the lab itself, without the fork server in between.
"""

from __future__ import annotations

import os
import select

from .. import messages
from ..kernel import clone
from ..plan import plan
from ..topology import Topology, words
from . import CALLER_FD, Init, is_privileged, keep_only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import NoReturn


def offer(requests: socket, caller_fd: int) -> bool:
    """Fork one from the fork server, and offer it to the program; whether that could be.

    It becomes the init of whatever lab is sent to it. It ends with the program, and when nobody can send it any more.
    """
    is_rootless = not is_privileged()
    ours, theirs = messages.pair()
    try:
        pid = clone.fork_into(clone.CLONE_NEWPID | (clone.CLONE_NEWUSER if is_rootless else 0))
        if pid == 0:
            try:
                _wait_for_a_lab(theirs, caller_fd, is_rootless=is_rootless)
            finally:
                os._exit(1)
        messages.send(requests, {"spare": ""}, descriptors=[ours.fileno()])
    except OSError:
        return False  # the init that is asked for will say what the kernel refuses
    finally:
        ours.close()
        theirs.close()
    return True


def _wait_for_a_lab(way: socket, caller_fd: int, *, is_rootless: bool) -> NoReturn:
    if is_rootless:
        from ..kernel import userns

        userns.map_identity(os.getuid(), os.getgid(), as_root=False)
    way = keep_only(way, caller_fd)
    _plan_a_lab()
    poll = select.poll()
    poll.register(way, select.POLLIN)
    poll.register(CALLER_FD, select.POLLIN)
    if any(fd == CALLER_FD for fd, _ in poll.poll()):
        os._exit(0)
    request, inherited, _ = messages.receive(way)
    if request is None:
        os._exit(0)
    way.close()
    init = Init(words.read(request), messages.adopt(inherited[0]), CALLER_FD, is_rootless=is_rootless, as_root=False)
    init.begin()


def _plan_a_lab() -> None:
    """Do what every lab does, so that the pages to which that writes are this process's own by then."""
    plan(words.read(words.spell(Topology.parse([("a:192.168.1.1", "b:192.168.1.2")]))))
