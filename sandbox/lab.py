"""A running topology, seen from the program that owns it."""

from __future__ import annotations

import os
import select

from . import messages
from .errors import LabClosed, NotAllowed, SandboxError, StepFailed
from .node import Node
from .plan import plan
from .process import Process
from .topology import Topology

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from _socket import socket
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Self

    import psutil

    from .command import Command
    from .endpoint import Endpoint
    from .node import Words
    from .steps import Step

    # How the lab's init comes to be; returns the socket on which it will answer.
    Launch = Callable[[], socket]


CLOSE_TIMEOUT_MS = 10_000


class Lab:
    """A running topology: it is up once constructed, and gone after close().

    `lab["a"]` is the node a. `as_root`: commands are uid 0 in a user namespace of the lab.
    Raises NotAllowed when this machine forbids it, StepFailed when the kernel refuses a step; nothing is left.
    The program itself is not changed: no fork, no namespace, no handler, no thread.
    """

    def __init__(self, topology: Topology, *, as_root: bool = False, launch: Launch | None = None) -> None:
        self.topology = topology
        self.plan = plan(topology)
        self._owner = os.getpid()
        self._running: set[Process] = set()
        self._socket = launch() if launch else _fork_by_server(topology, as_root=as_root)
        try:
            self._init_fd = self._await_up()
        except BaseException:
            self._socket.close()
            raise
        self.nodes = tuple(Node(self, name) for name in topology.nodes)

    def __getitem__(self, name: str) -> Node:
        """The node called `name`. Raises KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else "up"
        return f"<Lab of {', '.join(self.topology.nodes)}, {state}>"

    @property
    def is_closed(self) -> bool:
        """Whether close() was called."""
        return self._socket.fileno() < 0

    def close(self) -> None:
        """Kill what still runs and free the network. Returns when every process is gone; may be called again."""
        if self.is_closed:
            return
        # A fork of this program has a copy of the lab, but it does not own it.
        if os.getpid() == self._owner:
            self._end()
        self._socket.close()
        os.close(self._init_fd)

    def start(self, command: Command, descriptors: Sequence[int], **streams: Any) -> Process:
        """Send one command to init. It executes with Process.begin()."""
        if self.is_closed:
            raise LabClosed("the lab is closed - start commands before close()")
        # Forget those that ended, so that a long-lived lab does not grow.
        self._running = {process for process in self._running if process.returncode is None}
        process = Process(self._socket, command, descriptors, **streams)
        self._running.add(process)
        return process

    def open_socket(self, node: str, *kind: int) -> int:
        """The descriptor of a socket in the network of `node`; `kind` are its family, type and protocol."""
        ours, theirs = messages.pair()
        try:
            request = {"socket": list(map(str, kind)), "node": node}
            messages.send(self._socket, request, descriptors=[theirs.fileno()])
            theirs.close()
            reply, descriptors, _ = messages.receive(ours)
        except OSError:
            raise LabClosed("the lab is closed - open sockets before close()") from None
        finally:
            ours.close()
            theirs.close()
        if reply is None:
            raise LabClosed("the lab's init was killed")
        if not descriptors:
            number = int(reply["errno"][0])
            raise OSError(number, os.strerror(number))
        return descriptors[0]

    def processes(self) -> list[psutil.Process]:
        """Every process of the lab but its init, as psutil.Process."""
        import psutil

        return psutil.Process(self._init_pid).children(recursive=True)

    def guard_terminal(self, fd: int) -> None:
        """Have init put the terminal's settings back should this program be killed."""
        messages.send(self._socket, {"terminal": ""}, descriptors=[fd])

    def _end(self) -> None:
        try:  # noqa: SIM105 - contextlib would cost a launch 2 ms
            messages.send(self._socket, {"close": ""})
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was killed: then it is ending already
        poll = select.poll()
        poll.register(self._init_fd, select.POLLIN)
        # PID 1 is gone only after every process of its PID namespace: pid_namespaces(7).
        poll.poll(CLOSE_TIMEOUT_MS)
        for process in self._running:
            process.poll()

    def _await_up(self) -> int:
        message, descriptors, pid = messages.receive(self._socket)
        if message is None:
            raise LabClosed("the lab's init was killed while it built the network")
        if "bug" in message:
            raise SandboxError(f"a bug in sandbox, please report it:\n{message['bug'][0]}")
        if "refused" in message:
            raise _refusal(self.plan, message)
        self._init_pid = pid
        self.took_s = [float(text) for text in message["took"]]
        return descriptors[0]


class Pair:
    """Two nodes joined by a veth pair: a context that gives both. See pair()."""

    def __init__(self, topology: Topology, *, as_root: bool) -> None:
        self._topology = topology
        self._as_root = as_root

    def __enter__(self) -> tuple[Node, Node]:
        self._lab = Lab(self._topology, as_root=self._as_root)
        first, second = self._lab.nodes
        return first, second

    def __exit__(self, *_: object) -> None:
        self._lab.close()


def pair(first: str | Endpoint, second: str | Endpoint, *, as_root: bool = False) -> Pair:
    """Two nodes joined by a veth pair, as `with pair("a:192.168.1.1", "b:192.168.1.2") as (a, b):`.

    Raises RequestError for endpoints that cannot reach each other, and on entering what Lab raises.
    """
    return Pair(Topology.parse([(first, second)]), as_root=as_root)


def run(args: Words, *, as_root: bool = False, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run one command with no network but lo; takes subprocess.run's arguments and raises its exceptions.

    What it leaves running in the background is killed when it ends.
    """
    with Lab(Topology.alone(), as_root=as_root) as lab:
        return lab.nodes[0].run(args, last=True, **options)


def _fork_by_server(topology: Topology, *, as_root: bool) -> socket:
    from .forkserver import launch

    return launch(topology, as_root=as_root)


def _refusal(steps: Sequence[Step], message: messages.Message) -> SandboxError:
    """What the kernel said to init, as an error; NotAllowed where a setting of this machine explains it."""
    if "what" in message:
        return NotAllowed(*message["what"][0].rsplit(" - ", 1))
    from .doctor import forbidden

    number = int(message["errno"][0])
    said = os.strerror(number)
    if "position" not in message:
        stage = message["stage"][0]
        failure = StepFailed(f"cannot {stage}: {said}", "unshare --user --pid --net true", number)
        return forbidden(number, stage) or failure
    step = steps[int(message["position"][0])]
    words = f' (kernel: "{message["words"][0]}")' if message["words"][0] else ""
    return forbidden(number, "net") or StepFailed(f"{step.why}: {said}{words}", str(step), number)
