"""A running topology, seen from the program that owns it."""

from __future__ import annotations

import os
from _thread import RLock

from ..errors import LabClosed, RequestError
from ..topology import Topology
from ..topology.endpoint import Endpoint, Link
from .channel import Channel
from .initprocess import InitProcess
from .node import Node
from .process import Process
from .started import Started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Self

    import psutil

    from ..command import Command
    from ..containment import Containment
    from ..messages import Message
    from ..plan.steps import Step
    from ..topology.limits import Limits
    from .live import LiveLink
    from .logreader import LogReader
    from .ping import Reachability

    # How the lab's init comes to be; returns the socket on which it will answer.
    Launch = Callable[[], socket]
    # Told, while a large lab is built, how many steps of how many are done.
    Progress = Callable[[int, int], object]


class Lab:
    """A running topology: it is up once constructed, and gone after close().

    `lab["a"]` is the node a. `as_root`: commands are uid 0 in a user namespace of the lab. `contain`: True or a
    Containment puts each node in a container, False in none, whatever the topology says. `limits`: what each node may
    use of the machine, or by name those that are limited; they go over what the topology says.
    `progress` is told, where building takes over half a second, how many steps of how many are done.
    Raises NotAllowed when this machine forbids it, StepFailed when the kernel refuses a step, RequestError or TypeError
    for a `contain` or `limits` that make no sense; nothing is left. After close() what needs the lab raises LabClosed.
    The program itself is not changed: no fork, no namespace, no handler, no thread.
    """

    is_as_root = False  # whether its commands are uid 0 in a user namespace of its own

    def __init__(
        self,
        topology: Topology,
        *,
        as_root: bool = False,
        contain: bool | Containment | None = None,
        limits: Limits | Mapping[str, Limits] | None = None,
        launch: Launch | None = None,
        progress: Progress | None = None,
    ) -> None:
        if not isinstance(topology, Topology):
            raise TypeError(f"a Lab takes a Topology, not {topology!r} - such as Topology.parse([(end, other)])")
        if limits:
            from ..topology.limits import limited

            topology = limited(topology, limits)
        self.topology = topology
        self.is_as_root = as_root
        if launch is None and (contain is not None or topology.containment):
            from ..sources import settled

            self.topology = settled(topology, contain)
        self._open(launch() if launch else _fork_by_server(self.topology, as_root=as_root), progress)

    def _open(self, sock: socket, progress: Progress | None = None) -> Message:
        self._owner = os.getpid()
        self._closing = RLock()
        self._started = Started()
        self.channel = Channel(sock)
        try:
            greeting, pidfd, pid = self.channel.greeting(progress)
        except BaseException:
            self.channel.close()
            raise
        self._init = InitProcess(pidfd, pid)
        return greeting

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in order of declaration."""
        return tuple(Node(self, name) for name in self.topology.nodes)

    def __getitem__(self, name: str) -> Node:
        """The node called `name`. Raises KeyError."""
        if name not in self.topology.nodes:
            raise KeyError(name)
        return Node(self, name)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else "up"
        return f"<{type(self).__name__} of {', '.join(self.topology.nodes)}, {state}>"

    @property
    def is_closed(self) -> bool:
        """Whether close() was called."""
        return self.channel.is_closed

    def close(self) -> None:
        """Kill what still runs and free the network. Returns when every process is gone; may be called again."""
        # A fork of this program has a copy of the lab, but it does not own it; nor has it the thread that has the lock.
        if os.getpid() != self._owner:
            self.hang_up()
            return
        with self._closing:  # or a second thread would close, or kill by, a number that is another's by now
            if not self.is_closed:
                try:
                    self._end()
                finally:  # an interrupt ends the waiting, not the end
                    self.hang_up()

    def start(self, command: Command, descriptors: Sequence[int], **streams: Any) -> Process:
        """Send one command to init. It executes with Process.begin()."""
        if self.is_closed:
            raise LabClosed("the lab is closed - start commands before close()")

        def send(status: int, report: int) -> None:
            self.channel.tell(command.to_message(), status, report, *descriptors)

        process = Process(command.argv, send, held=command.held, **streams)
        self._started.add(process)
        return process

    def log(self, node: str, *, follow: bool = False) -> LogReader:
        """What the service of `node` printed, to be iterated over in pieces: from stdout (1) or stderr (2), and bytes.

        Older output is forgotten beyond a MiB. With `follow` it ends when the service does. Raises RequestError.
        """
        from .logreader import open_log

        return open_log(self.channel, node, follow=follow)

    def open_socket(self, node: str, *kind: int) -> int:
        """The descriptor of a socket in the network of `node`; `kind` are its family, type and protocol."""
        answer, descriptors = self.channel.ask_for_descriptors({"socket": list(map(str, kind)), "node": node})
        if not descriptors:
            number = int(answer["errno"][0])
            raise OSError(number, os.strerror(number))
        return descriptors[0]

    def steps(self) -> list[tuple[Step, float]]:
        """The steps that built the lab, and the seconds that each took; of a batch its last step tells."""
        from ..plan import plan  # init has planned already

        took = self.channel.ask("took")["took"]
        return list(zip(plan(self.topology), map(float, took), strict=True))

    @property
    def links(self) -> list[LiveLink]:
        """The links that are there now."""
        from .live import live_links

        state = self._refresh()
        return live_links(self, self.topology.links, state.get("wire", []))

    def link(self, first: str | Endpoint, second: str | Endpoint) -> LiveLink:
        """Join two nodes, or (by its name alone) a node and a switch, while the lab runs.

        Raises RequestError where Topology would, StepFailed when the kernel refuses it; nothing has changed then.
        """
        ends = (end if isinstance(end, Endpoint) else Endpoint.parse_bare(end) for end in (first, second))
        self.channel.ask("link", link=str(Link(*ends)))
        return self.links[-1]

    def unlink(self, link: Link) -> None:
        """Take a link away, as LiveLink.remove() does. Raises RequestError when there is no such link."""
        self.channel.ask("unlink", link=str(link))
        self._refresh()

    def add_node(self, node: str | Endpoint, *, switch: str | None = None) -> Node:
        """A new node, written NAME[:ADDRESS] and plugged into `switch` if that is given, else not linked yet.

        On a switch with subnets it gets the first free address unless it has one. Raises RequestError, StepFailed.
        """
        from ..topology.draft import plugged

        end = node if isinstance(node, Endpoint) else Endpoint.parse_bare(node)
        if end.addresses and switch is None:
            raise RequestError(f"{str(end)!r}: an address, and nothing to be plugged into - name a switch")
        link = Link(plugged(self.topology, end, switch), Endpoint(switch)) if switch else None
        self.channel.ask("add node", node=end.node)
        try:
            if link:
                self.channel.ask("link", link=str(link))
        except BaseException:
            self.channel.ask("remove node", node=end.node)
            raise
        self._refresh()
        return self[end.node]

    def remove_node(self, name: str) -> None:
        """Take a node away: its commands are killed, its links are gone. Raises RequestError where there is none."""
        self.channel.ask("remove node", node=name)
        self._refresh()

    def attach(self, pid: int, name: str) -> Node:
        """A node made of the network that process `pid` is in already; join it with link().

        When it is removed, or the lab ends, only the links to it are gone. Needs to be root, unless that network is
        the lab's own. Raises RequestError for a process that is not there, NotAllowed where it is not ours to enter.
        """
        from .attach import attach

        attach(self.channel, pid, name)
        self._refresh()
        return self[name]

    def share(self, name: str) -> None:
        """Give the lab a name, under which others of the same user can connect() to it. It ends as before.

        Raises RequestError for a name that is taken, SandboxError where there is no place for its socket.
        """
        from .kept import keep

        keep(self, name)

    def detach(self, name: str) -> None:
        """As share(), and leave the lab to itself: it stays until somebody takes it down. It is closed here."""
        from .kept import keep

        keep(self, name, {"detach": ""})
        self.hang_up()

    def processes(self) -> list[psutil.Process]:
        """Every process of the lab but its init, as psutil.Process."""
        import psutil

        if self.is_closed:
            raise LabClosed("the lab is closed - use it before close()")
        return psutil.Process(self._init.pid).children(recursive=True)

    def ping_all(self, *, timeout: float = 1.0, version: int | None = None) -> Reachability:
        """Have every node ping every other, all at once, and tell who reached whom.

        Each is pinged at the address by which it is reached by name, or at its first of IP `version` 4 or 6. A node
        without one is left out. `timeout`: seconds to wait for each answer. Raises RequestError for less than two.
        """
        from .ping import ping_all

        return ping_all(self, timeout=timeout, version=version)

    def guard_terminal(self, fd: int) -> None:
        """Have init put the terminal's settings back should this program be killed."""
        self.channel.tell({"terminal": ""}, fd)

    def _refresh(self) -> Message:
        from ..topology import words

        state = self.channel.ask("state")
        self.topology = words.read(state)
        return state

    def _end(self) -> None:
        self.channel.mention({"close": ""})
        self._init.see_end()
        self._started.note_ends()

    def await_end(self) -> None:
        """Return when the lab has ended, by whoever's hand."""
        self._init.await_end()
        self._started.note_ends()

    def hang_up(self) -> None:
        """Let go of the lab without ending it, as far as it can live on its own."""
        if self.is_closed:
            return
        self._started.let_go()
        self.channel.close()
        self._init.let_go()


def _fork_by_server(topology: Topology, *, as_root: bool) -> socket:
    from ..forkserver import launch

    return launch(topology, as_root=as_root)
