"""The caller's end of the way to init: questions and answers, and what init refuses as errors."""

from __future__ import annotations

import os

from .. import messages
from ..errors import LabClosed, NotAllowed, RequestError, SandboxError, StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Mapping, Sequence

    from ..messages import Message

    Question = Mapping[str, str | Sequence[str]]


class Channel:
    """A connection to the init of a lab, safe from any thread: each question has an answer of its own."""

    def __init__(self, sock: socket) -> None:
        self.socket = sock

    @property
    def is_closed(self) -> bool:
        """Whether close() was called."""
        return self.socket.fileno() < 0

    def close(self) -> None:
        """Hang up. What init makes of that depends on whether it is kept."""
        self.socket.close()

    def greeting(self, progress: Callable[[int, int], object] | None = None) -> tuple[Message, int, int]:
        """What init says first, a pidfd on it, and its pid. Raises NotAllowed or StepFailed when it could not build.

        Until then `progress` is told how many steps of how many are done, if that takes long.
        """
        message, descriptors, pid = messages.receive(self.socket)
        while message and "of" in message:
            if progress:
                progress(int(message["done"][0]), int(message["of"][0]))
            message, descriptors, pid = messages.receive(self.socket)
        if message is None:
            raise LabClosed("the lab's init was killed while it built the network")
        check(message)
        return message, descriptors[0], pid

    def tell(self, fields: Question, *descriptors: int) -> None:
        """Say what has no answer."""
        messages.send(self.socket, fields, descriptors=descriptors)

    def mention(self, fields: Question) -> None:
        """Say what nobody need hear: init may have been killed, and is ending then anyway."""
        messages.tell(self.socket, fields)

    def ask(self, what: str, *descriptors: int, **fields: str) -> Message:
        """The answer to a question. Raises RequestError, StepFailed, LabClosed."""
        return self.ask_for_descriptors({"ask": what, **fields}, *descriptors)[0]

    def ask_for_descriptors(self, question: Question, *descriptors: int) -> tuple[Message, list[int]]:
        """The answer to a question, and the descriptors that came with it."""
        ours, theirs = messages.pair()
        try:
            messages.send(self.socket, question, descriptors=[theirs.fileno(), *descriptors])
            theirs.close()
            answer, received, _ = messages.receive(ours)
        except OSError:
            raise LabClosed("the lab is closed - use it before close()") from None
        finally:
            ours.close()
            theirs.close()
        if answer is None:
            raise LabClosed("the lab's init was killed")
        check(answer)
        return answer, received


def check(message: Message) -> None:
    """Raise what init tells of, if it tells of something that went wrong."""
    if "bug" in message:
        raise SandboxError(f"a bug in sandbox, please report it:\n{message['bug'][0]}")
    if "request" in message:
        raise RequestError(message["request"][0])
    if "refused" in message:
        raise _refusal(message)


def _refusal(message: Message) -> SandboxError:
    """What the kernel said to init, as an error; NotAllowed where a setting of this machine explains it."""
    if "fix" in message:
        return NotAllowed(message["refused"][0], message["fix"][0])
    from ..doctor import forbidden

    number = int(message["errno"][0])
    said = os.strerror(number)
    if "stage" in message:
        stage = message["stage"][0]
        failure = StepFailed(f"cannot {stage}: {said}", "unshare --user --pid --net true", number)
        return forbidden(number, stage) or failure
    words = f' (kernel: "{message["words"][0]}")' if message["words"][0] else ""
    failure = StepFailed(f"{message['refused'][0]}: {said}{words}", message["by hand"][0], number)
    return forbidden(number, "net") or failure
