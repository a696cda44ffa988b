"""PID 1 of a lab: it builds the network, starts commands, reaps them, and takes all of it down by dying.

When PID 1 of a PID namespace ends, the kernel kills every process in it (pid_namespaces(7)); with the last
process and the last descriptor go namespaces, links and mounts. So nothing here cleans up: to end is enough,
and init ends when the caller's process does, however that happens.
"""

from __future__ import annotations

import gc
import os

from .. import messages
from ..command import Command
from ..errors import NotAllowed
from ..kernel import clone, descriptors, status
from .apply import Rejected
from .network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import NoReturn

    from ..kernel.terminal import SavedTerminal
    from ..topology import Topology
    from .answers import Answers, Reply
    from .door import Door
    from .groups import Groups

CAP_NET_ADMIN, CAP_SYS_ADMIN = 12, 21
LAB_FD, CALLER_FD = 3, 4


def launch(topology: Topology, lab: socket, caller_fd: int, *, as_root: bool = False) -> None:
    """Fork the init of a new lab from this process, which must have one thread only.

    It answers on `lab`: that the network stands, or what the kernel refused. It ends when `caller_fd`, a pidfd,
    says that the caller did.
    """
    uid, gid, grants = os.getuid(), os.getgid(), None
    # In a container root is uid 0 in any case, of ids that are nobody's outside; here it would be the real one.
    needs_userns = (as_root and not topology.containment) or not is_privileged()
    try:
        if topology.limits:
            from .places import step_aside

            step_aside(topology)
        if topology.containment and needs_userns and not as_root:
            from .grants import Grants  # of containers only

            grants = Grants.of(uid, gid)
        pid = clone.fork_into(clone.CLONE_NEWPID | (clone.CLONE_NEWUSER if needs_userns else 0))
    except OSError as error:
        messages.send(lab, {"refused": "", "stage": "create namespaces", "errno": str(error.errno)})
        return
    if pid:
        if grants:
            grants.give(pid)
        return
    init = Init(topology, lab, caller_fd, is_rootless=needs_userns, as_root=as_root)

    def map_ids() -> None:
        if needs_userns and not (grants and grants.come()):
            from ..kernel import userns

            userns.map_identity(uid, gid, as_root=as_root)

    init.begin(("map ids", map_ids), ("let go of the caller's files", init.let_go))


def keep_only(sock: socket, caller_fd: int) -> socket:
    """In a fork, keep nothing of the caller's but these two: a pipe held here would keep its reader waiting.

    They become LAB_FD and CALLER_FD, and the first is returned anew.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    descriptors.place({0: nowhere, 1: nowhere, 2: nowhere, LAB_FD: sock.fileno(), CALLER_FD: caller_fd})
    descriptors.close_from(CALLER_FD + 1)
    # The object of the old number must not close it when it is collected: it may be ours by now.
    sock.detach()
    os.setsid()
    os.chdir("/")
    return messages.adopt(LAB_FD)


class Init:
    """A lab from the inside: `is_rootless` in a user namespace, `as_root` as its uid 0."""

    def __init__(self, topology: Topology, lab: socket, caller_fd: int, *, is_rootless: bool, as_root: bool) -> None:
        self._is_rootless = is_rootless
        self._as_root = as_root
        self._lab = lab
        self._caller_fd = caller_fd
        self._network = Network(topology)
        self._answers: Answers | None = None
        self._door: Door | None = None
        self._is_detached = False
        self._groups: Groups | None = None

    def begin(self, *before: tuple[str, Callable[[], object]]) -> NoReturn:
        """Do what has to be done `before`, build the network and serve, until the end."""
        try:
            for what, carry_out in before:
                self.attempt(what, carry_out)
            self.build()
            self.serve()
        except (ImportError, MemoryError, OSError) as error:
            self._refuse({"refused": f"init cannot go on: {error or 'out of memory'}", "fix": "look at: ulimit -a"})
        except BaseException:
            self.confess()
        finally:
            self.end(1)

    def let_go(self) -> None:
        """Keep nothing of the caller's but the way to it."""
        self._lab, self._caller_fd = keep_only(self._lab, self._caller_fd), CALLER_FD

    def build(self) -> None:
        """Carry out the plan and tell the caller, with a pidfd on this process."""
        try:
            if self._network.topology.limits:
                from .groups import Groups

                self._groups = Groups(self._network.topology)
                self._groups.open(rootless=self._is_rootless)
            self._network.build(self._tell_progress, rootless=self._is_rootless)
        except Rejected as rejected:
            self._refuse(rejected.to_message())
        except NotAllowed as refusal:
            self._refuse({"refused": refusal.what, "fix": refusal.fix})
        self.attempt("tell that the network stands", lambda: _greet(self._lab, {}))

    def _tell_progress(self, done: int, of: int) -> None:
        messages.send(self._lab, {"done": str(done), "of": str(of)})

    def attempt(self, what: str, carry_out: Callable[[], object]) -> None:
        """Do what no plan holds; tell the caller when the kernel refuses."""
        try:
            carry_out()
        except OSError as error:
            self._refuse({"refused": "", "stage": what, "errno": str(error.errno)})

    def serve(self) -> NoReturn:
        """Start what the caller sends, pass on its signals, reap, until the caller closes the lab or dies."""
        # What there is by now is here to stay: no collection, here or in a fork, needs to look at it again.
        gc.freeze()
        gc.enable()
        # Loaded only now: meanwhile the caller prepares its commands on another processor.
        from ..plan import names  # noqa: F401
        from .commands import Commands
        from .loop import Loop

        self._loop = Loop()
        self._commands = Commands(self._loop, self._network, self._groups, as_root=self._as_root, finish=self._end)
        self._commands.watch_children()
        owner = Client(self._lab)
        self._loop.watch(self._lab.fileno(), lambda: self._hear(owner))
        self._loop.watch(self._caller_fd, lambda: self._lose(owner))
        self._loop.run()

    def _hear(self, client: Client) -> None:
        message, inherited, _ = messages.receive(client.socket)
        if message is None:
            self._lose(client)
            return
        try:
            self._carry_out(client, message, inherited)
        except (KeyError, IndexError, ValueError, TypeError, OSError):
            if client.socket is self._lab:
                raise
            # Of another version, or no sandbox at all: that shall not cost the others their lab.
            self._lose(client)

    def _carry_out(self, client: Client, message: messages.Message, inherited: list[int]) -> None:
        if "close" in message:
            self._end()
        elif "terminal" in message:
            client.save_terminal(*inherited)
        elif "socket" in message:
            self._questions().open_socket(message, messages.adopt(inherited[0]))
        elif "door" in message:
            self._keep(message, inherited)
        elif "arg" in message:
            self._start(Command.from_message(message), inherited)
        else:
            self._answer(message, inherited)

    def _lose(self, client: Client) -> None:
        """Somebody went away without a word: if it was the owner, so does the lab, unless it was detached."""
        client.restore_terminal()
        if client.socket is self._lab and not self._is_detached:
            self._end()
        for fd in (client.socket.fileno(), *((self._caller_fd,) if client.socket is self._lab else ())):
            self._loop.forget(fd)
        client.socket.close()

    def _end(self) -> NoReturn:
        if self._door:
            self._door.close()
        self.end(0)

    def end(self, status: int) -> NoReturn:
        """End, and all of the lab with it."""
        if self._groups:
            self._groups.end()
        os._exit(status)

    def _start(self, command: Command, inherited: list[int]) -> None:
        if command.service:
            self._questions().duties.begin(command, inherited)
        else:
            self._commands.start(command, inherited)

    def _answer(self, question: messages.Message, inherited: list[int]) -> None:
        self._questions().answer(question, inherited)

    def _questions(self) -> Answers:
        if self._answers is None:
            from .answers import Answers  # a launch asks nothing

            self._answers = Answers(self._loop, self._network, self._commands, self._groups)
        return self._answers

    def _keep(self, message: messages.Message, inherited: list[int]) -> None:
        """Take the lab's name, and let others in by it; from now on it may outlive the caller."""
        from .door import Door

        reply, listening = map(messages.adopt, inherited)
        path = message["door"][0]
        self._door = Door(self._loop, listening, path, welcome=self._welcome, gone=self._end)
        self._is_detached = "detach" in message
        messages.tell(reply, {"done": ""})
        reply.close()

    def _welcome(self, sock: socket) -> None:
        client = Client(sock)
        try:
            _greet(sock, self._questions().state())
        except OSError:
            sock.close()
        else:
            self._loop.watch(sock.fileno(), lambda: self._hear(client))

    def confess(self) -> None:
        """Tell the caller of the bug of ours that was just met."""
        import traceback

        messages.send(self._lab, {"bug": traceback.format_exc()})

    def _refuse(self, message: dict[str, str]) -> NoReturn:
        messages.send(self._lab, message)
        self.end(1)


class Client:
    """One who has a say in the lab: its owner, or who came in by the door."""

    def __init__(self, sock: socket) -> None:
        self.socket = sock
        self._terminal: SavedTerminal | None = None

    def save_terminal(self, fd: int | None = None) -> None:
        """Remember the settings of a terminal; without a descriptor, forget them."""
        from ..kernel.terminal import SavedTerminal

        if self._terminal:
            self._terminal.close()
        self._terminal = None if fd is None else SavedTerminal(fd)

    def restore_terminal(self) -> None:
        """Put them back, should the client have been killed."""
        if self._terminal:
            self._terminal.restore()


def _greet(sock: socket, state: Reply) -> None:
    """Say that the lab is up, with a pidfd on its init."""
    own_pidfd = os.pidfd_open(os.getpid())
    try:
        messages.send(sock, {"up": "", **state}, descriptors=[own_pidfd])
    finally:
        os.close(own_pidfd)


def is_privileged() -> bool:
    """Whether namespaces can be made and wired without a user namespace around them."""
    return status.may(CAP_NET_ADMIN, CAP_SYS_ADMIN)
