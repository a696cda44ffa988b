"""PID 1 of a lab: it builds the network, starts commands, reaps them, and takes all of it down by dying.

When PID 1 of a PID namespace ends, the kernel kills every process in it (pid_namespaces(7)); with the last
process and the last descriptor go namespaces, links and mounts. So nothing here cleans up: to end is enough,
and init ends when the caller's process does, however that happens.
"""

from __future__ import annotations

import gc
import os

from . import messages
from .apply import Rejected
from .command import Command
from .commands import Commands
from .kernel import clone, descriptors, status, userns
from .loop import Loop
from .network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import NoReturn

    from .kernel.terminal import SavedTerminal
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
        init.build()
        init.serve()
    except BaseException:
        init.confess()
    finally:
        os._exit(1)


class Init:
    """A lab from the inside."""

    def __init__(self, topology: Topology, lab: socket, caller_fd: int) -> None:
        self._lab = lab
        self._caller_fd = caller_fd
        self._network = Network(topology)
        self._terminal: SavedTerminal | None = None

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

    def build(self) -> None:
        """Carry out the plan and tell the caller, with a pidfd on this process."""
        try:
            self._network.build()
        except Rejected as rejected:
            self._refuse(rejected.to_message())
        own_pidfd = os.pidfd_open(os.getpid())
        messages.send(self._lab, {"up": ""}, descriptors=[own_pidfd])
        os.close(own_pidfd)

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
        from . import spawn  # noqa: F401

        loop = Loop()
        self._commands = Commands(loop, self._network)
        self._commands.watch_children()
        loop.watch(self._lab.fileno(), self._hear)
        loop.watch(self._caller_fd, self._follow_the_caller)
        loop.run()

    def _hear(self) -> None:
        message, inherited, _ = messages.receive(self._lab)
        if message is None:
            self._follow_the_caller()
        if "close" in message:
            os._exit(0)
        if "terminal" in message:
            self._save_terminal(inherited[0])
        elif "arg" in message:
            self._commands.start(Command.from_message(message), inherited)
        else:
            self._answer(message, messages.adopt(inherited[0]))

    def _answer(self, question: messages.Message, reply: socket) -> None:
        """Carry out what has an answer, which may be what went wrong. Init itself needs to be in no network."""
        try:
            if "socket" in question:
                opened = self._network.open_socket(question["node"][0], *map(int, question["socket"]))
                messages.send(reply, {"opened": ""}, descriptors=[opened.fileno()])
                opened.close()
            else:
                messages.send(reply, {"took": [f"{seconds:.6f}" for seconds in self._network.took_s]})
        except OSError as error:
            messages.send(reply, {"errno": str(error.errno)})
        finally:
            reply.close()

    def _save_terminal(self, fd: int) -> None:
        from .kernel.terminal import SavedTerminal

        self._terminal = SavedTerminal(fd)

    def _follow_the_caller(self) -> NoReturn:
        """The caller died without closing the lab."""
        if self._terminal:
            self._terminal.restore()
        os._exit(0)

    def confess(self) -> None:
        """Tell the caller of the bug of ours that was just met."""
        import traceback

        messages.send(self._lab, {"bug": traceback.format_exc()})

    def _refuse(self, message: dict[str, str]) -> NoReturn:
        messages.send(self._lab, message)
        os._exit(1)


def _is_privileged() -> bool:
    """Whether namespaces can be made and wired without a user namespace around them."""
    held = int(status.fields()["CapEff"], 16)
    return bool(held >> CAP_NET_ADMIN & 1 and held >> CAP_SYS_ADMIN & 1)
