"""The services of a topology on their way up: each starts once those that it depends on are ready."""

from __future__ import annotations

import os
from time import monotonic, sleep

from .errors import ServiceFailed
from .kernel.sockets import listens
from .node import current_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol, Self

    from .lab import Lab
    from .node import Node
    from .process import Process
    from .service import Ready, Service

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
DEVNULL = -3  # subprocess.DEVNULL
CHECK_EVERY_S = 0.1  # a command that was not successful is started again


def start_services(lab: Lab) -> Serving:
    """Start the services of the lab's topology, and return when all are ready: a context that holds their output.

    Raises ServiceFailed for one that ends before it is ready, or is not ready in time, and what Node.popen raises.
    """
    serving = Serving(lab)
    try:
        startup = Startup(lab.topology.services, serving)
        while startup.advance():
            sleep(LOOK_EVERY_S)
    except BaseException:
        serving.close()
        raise
    return serving


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
            return ServiceFailed(node, f"not ready within {ready.timeout_s:g} s: until {ready} - {fix}")
        status = BY_SIGNAL - returncode if returncode < 0 else returncode
        how = f"was killed by signal {-returncode}" if returncode < 0 else f"ended with {returncode}"
        what = f"its command {how} before it was ready: before {ready} - see what it printed"
        return ServiceFailed(node, what, status or ServiceFailed.exit_status)


class Serving:
    """Services that run in a lab of this program. What they print is kept in memory; leaving kills them."""

    def __init__(self, lab: Lab) -> None:
        self.processes: dict[str, Process] = {}
        self._lab = lab
        self._logs: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the services and forget what they printed; may be called again."""
        for process in self.processes.values():
            process.kill()
        while self._logs:
            os.close(self._logs.popitem()[1])

    def log(self, node: str) -> bytes:
        """What the service of `node` has printed so far, stdout and stderr in the order in which they came."""
        size = os.fstat(self._logs[node]).st_size
        return os.pread(self._logs[node], size, 0)

    def start(self, service: Service) -> Process:
        """See Stage."""
        log = self._logs[service.node] = os.memfd_create(service.node)
        self.processes[service.node] = process = _popen(self._lab, service, service.argv, log)
        return process

    def check(self, service: Service, argv: tuple[str, ...]) -> Process:
        """See Stage."""
        return _popen(self._lab, service, argv, DEVNULL)

    def has_printed(self, service: Service, text: str) -> bool:
        """See Stage."""
        return text.encode() in self.log(service.node)


def environment(service: Service, node: Node) -> dict[str, str]:
    """The environment of its command: this program's own, what a node is told, and the service's."""
    return {**node.environment(), **service.environment}


def directory(service: Service) -> str:
    """The directory of its command; a relative one begins in this program's."""
    return os.path.abspath(service.cwd) if service.cwd else current_directory()


def _popen(lab: Lab, service: Service, argv: tuple[str, ...], output: int) -> Process:
    node = lab[service.node]
    return node.popen(
        argv,
        stdin=DEVNULL,
        stdout=output,
        stderr=output,
        env=environment(service, node),
        cwd=directory(service),
    )
