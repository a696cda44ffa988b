"""A command that is ready to execute and waits for the word to: those that start together all can, or none does."""

from __future__ import annotations

from .. import messages
from ..kernel.signals import posix
from .spawn import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .executor import Prepared
    from .loop import Loop
    from .start import Start

HARMLESS = (posix.SIGCHLD, posix.SIGCONT, posix.SIGURG, posix.SIGWINCH)
STOPPING = (posix.SIGSTOP, posix.SIGTSTP, posix.SIGTTIN, posix.SIGTTOU)


class Held:
    """Executes when its caller says so, and then tells `begun` its pid. A signal ends it as it would end a program."""

    def __init__(self, loop: Loop, start: Start, prepared: Prepared, begun: Callable[[int, Start], object]) -> None:
        self._loop = loop
        self._start = start
        self._prepared = prepared
        self._begun = begun
        messages.tell(start.report, {"ready": ""})
        loop.watch(start.report.fileno(), self._hear_word)
        loop.watch(start.told.fileno(), self._hear_signal)

    def _hear_word(self) -> None:
        word, _, _ = messages.receive(self._start.report)
        self._let_go()
        try:
            if word is None:
                self._start.give_up()
            else:
                self._begun(self._prepared.execute(self._start.streams), self._start)
        except Refusal as refusal:
            self._start.refuse(refusal.message)
        finally:
            self._prepared.close()

    def _hear_signal(self) -> None:
        message, _, _ = messages.receive(self._start.told)
        number = int(message["signal"][0]) if message else posix.SIGKILL
        if number in (*HARMLESS, *STOPPING):
            return
        self._let_go()
        messages.tell(self._start.told, {"exit": str(-number), "reached": []})
        self._start.give_up()
        self._prepared.close()

    def _let_go(self) -> None:
        for sock in (self._start.report, self._start.told):
            self._loop.forget(sock.fileno())
