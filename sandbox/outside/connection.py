"""A TCP connection that is passed on: two sockets, and what flows between them in either direction."""

from __future__ import annotations

from _socket import IPPROTO_TCP, SHUT_WR, SO_LINGER, SOL_SOCKET, TCP_NODELAY, socket
from struct import pack

CHUNK = 64 * 1024  # more is never held: then the sender is not read from, and waits
TURN = 16  # chunks, before others have theirs
RESET = pack("ii", 1, 0)  # struct linger: close(2) sends RST, not FIN; socket(7), SO_LINGER


class Connection:
    """A client and the server it is led to. Neither socket may block; the server's may still be connecting.

    Its sockets are to be watched for edges: go_on() leaves neither before it has to wait for it.
    """

    def __init__(self, client: socket, server: socket) -> None:
        self.sockets = (client, server)
        self._flows = (Flow(client, server), Flow(server, client))
        for sock in self.sockets:
            sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # who sent it has waited already, if that was wanted

    def go_on(self) -> bool:
        """Move what can be moved, both ways; whether its turn ended before it had to wait."""
        return all(self._move() for _ in range(TURN))

    @property
    def is_over(self) -> bool:
        """Whether both sides have said all, or one is not there any more."""
        return self._is_broken or all(flow.is_over for flow in self._flows)

    def close(self) -> None:
        """Let both sides know: by a reset, if there was one."""
        for sock in self.sockets:
            if self._is_broken:
                sock.setsockopt(SOL_SOCKET, SO_LINGER, RESET)
            sock.close()

    @property
    def _is_broken(self) -> bool:
        return any(flow.is_broken for flow in self._flows)

    def _move(self) -> bool:
        moved = [flow.move() for flow in self._flows]
        return any(moved) and not self._is_broken


class Flow:
    """What one side says to the other. `is_over`: it said all, and the other was told so."""

    def __init__(self, source: socket, sink: socket) -> None:
        self._source = source
        self._sink = sink
        self._held = memoryview(b"")
        self.is_over = False
        self.is_broken = False

    def move(self) -> bool:
        """Move a chunk, or what is left of it; False where that has to wait, or there will be no more."""
        if self.is_over:
            return False
        try:
            self._held = self._held or memoryview(self._source.recv(CHUNK))
            if self._held:
                self._held = self._held[self._sink.send(self._held) :]
            else:
                self._sink.shutdown(SHUT_WR)
                self.is_over = True
        except BlockingIOError:
            return False
        except OSError:
            # Refused, reset, or closed for what was still to come: the other side is told by a reset.
            self.is_over = self.is_broken = True
        return not self.is_over
