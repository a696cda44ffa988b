"""The services of a kept lab, from the side of init: each one's command, its log, and what became of it."""

from __future__ import annotations

import os
from time import time

from .. import messages
from ..errors import RequestError
from .log import Log, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Sequence

    from ..command import Command
    from .commands import Commands
    from .loop import Loop

STDERR = 2
PIPE_BYTES = 64 * 1024  # what a pipe holds: pipe(7)


class Duty:
    """A service of one node: running, or ended with `returncode`. Its log goes on when it is started again."""

    def __init__(self, command: Command, log: Log) -> None:
        self.command = command
        self.log = log
        self.returncode: int | None = None
        self.since_s = time()
        self.drains: list[Callable[[], object]] = []

    @property
    def is_running(self) -> bool:
        return self.returncode is None

    def end(self, returncode: int, reached: Sequence[str]) -> None:
        """Note that it ended. Which limits it has reached stands last in its log, as an error of it."""
        self.returncode = returncode
        self.since_s = time()
        for drain in tuple(self.drains):
            drain()
        for limit in reached:
            self.log.add(STDERR, f"sandbox: {limit}\n".encode())
        self.log.close()


class Duties:
    """The services by node, at most one each."""

    def __init__(self, loop: Loop, commands: Commands) -> None:
        self._loop = loop
        self._commands = commands
        self._of: dict[str, Duty] = {}

    def begin(self, command: Command, inherited: list[int]) -> None:
        """Start a service. `inherited`: who is told of it, and how it reports."""
        before = self._of.get(command.node)
        duty = self._of[command.node] = Duty(command, before.log if before else Log())
        duty.log.open()
        nowhere = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        streams = [self._record(duty, stream) for stream in (1, 2)]
        self._commands.start(command, [*inherited, nowhere, *streams], ended=duty.end)

    def begin_again(self, node: str, inherited: list[int]) -> None:
        """Start the service of `node` once more. Raises RequestError while it runs."""
        duty = self.of(node)
        if duty.is_running:
            raise RequestError(f"{node!r}: its service runs already - stop it first")
        self.begin(duty.command, inherited)

    def of(self, node: str) -> Duty:
        """The service of `node`. Raises RequestError where there is none."""
        if node not in self._of:
            known = ", ".join(self._of) or "none"
            raise RequestError(f"{node!r}: no service - there is one in: {known}")
        return self._of[node]

    def tell(self, node: str, told: socket) -> None:
        """Have `told` hear of its end, and pass on signals from there. Raises RequestError when it has ended."""
        running = [each for each in self._commands.of_node(node) if each.command is self.of(node).command]
        if not running:
            raise RequestError(f"{node!r}: its service does not run - start it first")
        messages.tell(told, {"started": ""}, pid=running[0].pid)
        self._commands.tell(running[0], told)

    def read_log(self, node: str, reader: socket) -> None:
        """Let somebody read the log of a service. Raises RequestError where there is none."""
        Reader(self._loop, self.of(node).log, reader)

    def describe(self) -> list[str]:
        """Of each service its node, since when it runs or does not, its returncode (or -), and its command."""
        return [
            f"{node} {duty.since_s:.3f} {'-' if duty.is_running else duty.returncode} {' '.join(duty.command.argv)}"
            for node, duty in self._of.items()
        ]

    def _record(self, duty: Duty, stream: int) -> int:
        """The writing end of a pipe whose content goes to the log."""
        reading, writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reading, False)

        def heard() -> bool:
            try:
                data = os.read(reading, messages.PIECE)
            except BlockingIOError:
                return False
            if data:
                duty.log.add(stream, data)
            else:
                self._loop.forget(reading)
                duty.drains.remove(drain)
                os.close(reading)
            return bool(data)

        def drain() -> None:
            # As much as a pipe holds: what its children go on to print is not waited for.
            for _ in range(PIPE_BYTES // messages.PIECE):
                if not heard():
                    break

        duty.drains.append(drain)
        self._loop.watch(reading, heard)
        return writing
