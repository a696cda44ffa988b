"""A relay: what comes in at published ports of the host is passed on to a node, and what the node answers back.

One process for each published node. It is in the node's network, where it connects; its listening sockets stay in the
host's, where they were made. It has no capability at all, and dies with the lab.
"""

from __future__ import annotations

import gc
import os
import resource
import select
from _socket import AF_INET, AF_INET6, SO_TYPE, SOCK_STREAM, SOL_SOCKET, socket

from ..kernel import caps, descriptors, namespace
from ..messages import adopt
from ..plan.ways import target
from .connection import Connection
from .datagrams import Datagrams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from ..topology import Topology
    from .listening import Listening

ACCEPTED_AT_ONCE = 64
RETRY_S, IDLE_CHECK_S = 1.0, 10.0
ON_EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET


def start(topology: Topology, listening: Listening, namespaces: Mapping[str, int]) -> dict[str, int]:
    """Fork a relay for each published node; returns their pids. The listening sockets are theirs from now on."""
    pids: dict[str, int] = {}
    for node in dict.fromkeys(publication.node for publication, _ in listening):
        pids[node] = os.fork()
        if pids[node] == 0:
            try:
                own = [(sock, publication.node_port) for publication, sock in listening if publication.node == node]
                _serve(target(topology, node), namespaces[node], own)
            finally:
                os._exit(1)
    for _, sock in listening:
        sock.close()
    return pids


def _serve(address: str, netns_fd: int, own: list[tuple[socket, int]]) -> NoReturn:
    namespace.enter_network(netns_fd)
    sockets = _keep_only([sock for sock, _ in own])
    # A command that could take a listening socket from here could make one of it that leads out.
    caps.forbid_tracing()
    caps.keep_only([])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()
    gc.enable()
    relay = Relay(most)
    for sock, (_, port) in zip(sockets, own, strict=True):
        relay.publish(sock, (address, port))
    relay.run()


def _keep_only(sockets: list[socket]) -> list[socket]:
    """The same sockets, as the only descriptors that are left."""
    first = 3
    nowhere = os.open(os.devnull, os.O_RDWR)
    numbers = dict(enumerate((sock.detach() for sock in sockets), first))
    descriptors.place({**dict.fromkeys(range(first), nowhere), **numbers})
    descriptors.close_from(first + len(numbers))
    return list(map(adopt, numbers))


class Relay:
    """Passes on in the network that this process is in. `most`: how many descriptors it may have."""

    def __init__(self, most: int) -> None:
        self._most_connections = most // 3  # of two descriptors each
        self._epoll = select.epoll()
        self._watched: dict[int, Callable[[], None]] = {}
        self._listeners: list[socket] = []
        self._accepts = True
        self._connections: set[Connection] = set()
        self._unfinished: set[Connection] = set()
        self._datagrams: list[Datagrams] = []

    def publish(self, sock: socket, to: tuple[str, int]) -> None:
        """Lead whoever comes to this socket to an address and port."""
        family = AF_INET6 if ":" in to[0] else AF_INET
        if sock.getsockopt(SOL_SOCKET, SO_TYPE) == SOCK_STREAM:
            self._listeners.append(sock)
            self.watch(sock, lambda: self._accept(sock, family, to))
        else:
            self._datagrams.append(Datagrams(sock, to, family, self))

    def run(self) -> NoReturn:
        """Serve for ever."""
        while True:
            self._turn()

    def watch(self, sock: socket, hear: Callable[[], None], events: int = select.EPOLLIN) -> None:
        """Call `hear` when there is something to hear on a socket."""
        self._watched[sock.fileno()] = hear
        self._epoll.register(sock.fileno(), events)

    def forget(self, sock: socket) -> None:
        """Watch it no more."""
        self._epoll.unregister(sock.fileno())
        del self._watched[sock.fileno()]

    def _turn(self) -> None:
        # Edges are told once: who has had a turn and could go on is not told of again.
        unfinished, self._unfinished = self._unfinished, set()
        for fd, _ in self._epoll.poll(0 if unfinished else self._patience_s()):
            if hear := self._watched.get(fd):  # it may have been closed in this very turn
                hear()
        for connection in unfinished & self._connections:
            self._go_on(connection)
        for datagrams in self._datagrams:
            datagrams.forget_idle()
        if not self._accepts and len(self._connections) < self._most_connections:
            self._accept_again()

    def _patience_s(self) -> float | None:
        if not self._accepts:
            return RETRY_S
        return IDLE_CHECK_S if any(datagrams.has_clients for datagrams in self._datagrams) else None

    def _accept(self, listener: socket, family: int, to: tuple[str, int]) -> None:
        try:
            for _ in range(ACCEPTED_AT_ONCE):
                if len(self._connections) >= self._most_connections:
                    self._accept_no_more()
                    return
                fd, _ = listener._accept()  # type: ignore[attr-defined] # what the public accept() is made of
                self._connect(adopt(fd), family, to)
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            self._accept_no_more()  # out of memory or descriptors: who comes now waits in the queue

    def _connect(self, client: socket, family: int, to: tuple[str, int]) -> None:
        server = socket(family, SOCK_STREAM)
        for sock in (client, server):
            sock.setblocking(False)
        server.connect_ex(to)  # how it ends, reading will tell
        connection = Connection(client, server)
        self._connections.add(connection)
        for sock in connection.sockets:
            self.watch(sock, lambda: self._go_on(connection), ON_EDGES)

    def _go_on(self, connection: Connection) -> None:
        if connection.go_on():
            self._unfinished.add(connection)
        elif connection.is_over:
            self._connections.discard(connection)
            self._unfinished.discard(connection)
            for sock in connection.sockets:
                self.forget(sock)
            connection.close()

    def _accept_no_more(self) -> None:
        self._accepts = False
        for listener in self._listeners:
            self._epoll.modify(listener.fileno(), 0)

    def _accept_again(self) -> None:
        self._accepts = True
        for listener in self._listeners:
            self._epoll.modify(listener.fileno(), select.EPOLLIN)
