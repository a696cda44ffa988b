"""PID 1 of a lab: it builds the network, starts commands, reaps them, and takes all of it down by dying.

When PID 1 of a PID namespace ends, the kernel kills every process in it (pid_namespaces(7)); with the last
process and the last descriptor go namespaces, links and mounts. So nothing here cleans up: to end is enough,
and init ends when the caller's process does, however that happens.
"""

from __future__ import annotations

import gc
import os
import select
from _socket import socket

from . import messages
from .apply import Builder, Rejected
from .command import Command
from .errors import NotAllowed
from .kernel import clone, descriptors, namespace, status, userns
from .kernel.signals import posix
from .names import hosts_file
from .plan import plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from .kernel.terminal import SavedTerminal
    from .outside import Outside
    from .topology import Topology

CAP_NET_ADMIN, CAP_SYS_ADMIN = 12, 21
LAB_FD, CALLER_FD = 3, 4


def launch(topology: Topology, lab: socket, caller_fd: int, *, as_root: bool = False) -> None:
    """Fork the init of a new lab from this process, which must have one thread only.

    It answers on `lab`: that the network stands, or what the kernel refused. It ends when `caller_fd`, a pidfd,
    says that the caller did.
    """
    uid, gid = os.getuid(), os.getgid()
    needs_userns = as_root or not _is_privileged()
    try:
        pid = clone.fork_into(clone.CLONE_NEWPID | (clone.CLONE_NEWUSER if needs_userns else 0))
    except OSError as error:
        messages.send(lab, {"refused": "", "stage": "create namespaces", "errno": str(error.errno)})
        return
    if pid:
        return
    init = Init(topology, lab, caller_fd)
    try:
        init.attempt("let go of the caller's files", init.let_go)
        if needs_userns:
            init.attempt("map ids", lambda: userns.map_identity(uid, gid, as_root=as_root))
        init.build(rootless=needs_userns)
        init.serve()
    except BaseException:
        init.confess()
    finally:
        os._exit(1)


class Init:
    """A lab from the inside."""

    def __init__(self, topology: Topology, lab: socket, caller_fd: int) -> None:
        self._topology = topology
        self._lab = lab
        self._caller_fd = caller_fd
        self._namespaces: dict[str, int] = {}
        self._commands: dict[int, Running] = {}
        self._terminal: SavedTerminal | None = None
        self._outside: Outside | None = None

    def let_go(self) -> None:
        """Keep nothing of the caller's but the way to it: a pipe held here would keep its reader waiting."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        kept = {0: nowhere, 1: nowhere, 2: nowhere, LAB_FD: self._lab.fileno(), CALLER_FD: self._caller_fd}
        descriptors.place(kept)
        descriptors.close_from(CALLER_FD + 1)
        # The object of the old number must not close it when it is collected: it may be ours by now.
        self._lab.detach()
        self._lab, self._caller_fd = messages.adopt(LAB_FD), CALLER_FD
        os.setsid()
        os.chdir("/")

    def build(self, *, rootless: bool) -> None:
        """Carry out the plan and tell the caller: what each step took, and a pidfd on this process."""
        builder = Builder()
        try:
            if self._topology.uplinks or self._topology.publications:
                from .outside import Outside  # what is out there begins before this process leaves

                self._outside = Outside(self._topology, rootless=rootless)
            builder.apply(plan(self._topology))
            if self._outside:
                self._outside.join(builder.namespaces)
        except Rejected as rejected:
            self._refuse(position=str(rejected.position), errno=str(rejected.errno), words=rejected.words)
        except NotAllowed as refusal:
            self._refuse(what=str(refusal))
        self._namespaces = builder.namespaces
        own_pidfd = os.pidfd_open(os.getpid())
        took = [f"{seconds:.6f}" for seconds in builder.seconds]
        messages.send(self._lab, {"up": "", "took": took}, descriptors=[own_pidfd])
        os.close(own_pidfd)

    def attempt(self, what: str, carry_out: Callable[[], object]) -> None:
        """Do what no plan holds; tell the caller when the kernel refuses."""
        try:
            carry_out()
        except OSError as error:
            self._refuse(stage=what, errno=str(error.errno))

    def serve(self) -> NoReturn:
        """Start what the caller sends, pass on its signals, reap, until the caller closes the lab or dies."""
        # What there is by now is here to stay: no collection, here or in a fork, needs to look at it again.
        gc.freeze()
        gc.enable()
        # Loaded only now: meanwhile the caller prepares its commands on another processor.
        from . import spawn  # noqa: F401

        children = _child_alarm()
        self._poll = select.poll()
        for fd in (self._lab.fileno(), self._caller_fd, children):
            self._poll.register(fd, select.POLLIN)
        while True:
            # Reaping comes last: it closes descriptors that may be among the ready ones.
            for fd, _ in sorted(self._poll.poll(), key=lambda event: event[0] == children):
                if fd == self._lab.fileno():
                    self._hear()
                elif fd == self._caller_fd:
                    self._follow_the_caller()
                elif fd == children:
                    os.read(children, 4096)
                    self._reap()
                else:
                    self._pass_signal(fd)

    def _hear(self) -> None:
        message, inherited, _ = messages.receive(self._lab)
        if message is None:
            self._follow_the_caller()
        if "close" in message:
            os._exit(0)
        if "terminal" in message:
            self._save_terminal(inherited[0])
        elif "socket" in message:
            self._open_socket(message, messages.adopt(inherited[0]))
        else:
            self._start(Command.from_message(message), inherited)

    def _save_terminal(self, fd: int) -> None:
        from .kernel.terminal import SavedTerminal

        self._terminal = SavedTerminal(fd)

    def _follow_the_caller(self) -> NoReturn:
        """The caller died without closing the lab."""
        if self._terminal:
            self._terminal.restore()
        os._exit(0)

    def _open_socket(self, message: messages.Message, reply: socket) -> None:
        """Give the caller a socket in a node's network. Init itself needs to be in none in particular."""
        try:
            namespace.enter_network(self._namespaces[message["node"][0]])
            opened = socket(*map(int, message["socket"]))
            messages.send(reply, {"opened": ""}, descriptors=[opened.fileno()])
            opened.close()
        except OSError as error:
            messages.send(reply, {"errno": str(error.errno)})
        finally:
            reply.close()

    def _start(self, command: Command, inherited: list[int]) -> None:
        from . import spawn

        told, report = messages.adopt(inherited[0]), messages.adopt(inherited[1])
        try:
            pid = os.fork()
            if pid == 0:
                self._become(command, inherited[2:], report)
            messages.send(told, {"started": ""}, pid=pid)
            self._commands[pid] = Running(pid, told, ends_lab=command.last)
            self._poll.register(told.fileno(), select.POLLIN)
        except BrokenPipeError:
            pass  # the caller gave up on it meanwhile, and the command sees that by itself
        except OSError as error:
            spawn.tell_failure(report, error, "fork", "fork")
            told.close()
        finally:
            report.close()
            for fd in inherited[2:]:
                os.close(fd)

    def _become(self, command: Command, inherited: list[int], report: socket) -> NoReturn:
        """In a fork: execute the command or end. A fork that came back would be a second init."""
        from . import spawn

        try:
            _forget_children()
            files = {"/etc/hosts": hosts_file(self._topology, command.node)}
            files |= self._outside.files if self._outside else {}
            spawn.execute(command, self._namespaces[command.node], files, inherited, report)
        except OSError as error:
            spawn.fail(report, error, "prepare")
        finally:
            os._exit(spawn.NEVER_EXECUTED)

    def _reap(self) -> None:
        """Collect every child that ended: the commands, and the orphans that the kernel gave to PID 1."""
        while self._next_dead():
            pass

    def _next_dead(self) -> bool:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid in self._commands:
            self._end(self._commands.pop(pid), os.waitstatus_to_exitcode(ended))
        return pid != 0

    def _end(self, command: Running, returncode: int) -> None:
        command.tell({"exit": str(returncode)})
        if command.listened_to:
            self._poll.unregister(command.status.fileno())
        command.status.close()
        if command.ends_lab:
            os._exit(0)

    def _pass_signal(self, fd: int) -> None:
        command = next(each for each in self._commands.values() if each.status.fileno() == fd)
        message, _, _ = messages.receive(command.status)
        if message is None:
            # Nobody waits for it any more. It runs on until the lab ends.
            self._poll.unregister(fd)
            command.listened_to = False
        else:
            command.signal(int(message["signal"][0]), to_group="group" in message)

    def confess(self) -> None:
        """Tell the caller of the bug of ours that was just met."""
        import traceback

        messages.send(self._lab, {"bug": traceback.format_exc()})

    def _refuse(self, **fields: str) -> NoReturn:
        messages.send(self._lab, {"refused": "", **fields})
        os._exit(1)


class Running:
    """A command that has not been reaped, so that its pid cannot be another's."""

    def __init__(self, pid: int, status: socket, *, ends_lab: bool) -> None:
        self.pid = pid
        self.status = status
        self.ends_lab = ends_lab
        self.listened_to = True

    def tell(self, fields: dict[str, str]) -> None:
        """Send to whoever waits for the command; nobody need."""
        try:
            messages.send(self.status, fields)
        except (BrokenPipeError, ConnectionResetError):
            return

    def signal(self, number: int, *, to_group: bool) -> None:
        """Deliver a signal to the command, or as a terminal would to all of its process group."""
        try:
            (os.killpg if to_group else os.kill)(self.pid, number)
        except ProcessLookupError:
            os.kill(self.pid, number)  # it has not yet come as far as its own session


def _is_privileged() -> bool:
    """Whether namespaces can be made and wired without a user namespace around them."""
    held = int(status.fields()["CapEff"], 16)
    return bool(held >> CAP_NET_ADMIN & 1 and held >> CAP_SYS_ADMIN & 1)


def _child_alarm() -> int:
    """A descriptor that becomes readable when a child has ended."""
    readable, writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    posix.signal(posix.SIGCHLD, lambda *_: None)
    posix.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def _forget_children() -> None:
    """In a fork: SIGCHLD is init's alone."""
    posix.set_wakeup_fd(-1)
    posix.signal(posix.SIGCHLD, posix.SIG_DFL)
