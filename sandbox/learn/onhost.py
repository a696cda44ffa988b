"""The stage that is the real host: names of namespaces that a second terminal sees too, and gone when it is over."""

from __future__ import annotations

import os
import select
from time import monotonic

from msgspec import structs

from .. import messages
from ..errors import NotAllowed, RequestError, SandboxError
from . import guardian
from .belongings import belongings, stray
from .stage import LONGEST_S, Outcome, environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from ..lessons.lesson import Lesson
    from .state import Place

LOOPBACK = "lo"
LONGEST_STATUS = 16


class OnHost:
    """The stage of a lesson called `name` on this very host.

    Raises RequestError for a lesson that would change more than what it makes, NotAllowed without root and where a
    name that it makes is taken.
    """

    def __init__(self, name: str, lesson: Lesson) -> None:
        check(name, lesson)
        self._host = lesson.places[0]
        self._links = belongings(lesson).links
        self._guardian, self._pid, self._record = guardian.start(belongings(lesson))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Returns when everything is taken away. Raises SandboxError for what could not be."""
        del failure
        if not self._pid:
            return
        self._guardian.close()
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if status == guardian.CLEAN:
            os.close(self._record.fd)
            return
        guardian.end_all()
        self._record.clean()
        self._record.remove()

    def run(self, words: str) -> Outcome:
        """Carry out one line for `sh`, its input empty."""
        output = os.memfd_create("output", os.MFD_CLOEXEC)
        try:
            command = self._send(words, output, environment())
            status = command.wait(words)
            with open(output, "rb", closefd=False) as file:
                file.seek(0)
                return Outcome(status, file.read().decode(errors="replace"))
        finally:
            os.close(output)

    def start(self, words: str, terminal: int, surroundings: Mapping[str, str]) -> Running:
        """Begin one line for `sh` on a terminal, which becomes its own."""
        return self._send(words, terminal, surroundings, "interactive")

    def guard_terminal(self, fd: int) -> None:
        """Have its settings as they are now put back, should this program be killed."""
        read, reads = os.pipe2(os.O_CLOEXEC)
        try:
            messages.tell(self._guardian, {"terminal": ""}, descriptors=[fd, reads])
        finally:
            os.close(reads)
        os.read(read, 1)  # nothing, once they have been read
        os.close(read)

    def seen(self, state: dict[str, Place]) -> dict[str, Place]:
        """What of the state belongs to the lesson: what else the host has is not its affair."""
        if self._host not in state:
            return state
        host = state[self._host]
        own = {LOOPBACK, *self._links}
        seen = structs.replace(
            host,
            interfaces=tuple(each for each in host.interfaces if each.name in own),
            routes=tuple(each for each in host.routes if each.dev in self._links),
            neighbours=tuple(each for each in host.neighbours if each.dev in self._links),
        )
        return {**state, self._host: seen}

    def _send(self, words: str, output: int, surroundings: Mapping[str, str], *flags: str) -> Running:
        told, tells = os.pipe2(os.O_CLOEXEC)
        message = {
            "words": words,
            "env": [f"{key}={content}" for key, content in self._record.marked(surroundings).items()],
            **dict.fromkeys(flags, ""),
        }
        try:
            messages.tell(self._guardian, message, descriptors=[output, tells])
        finally:
            os.close(tells)
        return Running(told)


class Running:
    """A command that was begun; its descriptor tells of its end."""

    def __init__(self, told: int) -> None:
        self._told = told
        self._status: int | None = None

    def fileno(self) -> int:
        """Readable when it has ended."""
        return self._told

    def poll(self) -> int | None:
        """Its status, None while it runs. Raises SandboxError when that will never be known."""
        if self._status is None and self._has_ended(0):
            said = os.read(self._told, LONGEST_STATUS)
            os.close(self._told)
            if not said:
                raise SandboxError("the guardian of the lesson was killed - begin it again")
            self._status = int(said)
        return self._status

    def wait(self, words: str) -> int:
        """Its status. Raises SandboxError when it takes too long."""
        deadline = monotonic() + LONGEST_S
        while (status := self.poll()) is None:
            if not self._has_ended(max(0, deadline - monotonic())):
                raise SandboxError(f"`{words}` did not end within {LONGEST_S:.0f} s - see sandbox doctor")
        return status

    def _has_ended(self, within_s: float) -> bool:
        poll = select.poll()
        poll.register(self._told, select.POLLIN)
        return bool(poll.poll(within_s * 1000))


def check(name: str, lesson: Lesson) -> None:
    """Raise RequestError for a lesson that may not be given on a real host, NotAllowed for who may not."""
    fix = "leave out --on-host: it then has a host of its own"
    if not lesson.on_host:
        raise RequestError(f"{name!r}: this lesson changes the host itself - {fix}")
    if words := stray(lesson):
        raise RequestError(f"{name!r}: `{words}` may change more of the host than what the lesson makes - {fix}")
    if os.geteuid() != 0:
        raise NotAllowed("the real host's namespaces are root's", f"sudo sandbox learn {name} --on-host; or {fix}")
