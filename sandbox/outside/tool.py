"""A program of others that works for init, with what it needs and no more: nft, slirp4netns."""

from __future__ import annotations

import os
import select

from .. import messages
from ..errors import NotAllowed
from ..init import program
from ..kernel import caps, descriptors, namespace, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import NoReturn

SIGKILL = 9
READY_WITHIN_MS = 10_000
# In a user's PATH the directories of root's programs are often missing.
ALSO_IN = "/usr/sbin:/sbin"
NETNS_FD = 3


def find(name: str, *, package: str, purpose: str) -> str:
    """The path of a program. Raises NotAllowed with the package that brings it."""
    path = f"{os.environ.get('PATH', program.DEFAULT_PATH)}:{ALSO_IN}"
    try:
        return program.find(name, {"PATH": path})
    except OSError:
        raise NotAllowed(f"{purpose} takes {name}, which is not installed", f"sudo apt-get install {package}") from None


class Tool:
    """A fork that waits where init is now, in the caller's network, to become `argv` once it is told to begin.

    It dies with the lab, as every process in its PID namespace does. Like this process it ignores SIGPIPE, so that it
    may speak when nobody hears it any more; unless it `minds_signals`.
    """

    def __init__(self, argv: list[str], capabilities: list[int], *, minds_signals: bool = False) -> None:
        self._said, said = os.pipe2(os.O_CLOEXEC)
        self._word, word = messages.pair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                if minds_signals:
                    signals.reset()
                _become(argv, capabilities, said, word)
            finally:
                os._exit(127)
        os.close(said)
        word.close()

    def begin(self, netns_fd: int, words: str = "", *, inside: bool = False) -> None:
        """Let it begin: `netns_fd` is its descriptor 3, or with `inside` the network it is in; it reads `words`."""
        messages.send(self._word, {"words": words, "inside": ["yes"] if inside else []}, descriptors=[netns_fd])
        self._word.close()

    def hear(self, enough: Callable[[str], bool] = lambda _: False) -> tuple[str, bool]:
        """What it says until that is `enough`, and whether it is; else until it ends, or ten seconds are over."""
        poll = select.poll()
        poll.register(self._said, select.POLLIN)
        said = ""
        while not enough(said) and poll.poll(READY_WITHIN_MS):
            heard = os.read(self._said, 4096)
            if not heard:
                break
            said += heard.decode(errors="replace")
        os.close(self._said)
        return said.strip(), enough(said)

    def kill(self) -> None:
        """End it now, before the lab does."""
        os.kill(self.pid, SIGKILL)


def _become(argv: list[str], capabilities: list[int], said: int, word: socket) -> NoReturn:
    message, given, _ = messages.receive(word)
    if message is None:
        os._exit(0)
    if "inside" in message:
        namespace.enter_network(given[0])
    # It keeps both ends of its input: what it is to read is there, and the end of it never comes.
    words, writable = os.pipe()
    os.write(writable, message["words"][0].encode())
    descriptors.place({0: words, 1: said, 2: said, NETNS_FD: given[0], NETNS_FD + 1: writable})
    caps.keep_only(capabilities)
    os.execv(argv[0], argv)
