"""What a service has printed, as its lab's init keeps it, seen from a program that asks for it."""

from __future__ import annotations

from .. import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterator

    from .channel import Channel


def open_log(channel: Channel, node: str, *, follow: bool) -> LogReader:
    """The log of the service of `node`. Raises RequestError where there is none."""
    ours, theirs = messages.pair()
    try:
        channel.ask("log", theirs.fileno(), node=node)
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return LogReader(ours, follow=follow)


class LogReader:
    """The log of a service, read as fast as one asks; `fileno` becomes readable with each piece that next() awaits."""

    def __init__(self, sock: socket, *, follow: bool) -> None:
        self._socket = sock
        self._word = messages.FOLLOW if follow else b"n"
        self._socket.send(self._word)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return self

    def __next__(self) -> tuple[int, bytes]:
        piece = self._socket.recv(messages.PIECE + 1)
        if piece == messages.NO_MORE:
            self.close()
            raise StopIteration
        self._socket.send(self._word)
        return piece[0], piece[1:]

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    def close(self) -> None:
        """Read no more."""
        self._socket.close()
