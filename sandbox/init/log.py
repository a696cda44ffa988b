"""What a service has printed: the last of it, kept in memory, for those who ask and those who follow."""

from __future__ import annotations

from collections import deque

from ..messages import FOLLOW, NO_MORE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

    from .loop import Loop

MOST_BYTES = 1 << 20  # older output is forgotten


class Log:
    """Pieces of output in their order; each came from stdout (1) or stderr (2)."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._first = 0  # the number of the oldest piece that is kept
        self._followers: list[Reader] = []
        self._is_open = True

    def add(self, stream: int, data: bytes) -> None:
        """Keep what was printed, and pass it on to who waits for it."""
        self._pieces.append((stream, data))
        self._bytes += len(data)
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self._pieces.popleft()[1])
            self._first += 1
        self._wake()

    @property
    def is_open(self) -> bool:
        """Whether there may be more."""
        return self._is_open

    def open(self) -> None:
        """The service is started again: there may be more."""
        self._is_open = True

    def close(self) -> None:
        """There will be no more; who follows is told, and who asks from now on."""
        self._is_open = False
        followers, self._followers = self._followers, []
        for reader in followers:
            reader.send(NO_MORE)

    def piece(self, number: int) -> tuple[int, bytes] | None:
        """The next number after piece `number`, or after the oldest kept, and that piece; None when there is none."""
        number = max(number, self._first)
        if number - self._first >= len(self._pieces):
            return None
        stream, data = self._pieces[number - self._first]
        return number + 1, bytes([stream]) + data

    def follow(self, reader: Reader) -> None:
        """Have `reader` woken by the next piece."""
        self._followers.append(reader)

    def _wake(self) -> None:
        followers, self._followers = self._followers, []
        for reader in followers:
            reader.answer(follow=True)


class Reader:
    """One who reads a log, as fast as they ask: a byte for each piece that they can take."""

    def __init__(self, loop: Loop, log: Log, sock: socket) -> None:
        self._loop = loop
        self._log = log
        self._socket = sock
        self._next = 0
        loop.watch(sock.fileno(), self._hear)

    def answer(self, *, follow: bool) -> None:
        """Send the next piece; without one wait for it, or say that this is the end."""
        if found := self._log.piece(self._next):
            self._next, data = found
            self.send(data)
        elif follow and self._log.is_open:
            self._log.follow(self)
        else:
            self.send(NO_MORE)

    def send(self, data: bytes) -> None:
        """Send one piece: a byte for the stream, then what was printed."""
        try:
            self._socket.send(data)
        except OSError:
            return  # gone, as the loop will tell

    def _hear(self) -> None:
        try:
            word = self._socket.recv(1)
        except OSError:
            word = b""
        if word:
            self.answer(follow=word == FOLLOW)
        else:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
