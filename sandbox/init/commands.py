"""The commands of a lab, from the side of init, their parent: started, signalled, reaped."""

from __future__ import annotations

import errno
import os

from .. import messages
from ..kernel.signals import posix
from . import spawn
from .spawn import Refusal, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn

    from ..command import Command
    from ..containment import Containment
    from .container import Container
    from .executor import Executor
    from .groups import Groups
    from .loop import Loop
    from .network import Network

    # Told a returncode, and which limits of its node the command has reached.
    Ended = Callable[[int, Sequence[str]], object]


KILLED_WITHIN_MS, LOOK_EVERY_MS = 2000, 5


class Commands:
    """Every command that has not been reaped. `finish` is called when one ends with which the lab is to end."""

    def __init__(
        self, loop: Loop, network: Network, groups: Groups | None, *, as_root: bool, finish: Callable[[], object]
    ) -> None:
        self._finish = finish
        self._as_root = as_root
        self._groups = groups
        self._loop = loop
        self._network = network
        self._running: dict[int, Running] = {}
        self._containers: dict[str, Container] = {}
        self._executor: Executor | None = None

    def watch_children(self) -> None:
        """Reap whatever ends from now on: commands, and the orphans that the kernel gives to PID 1."""
        readable, writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        posix.signal(posix.SIGCHLD, lambda *_: None)
        posix.set_wakeup_fd(writable, warn_on_full_buffer=False)

        def heard() -> None:
            os.read(readable, 4096)
            self._reap()

        # Reaping comes last: it closes descriptors that may be among the ready ones.
        self._loop.watch(readable, heard, last=True)

    def start(self, command: Command, inherited: list[int], *, ended: Ended | None = None) -> None:
        """Start `command`. `inherited`: who is told of it, how it reports, its descriptors. All are closed here.

        Once it has been reaped `ended` is called.
        """
        start = Start(command, inherited, ended)
        try:
            if command.node not in self._network.namespaces:  # it was removed meanwhile
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            if executor := self._executor_for(command):
                self._execute(start, executor)
            else:
                self._fork(start)
        except Refusal as refusal:
            start.refuse(refusal.message)
        except OSError as error:
            start.refuse(failure(error, f"start in {command.node}", f"ip netns exec {command.node}"))

    def _executor_for(self, command: Command) -> Executor | None:
        """Who executes it from init; None where it takes a process of its own first.

        What is held waits in one: after the word to begin nothing is left that could fail, for want of a process say.
        """
        if command.held or self._groups or self._network.topology.containment or self._as_root:
            return None
        from .executor import Executor, is_possible, suits

        if not suits(command, {**self._network.limits, **command.limits}):
            return None
        if self._executor is None and is_possible():
            self._executor = Executor()
        return self._executor

    def _execute(self, start: Start, executor: Executor) -> None:
        network, node = self._network, start.command.node
        try:
            self._note(
                executor.execute(start.command, network.namespaces[node], network.files(node), start.streams), start
            )
        except Refusal as refusal:
            start.refuse(refusal.message)
        finally:
            executor.come_back()

    def _note(self, pid: int, start: Start) -> None:
        """It runs. Raises OSError where that cannot be told: then it does no longer."""
        try:
            messages.tell(start.told, {"started": ""}, pid=pid)
        except OSError:
            # It may have the other end as well: who listens would wait for it, and it for them.
            os.kill(pid, posix.SIGKILL)
            raise
        self._running[pid] = running = Running(pid, start.command, start.ended)
        self.tell(running, start.told)
        start.close()

    def tell(self, running: Running, told: socket) -> None:
        """Tell `told` of the command's end; signals that come from there are passed on."""
        running.told.append(told)
        self._loop.watch(told.fileno(), lambda: self._pass_signal(running, told))

    def of_node(self, node: str) -> list[Running]:
        """Those that run in `node`."""
        return [running for running in self._running.values() if running.command.node == node]

    def forget(self, node: str) -> None:
        """Let go of what `node`, which was removed, had for its commands."""
        if container := self._containers.pop(node, None):
            container.close()

    def _fork(self, start: Start) -> None:
        pid = self._fork_for(start.command, start.streams)
        if pid == 0:
            self._become(start.command, start.streams, start.report)
        self._note(pid, start)

    def _fork_for(self, command: Command, streams: Sequence[int]) -> int:
        containment = self._network.topology.containment
        if containment is None:
            return os.fork()
        try:
            return self._fork_inside(command, streams, containment)
        except OSError as error:
            # A PID namespace whose init is being killed takes no process any more.
            container = self._containers.get(command.node)
            if error.errno != errno.ENOMEM or not container or not self._ends(container):
                raise
        return self._fork_inside(command, streams, containment)

    def _ends(self, container: Container) -> bool:
        """Whether it is about to end, and has by now: it does when all that was in it has been reaped."""
        for _ in range(KILLED_WITHIN_MS // LOOK_EVERY_MS if container.is_ending else 0):
            self._reap()
            if container.is_gone(within_ms=LOOK_EVERY_MS):
                return True
        return False

    def _fork_inside(self, command: Command, streams: Sequence[int], containment: Containment) -> int:
        files = self._network.files(command.node)
        container = self._container(command.node, files, containment)
        container.tell(files)
        container.give(streams, with_terminal=command.terminal)
        return container.fork(lambda: self._bind(command.node))

    def _bind(self, node: str) -> None:
        """Have this process be limited as `node` is: in a container it could not be, nor be allowed more than now."""
        if self._groups:
            self._groups.join(node)
            spawn.raise_limits(self._groups.ulimits(node))

    def _container(self, node: str, files: Mapping[str, str], containment: Containment) -> Container:
        """That of `node`, made when the first of its commands is to start. Raises Refusal, OSError."""
        from .container import Blueprint, Container

        if node in self._containers and self._containers[node].is_gone():
            self._containers.pop(node).close()
        if node not in self._containers:
            network = self._network
            owner = network.owner(node)
            blueprint = Blueprint(node, network.namespaces[node], files, network.hidden, containment, owner)
            self._containers[node] = Container(blueprint)
        return self._containers[node]

    def _become(self, command: Command, inherited: Sequence[int], report: socket) -> NoReturn:
        """In a fork: execute the command or end. A fork that came back would be a second init."""
        try:
            _forget_children()
            network, node = self._network, command.node
            limits = {**network.limits, **command.limits}
            container = self._containers.get(node)
            spawn.execute(
                command,
                network.namespaces[node],
                {} if container else network.files(node),
                inherited,
                report,
                limits=limits,
                groups=self._groups,
                container=container,
            )
        except OSError as error:
            spawn.fail(report, error, "prepare")
        except Exception as error:
            messages.tell(report, {"failed": f"a bug in sandbox, {error!r}", "fix": "please report it"})
        finally:
            os._exit(spawn.NEVER_EXECUTED)

    def _reap(self) -> None:
        while self._next_dead():
            pass

    def _next_dead(self) -> bool:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if running := self._running.pop(pid, None):
            self._end(running, os.waitstatus_to_exitcode(status))
        return pid != 0

    def _end(self, running: Running, returncode: int) -> None:
        reached = self._groups.reached(running.command.node) if self._groups else []
        for told in running.told:
            self._loop.forget(told.fileno())
            messages.tell(told, {"exit": str(returncode), "reached": reached})
            told.close()
        if running.ended:
            running.ended(returncode, reached)
        if running.command.last:
            self._finish()

    def _pass_signal(self, running: Running, told: socket) -> None:
        message, _, _ = messages.receive(told)
        if message is not None:
            running.signal(int(message["signal"][0]), to_group="group" in message)
            return
        # Nobody waits for it there any more. It runs on until the lab ends, unless it was that one's alone.
        self._loop.forget(told.fileno())
        running.told.remove(told)
        told.close()
        if running.command.tied:
            running.signal(posix.SIGKILL, to_group=True)


class Start:
    """A command that is to run: `told` is told of it, `report` how it fails before, `streams` are its descriptors."""

    def __init__(self, command: Command, inherited: Sequence[int], ended: Ended | None) -> None:
        self.command = command
        self.told, self.report = map(messages.adopt, inherited[:2])
        self.streams = inherited[2:]
        self.ended = ended

    def refuse(self, message: Mapping[str, str | Sequence[str]]) -> None:
        """It does not run; the message says why."""
        messages.tell(self.report, message)
        self.told.close()
        self.close()

    def close(self) -> None:
        """Let go of what is the command's own by now."""
        self.report.close()
        for fd in self.streams:
            os.close(fd)


class Running:
    """A command that has not been reaped, so that its pid cannot be another's; `told` are who is told of its end."""

    def __init__(self, pid: int, command: Command, ended: Ended | None) -> None:
        self.pid = pid
        self.command = command
        self.ended = ended
        self.told: list[socket] = []

    def signal(self, number: int, *, to_group: bool) -> None:
        """Deliver a signal to the command, or as a terminal would to all of its process group."""
        try:
            (os.killpg if to_group else os.kill)(self.pid, number)
        except ProcessLookupError:
            os.kill(self.pid, number)  # it has not yet come as far as its own session
        except (OSError, OverflowError):
            return  # no such signal: whoever sends that must not end init


def _forget_children() -> None:
    """In a fork: SIGCHLD is init's alone."""
    posix.set_wakeup_fd(-1)
    posix.signal(posix.SIGCHLD, posix.SIG_DFL)
