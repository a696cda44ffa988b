"""The services of a topology on their way up: each starts once those that it depends on are ready."""

from __future__ import annotations

import os
import select
from time import monotonic, sleep

from ..errors import ServiceFailed
from ..kernel.sockets import listens
from ..values import replace
from .setting import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from ..command import Command
    from ..topology.service import Ready, Service
    from . import Lab
    from .logreader import LogReader
    from .process import Process

    class Started(Protocol):
        """What runs."""

        pid: int

        def poll(self) -> int | None:
            """Its returncode, None while it runs."""

        def kill(self) -> None:
            """Send SIGKILL."""

    class Stage(Protocol):
        """Where services run: how they are started there, and how they are heard."""

        def start(self, service: Service) -> Started:
            """Start its command."""

        def check(self, service: Service, argv: tuple[str, ...]) -> Started:
            """Start `argv` in its node, as its command would be, but unheard."""

        def has_printed(self, service: Service, text: str) -> bool:
            """Whether a line of its output, so far, has `text` in it."""


LOOK_EVERY_S = 0.02
BY_SIGNAL = 128
CHECK_EVERY_S = 0.1  # a command that was not successful is started again


def start_services(lab: Lab, *, setting: Setting | None = None) -> dict[str, Process]:
    """Start the services of the lab's topology and return when all are ready: the process in each of their nodes.

    `setting`: what is said of all their commands. What they print is kept: see Lab.log(). Raises ServiceFailed for one
    that ends before it is ready, or is not ready in time, and what Node.popen raises; what was started goes on then.
    """
    stage = InLab(lab, setting or Setting())
    startup = Startup(lab.topology.services, stage)
    try:
        while startup.advance():
            sleep(LOOK_EVERY_S)
    finally:
        stage.close()
    return stage.processes


class Startup:
    """Starts services one after the other. Whoever owns it calls advance() until that is False."""

    def __init__(self, services: Iterable[Service], stage: Stage) -> None:
        self._stage = stage
        self._waiting = {service.node: service for service in services}
        self._pending: dict[str, Pending] = {}
        self._done: set[str] = set()

    def advance(self) -> bool:
        """Start what may start by now; whether there is anything left to wait for. Raises ServiceFailed."""
        for node, pending in list(self._pending.items()):
            if pending.is_ready():
                del self._pending[node]
                self._done.add(node)
        # One that has nothing to be awaited is ready at once, and so may be those that depend on it.
        while startable := [each for each in self._waiting.values() if self._done.issuperset(each.depends_on)]:
            for service in startable:
                self._start(service)
        return bool(self._pending)

    def _start(self, service: Service) -> None:
        started = self._stage.start(service)
        del self._waiting[service.node]
        if service.ready:
            self._pending[service.node] = Pending(service, service.ready, started, self._stage)
        else:
            self._done.add(service.node)


class Pending:
    """A service that was started and is not ready yet."""

    def __init__(self, service: Service, ready: Ready, started: Started, stage: Stage) -> None:
        self._service = service
        self._ready = ready
        self._started = started
        self._stage = stage
        self._began_at = monotonic()
        self._check: Started | None = None
        self._checked_at = -CHECK_EVERY_S

    def is_ready(self) -> bool:
        """Whether it can be used. Raises ServiceFailed once that cannot be any more."""
        returncode = self._started.poll()
        # What it printed counts even if it was the last thing that it did.
        if self._has_printed() or (returncode is None and self._answers()):
            return True
        late = monotonic() - self._began_at > self._ready.timeout_s
        if returncode is None and not late:
            return False
        if self._check:
            self._check.kill()
        raise self._failure(returncode)

    def _has_printed(self) -> bool:
        return self._ready.log is not None and self._stage.has_printed(self._service, self._ready.log)

    def _answers(self) -> bool:
        if self._ready.port is not None:
            return listens(self._started.pid, self._ready.port)
        return self._ready.command is not None and self._succeeds(self._ready.command)

    def _succeeds(self, argv: tuple[str, ...]) -> bool:
        if self._check is None:
            if monotonic() - self._checked_at >= CHECK_EVERY_S:
                self._check = self._stage.check(self._service, argv)
            return False
        returncode = self._check.poll()
        if returncode is not None:
            self._check, self._checked_at = None, monotonic()
        return returncode == 0

    def _failure(self, returncode: int | None) -> ServiceFailed:
        node, ready = self._service.node, self._ready
        if returncode is None:
            fix = "see what it printed, or give it longer by ready.timeout"
            return ServiceFailed(node, f"not ready within {ready.timeout_s:g} s, which is when {ready} - {fix}")
        status = BY_SIGNAL - returncode if returncode < 0 else returncode
        how = f"was killed by signal {-returncode}" if returncode < 0 else f"ended with {returncode}"
        what = f"{how} before it was ready, which is when {ready} - see what it printed"
        return ServiceFailed(node, what, status or ServiceFailed.exit_status)


class InLab:
    """Services of a running lab, whose init keeps what they print: see Lab.log()."""

    def __init__(self, lab: Lab, setting: Setting) -> None:
        self.processes: dict[str, Process] = {}
        self._lab = lab
        self._setting = setting
        self._ears: dict[str, Ear] = {}
        self._logs: dict[str, LogReader] = {}

    def start(self, service: Service) -> Process:
        """See Stage."""
        given = command(self._lab, service, self._setting, kept=True)
        self.processes[service.node] = process = self._lab.start(given, ())
        process.begin()
        if service.ready and service.ready.log:
            self._ears[service.node] = Ear(service.ready.log)
            self._logs[service.node] = self._lab.log(service.node, follow=True)
        return process

    def check(self, service: Service, argv: tuple[str, ...]) -> Process:
        """See Stage."""
        return start_check(self._lab, service, argv, self._setting)

    def has_printed(self, service: Service, text: str) -> bool:
        """See Stage."""
        del text  # its ear knows
        ear, log = self._ears[service.node], self._logs[service.node]
        has_ended = self.processes[service.node].poll() is not None
        # Of one that has ended all is still to come, or has: the log has an end.
        while not ear.has_heard and (has_ended or _is_readable(log)):
            try:
                ear.hear(*next(log))
            except StopIteration:
                break
        return ear.has_heard

    def close(self) -> None:
        """Listen no more."""
        for log in self._logs.values():
            log.close()


class Ear:
    """Listens for a text in what is said on several streams, piece by piece."""

    def __init__(self, text: str) -> None:
        self.has_heard = False
        self._text = text.encode()
        self._ends: dict[int, bytes] = {}

    def hear(self, stream: int, data: bytes) -> None:
        """The next piece on a stream. The text may have begun in the piece before."""
        if not self.has_heard:
            said = self._ends.get(stream, b"") + data
            self.has_heard = self._text in said
            self._ends[stream] = said[-len(self._text) :]


def command(lab: Lab, service: Service, setting: Setting, *, held: bool = False, kept: bool = False) -> Command:
    """Its command. `held`: until Process.begin(). `kept`: the lab's init keeps what it prints."""
    return setting.command(
        lab[service.node], service.argv, variables=service.environment, cwd=service.cwd, held=held, service=kept
    )


def start_check(lab: Lab, service: Service, argv: tuple[str, ...], setting: Setting) -> Process:
    """Start `argv` as the command of `service` is started, but with nothing to read and nobody to hear it."""
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        process = lab.start(replace(command(lab, service, setting), argv=argv), (nowhere, nowhere, nowhere))
    finally:
        os.close(nowhere)
    process.begin()
    return process


def _is_readable(log: LogReader) -> bool:
    poll = select.poll()
    poll.register(log.fileno(), select.POLLIN)
    return bool(poll.poll(0))
