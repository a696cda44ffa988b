"""`sandbox run`: a lab, a command in each node, and the exit status that follows from theirs."""

from __future__ import annotations

import gc
import os
import select

from ..errors import SandboxError
from ..kernel import descriptors
from ..lab.process import NO_CWD, Process
from ..lab.setting import Setting
from .launch import open_lab
from .patience import TIMED_OUT, Patience
from .signals import Forwarding, Hold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..command import Command
    from ..lab import Lab
    from ..lab.services import Startup
    from .arguments import RunRequest
    from .output import Output

# Descriptors: how each command is doing and how it started, its output and its errors; and some for the rest.
PER_COMMAND, BESIDE = 4, 64
NOT_EXECUTABLE, NOT_FOUND = 126, 127
BY_SIGNAL = 128
LOOK_EVERY_MS = 20  # whether a service is ready


def run(request: RunRequest, init: socket) -> int:
    """Carry out the request in the lab that `init` builds; returns the exit status."""
    with open_lab(request.topology, init) as lab:
        if request.verbose:
            _show_steps(lab)
        if len(request.commands) == 1 and not request.json and wants_terminal():
            return run_in_terminal(lab, _command(request, lab, 0, terminal=True), timeout_s=request.timeout_s)
        if not request.commands:
            from .serving import run_services

            return run_services(request, lab)
        return _run_all(request, lab)


class NotExecuted(SandboxError):
    """A command cannot be executed. Exit statuses as a shell's: 127 for what is not there, 126 for the rest.

    That the directory is not there in which it was to start is a failure of ours.
    """

    def __init__(self, error: OSError) -> None:
        if NO_CWD in getattr(error, "__notes__", ()):
            fix = "take a --workdir that is there; in a container, below /tmp or one that you --bind"
            super().__init__(f"{error.filename!r}: {error.strerror}, where a command was to start - {fix}")
            return
        is_missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        fix = "check its name and PATH" if is_missing else "it must be an executable program"
        super().__init__(f"{error.filename!r}: {error.strerror} - {fix}")
        self.exit_status = NOT_FOUND if is_missing else NOT_EXECUTABLE


def _run_all(request: RunRequest, lab: Lab) -> int:
    output = _output(request)
    # init was forked before: commands get the limit that this program was started with.
    descriptors.make_room(PER_COMMAND * len(request.commands) + BESIDE)
    processes = []
    nowhere = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    hold = Hold()
    for number in range(len(request.commands)):
        command = _command(request, lab, number)
        given = output.open(command.node) if output else (1, 2)
        stdin = 0 if _reads_stdin(request, command.node) else nowhere
        processes.append(lab.start(command, (stdin, *given)))
        if output:
            output.given()
    with Forwarding(processes, hold=hold) as signals:
        begin_together(processes)
        # From here on it may take long. What is there by now stays: else the next object would have it all looked at.
        gc.freeze()
        gc.enable()
        # Not before they execute: a signal for the fork that is to become a command would be lost.
        signals.let_in()
        watch = Watch(request, dict(zip(request.topology.places, processes, strict=True)), output, signals)
        watch.until_the_end()
    lab.close()
    if output:
        output.drain()
    return watch.status


def begin_together(processes: Sequence[Process]) -> None:
    """All are ready before any executes. Raises NotExecuted."""
    get_ready(processes)
    begin(processes)


def get_ready(processes: Iterable[Process]) -> None:
    """Wait until each is about to execute. Raises NotExecuted."""
    for process in processes:
        _await(process.get_ready)


def begin(processes: Sequence[Process]) -> None:
    """Have each execute. Raises NotExecuted."""
    for process in processes:
        _await(process.go)
    for process in processes:
        _await(process.begin)


def _await(moment: Callable[[], object]) -> None:
    try:
        moment()
    except OSError as error:
        if error.filename is None:
            raise  # no command's: a call of our own was refused
        raise NotExecuted(error) from error


class Watch:
    """Sees commands end; `status` is that of the first that failed, or of the node of --until.

    With a `startup` it has commands begin as well, as far as they may.
    """

    def __init__(
        self,
        request: RunRequest,
        processes: Mapping[str, Process],
        output: Output | None,
        signals: Forwarding,
        startup: Startup | None = None,
    ) -> None:
        self.status = 0
        self._request = request
        self._output = output
        self._signals = signals
        self._startup = startup
        self._running = dict(processes)
        self._patience = Patience(request.timeout_s, self._signal_all)
        self._decided = False

    def until_the_end(self) -> None:
        """Pass output on until every command has ended."""
        while self._running:
            if self._startup and (self._decided or not self._startup.advance()):
                self._startup = None
            ready = self._wait()
            if self._output:
                self._output.pass_on(ready)
            self._note_ends()
            if self._patience.check() and self._running and not self._decided:
                self._say(self._patience.said)
                self.status, self._decided = TIMED_OUT, True

    def _wait(self) -> set[int]:
        """The descriptors that have something to tell, once one has or the grace is over."""
        if any(process.returncode is not None for process in self._running.values()):
            return set()  # its end was seen elsewhere, by who sent it a signal or waited for it to be ready
        poll = select.poll()
        pipes = self._output.descriptors if self._output else ()
        for fd in (self._signals.fileno(), *(each.fileno() for each in self._running.values()), *pipes):
            poll.register(fd, select.POLLIN)
        left_ms = LOOK_EVERY_MS if self._startup else self._patience.left_ms()
        ready = {fd for fd, _ in poll.poll(left_ms)}
        if self._signals.fileno() in ready:
            self._signals.awake()
        return ready

    def _note_ends(self) -> None:
        ended = [(node, process) for node, process in self._running.items() if process.poll() is not None]
        if ended and self._output:
            # Their last words go before the word of their end: what a pipe holds, then that nothing follows.
            self._output.catch_up()
            self._output.catch_up()
        for node, process in ended:
            del self._running[node]
            for limit in process.limits_reached:
                self._say(limit)
            self._note_end(node, exit_status(process.returncode or 0), process.limits_reached)

    def _note_end(self, node: str, status: int, reached: Sequence[str]) -> None:
        if self._output and not self._decided:
            self._output.ended(node, status, reached)
        if node == self._request.until:
            self.status, self._decided = status, True
            self._patience.end()
        elif not self._decided and self._request.until is None and not self.status:
            self.status = status

    def _say(self, what: str) -> None:
        if self._output:
            self._output.say(what)
        else:
            say(what)

    def _signal_all(self, signal: int) -> None:
        for process in self._running.values():
            process.send_signal(signal)


def _command(request: RunRequest, lab: Lab, number: int, *, terminal: bool = False) -> Command:
    node = lab[request.topology.places[number]]
    setting = request.setting or Setting()
    return setting.command(node, request.commands[number], held=len(request.commands) > 1, terminal=terminal)


def _reads_stdin(request: RunRequest, node: str) -> bool:
    return node == request.stdin or len(request.commands) == 1


def _output(request: RunRequest) -> Output | None:
    """How the output of several commands is told apart; of one alone it is left untouched."""
    if request.raw or (len(request.commands) == 1 and not request.json):
        return None
    from .output import Output

    return Output(request.topology.places, as_json=request.json, quiet=request.quiet)


def wants_terminal() -> bool:
    """Whether a command alone is to have a terminal: we have one, and it is ours to use."""
    # In the background a terminal must not be touched: its owner would stop us for it.
    return os.isatty(0) and os.isatty(1) and os.tcgetpgrp(0) == os.getpgrp()


def run_in_terminal(lab: Lab, command: Command, *, timeout_s: float | None = None) -> int:
    """Run one command on a terminal of its own; returns the exit status."""
    from . import terminal

    process, patience = terminal.run_in_terminal(lab, command, begin_together, timeout_s=timeout_s)
    status = tell_end(process)
    if not patience.is_over:
        return status
    say(patience.said)
    return TIMED_OUT


def tell_end(process: Process) -> int:
    """Tell of limits that were reached; returns the exit status."""
    for limit in process.limits_reached:
        say(limit)
    return exit_status(process.returncode or 0)


def exit_status(returncode: int) -> int:
    """A returncode as a shell tells it: 128 and the number of the signal."""
    return BY_SIGNAL - returncode if returncode < 0 else returncode


def say(what: str) -> None:
    """A line on stderr that is no error of ours."""
    try:
        os.write(2, f"sandbox: {what}\n".encode())
    except OSError:
        return  # nobody can be told


def _show_steps(lab: Lab) -> None:
    for step, seconds in lab.steps():
        took = f"{seconds * 1000:6.2f} ms" if seconds else " " * 9
        os.write(2, f"{took}  {step}\n".encode())
