"""Datagrams that are passed on: a socket for each client, by which the node's answers find their way back."""

from __future__ import annotations

from _socket import CMSG_SPACE, IPPROTO_IP, SOCK_DGRAM, socket
from contextlib import suppress
from time import monotonic

from .listening import IP_PKTINFO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .relay import Relay

IDLE_S = 60.0  # as long as connection tracking keeps an answered one, give or take
MOST = 1024
LARGEST = 65535
TURN = 64
ANCILLARY = CMSG_SPACE(20)  # struct in6_pktinfo; IPv4's is smaller


class Datagrams:
    """The clients of one listening socket, the longest silent first. A new one too many takes its place."""

    def __init__(self, listener: socket, to: tuple[str, int], family: int, relay: Relay) -> None:
        self._listener = listener
        self._to = to
        self._family = family
        self._relay = relay
        self._sessions: dict[Any, Session] = {}
        relay.watch(listener, self._hear_clients)

    def forget_idle(self) -> None:
        """Close the sockets of clients that have been silent for a minute."""
        while self._sessions:
            key, oldest = next(iter(self._sessions.items()))
            if oldest.last_used + IDLE_S > monotonic():
                return
            self._close(key)

    @property
    def has_clients(self) -> bool:
        return bool(self._sessions)

    def _hear_clients(self) -> None:
        with suppress(BlockingIOError):
            for _ in range(TURN):
                data, ancillary, _, client = self._listener.recvmsg(LARGEST, ANCILLARY)
                session = self._session(client, [_without_interface(each) for each in ancillary])
                session.send(data)

    def _session(self, client: Any, source: list[tuple[int, int, bytes]]) -> Session:
        key = client, *(content for _, _, content in source)
        session = self._sessions.pop(key, None) or self._open(client, source)
        session.last_used = monotonic()
        self._sessions[key] = session  # last now
        return session

    def _open(self, client: Any, source: list[tuple[int, int, bytes]]) -> Session:
        if len(self._sessions) >= MOST:
            self._close(next(iter(self._sessions)))
        session = Session(socket(self._family, SOCK_DGRAM), self._listener, client, source)
        session.socket.setblocking(False)
        session.socket.connect(self._to)
        self._relay.watch(session.socket, session.hear_node)
        return session

    def _close(self, key: Any) -> None:
        session = self._sessions.pop(key)
        self._relay.forget(session.socket)
        session.socket.close()


class Session:
    """One client, and the address of the host at which it asked: from there it expects its answers."""

    def __init__(self, node: socket, listener: socket, client: Any, source: list[tuple[int, int, bytes]]) -> None:
        self.socket = node
        self.last_used = 0.0
        self._listener = listener
        self._client = client
        self._source = source

    def send(self, data: bytes) -> None:
        """Pass a datagram on to the node."""
        for _ in range(2):
            with suppress(BlockingIOError):
                try:
                    self.socket.send(data)
                except ConnectionRefusedError:
                    continue  # that was about the last one
            return

    def hear_node(self) -> None:
        """Pass the node's answers on to the client. What cannot be sent is lost, as on any network."""
        for _ in range(TURN):
            try:
                data = self.socket.recv(LARGEST)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self.last_used = monotonic()
            with suppress(OSError):
                self._listener.sendmsg([data], self._source, 0, self._client)


def _without_interface(control: tuple[int, int, bytes]) -> tuple[int, int, bytes]:
    """Where it came in, as where to send from: ip(7), IP_PKTINFO. The way back is the host's to choose."""
    level, kind, content = control
    if (level, kind) == (IPPROTO_IP, IP_PKTINFO):
        return level, kind, bytes(4) + content[4:]
    return control
