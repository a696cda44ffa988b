"""Where a lesson takes place: a host of its own, which is a namespace of every kind it needs, and gone when it is over.

A learner needs no root and can break nothing: root there is root of a user namespace. It is the first and only node
of a lab, so whatever ends this program ends it. All commands share the mounts of one process that waits, for
`ip netns` keeps its names as mounts in /run/netns.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from shutil import which

from msgspec import Struct

from ..command import Command
from ..errors import NotAllowed, SandboxError
from ..init.program import DEFAULT_PATH
from ..lab import Lab
from ..topology import Topology

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol, Self

    from ..lab.process import Process
    from .state import Place

    class Stage(Protocol):
        """What carries out commands; a context, at whose end nothing of them is left."""

        def __enter__(self) -> Self: ...
        def __exit__(self, *_: object) -> None: ...
        def run(self, words: str) -> Outcome: ...
        def start(self, words: str, terminal: int, surroundings: Mapping[str, str]) -> Running: ...
        def guard_terminal(self, fd: int) -> None: ...
        def seen(self, state: dict[str, Place]) -> dict[str, Place]: ...

    class Running(Protocol):
        """What was started; its descriptor tells of its end."""

        def fileno(self) -> int: ...
        def poll(self) -> int | None: ...


HOST = "host"
# The pid by which others enter its mounts, once these are made; then it waits for the end of its input, or of all.
WAIT = "mount -t tmpfs -o mode=755,size=16m tmpfs /run && echo $$ && exec cat"
LONGEST_S = 60.0
PACKAGES = {
    "ip": "iproute2",
    "bridge": "iproute2",
    "ss": "iproute2",
    "nstat": "iproute2",
    "ping": "iputils-ping",
    "nft": "nftables",
    "python3": "python3",
    "tracepath": "iputils-tracepath",
    "sysctl": "procps",
    "nsenter": "util-linux",
}


class Outcome(Struct, frozen=True):
    """How a command ended, and all that it said."""

    status: int
    output: str


class World:
    """The stage that needs no root. Raises what Lab raises."""

    def __init__(self) -> None:
        with ExitStack() as opened:
            lab = opened.enter_context(Lab(Topology.alone(HOST), as_root=True))
            self.node = lab[HOST]
            self._waiting = self.node.popen(
                ["sh", "-c", WAIT],
                privileged=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=environment(),
            )
            opened.enter_context(self._waiting)
            assert self._waiting.stdout
            said = self._waiting.stdout.readline().strip()
            if not said.isdecimal():
                raise SandboxError(f"no place for a lesson: {said or 'sh has ended'} - see sandbox doctor")
            self._pid = said
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.kill()
        self._opened.close()

    def argv(self, words: str) -> tuple[str, ...]:
        """The command of the lab's node that carries out these words for `sh`."""
        return ("nsenter", "--target", self._pid, "--mount", "sh", "-c", words)

    def run(self, words: str) -> Outcome:
        """Carry out one line for `sh`, its input empty."""
        try:
            done = self.node.run(
                self.argv(words),
                privileged=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment(),
                cwd="/",
                timeout=LONGEST_S,
            )
        except subprocess.TimeoutExpired:
            raise SandboxError(f"`{words}` did not end within {LONGEST_S:.0f} s - see sandbox doctor") from None
        return Outcome(done.returncode, done.stdout.decode(errors="replace"))

    def start(self, words: str, terminal: int, surroundings: Mapping[str, str]) -> Process:
        """Begin one line for `sh` on a terminal, which becomes its own."""
        command = Command(
            node=HOST,
            argv=self.argv(words),
            environment=surroundings,
            terminal=True,
            privileged=True,
        )
        process = self.node.lab.start(command, (terminal, terminal, terminal))
        process.begin()
        return process

    def guard_terminal(self, fd: int) -> None:
        """Have its settings as they are now put back, should this program be killed."""
        self.node.lab.guard_terminal(fd)
        self.node.lab.channel.ask("state")  # when that is answered, they have been read

    def seen(self, state: dict[str, Place]) -> dict[str, Place]:
        """What of the state belongs to the lesson: all of it."""
        return state


def environment() -> dict[str, str]:
    """The environment of a lesson's commands: this one, speaking English, and finding what only root's PATH has."""
    path = f"{os.environ.get('PATH', DEFAULT_PATH)}:/usr/sbin:/sbin:{os.path.dirname(sys.executable)}"
    kept = {
        key: content
        for key, content in os.environ.items()
        # A proxy of this machine's is not reached from there, and not meant.
        if key and not key.startswith("LC_") and not key.lower().endswith("_proxy")
    }
    return {**kept, "PATH": path, "LC_ALL": "C.UTF-8"}


def check_programs(needs: Iterable[str]) -> None:
    """Raise NotAllowed for programs that are not there."""
    path = environment()["PATH"]
    missing = [name for name in needs if not which(name, path=path)]
    if missing:
        packages = " ".join(sorted({PACKAGES.get(name, name) for name in missing}))
        what = f"this lesson takes {', '.join(missing)}, which this machine lacks"
        raise NotAllowed(what, f"sudo apt-get install {packages}")
