"""`sandbox run lab.toml`: the services of a lab, each started once those that it depends on are ready."""

from __future__ import annotations

import gc
import os

from ..errors import ServiceFailed
from ..lab.services import Ear, Startup, command, start_check
from ..lab.setting import Setting
from .output import Output
from .run import Watch, begin, get_ready
from .signals import Forwarding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..command import Command
    from ..lab import Lab
    from ..lab.process import Process
    from ..topology.service import Service
    from .arguments import RunRequest


def run_services(request: RunRequest, lab: Lab) -> int:
    """Start the services and stay until all have ended; returns the exit status."""
    held = Held(request, lab)
    held.prepare()
    gc.enable()  # from here on it may take long
    with Forwarding(list(held.processes.values())) as signals:
        signals.let_in()
        watch = Watch(request, held.processes, held.output, signals, Startup(lab.topology.services, held))
        try:
            watch.until_the_end()
        except ServiceFailed:
            lab.close()
            held.output.drain()  # what the reader is told to look at
            raise
    lab.close()
    held.output.drain()
    return watch.status


class Held:
    """Where services run: each waits from the beginning, ready to execute, so that all of them start or none does."""

    def __init__(self, request: RunRequest, lab: Lab) -> None:
        nodes = [service.node for service in lab.topology.services]
        is_plain = request.raw or (len(nodes) == 1 and not request.json)
        self.output = Output(nodes, as_json=request.json, quiet=request.quiet or len(nodes) == 1, plain=is_plain)
        self.processes: dict[str, Process] = {}
        self._lab = lab
        self._setting = request.setting or Setting()
        self._stdin = request.stdin or (nodes[0] if len(nodes) == 1 else None)
        self._ears: dict[str, Ear] = {}

    def prepare(self) -> None:
        """Have every command wait. Raises NotExecuted for one that cannot be executed."""
        nowhere = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        for service in self._lab.topology.services:
            ear = self._ears[service.node] = Ear(service.ready.log if service.ready and service.ready.log else "")
            given = self.output.open(service.node, ear.hear)
            stdin = 0 if service.node == self._stdin else nowhere
            self.processes[service.node] = self._lab.start(self._command(service), (stdin, *given))
            self.output.given()
        os.close(nowhere)
        get_ready(self.processes.values())

    def start(self, service: Service) -> Process:
        """See Stage."""
        process = self.processes[service.node]
        begin([process])
        return process

    def check(self, service: Service, argv: tuple[str, ...]) -> Process:
        """See Stage."""
        return start_check(self._lab, service, argv, self._setting)

    def _command(self, service: Service) -> Command:
        return command(self._lab, service, self._setting, held=True)

    def has_printed(self, service: Service, text: str) -> bool:
        """See Stage."""
        del text  # its ear knows
        ear = self._ears[service.node]
        if not ear.has_heard:
            # As much as a pipe holds: of one that has ended, all.
            self.output.catch_up()
        return ear.has_heard
