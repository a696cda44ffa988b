"""One rtnetlink socket in one network namespace: requests go out in a batch, every answer is checked."""

from __future__ import annotations

import _struct as struct
import os
from _socket import SOCK_CLOEXEC, SOCK_RAW, socket

from .packed import HEADER, numbered

AF_NETLINK, NETLINK_ROUTE = 16, 0
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLMSG_ERROR, NLM_F_CAPPED, NLM_F_ACK_TLVS, NLMSGERR_ATTR_MSG = 2, 0x100, 0x200, 1
# Of the receive buffer, 208 KiB, an acknowledgement takes 800 bytes, and what is told of a link up to 9 KiB.
BATCH = 16


class Refused(OSError):
    """The kernel refused a request of a batch: `position` in it, and the kernel's own `words` if it gave any."""

    def __init__(self, errno: int, position: int, words: str) -> None:
        super().__init__(errno, os.strerror(errno))
        self.position = position
        self.words = words


class Conversation:
    """Requests to the network namespace this process is in now; it may leave, the socket stays."""

    def __init__(self) -> None:
        self._socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)
        # "Invalid argument" becomes a sentence: netlink(7), NETLINK_EXT_ACK.
        self._socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)

    def ask(self, requests: list[bytes]) -> None:
        """Have the kernel carry out `requests` in order. Raises Refused for the first that it did not."""
        for start in range(0, len(requests), BATCH):
            self._ask(requests[start : start + BATCH], start)

    def question(self, request: bytes) -> bytes | None:
        """The message that answers `request`, None where the kernel has none to give."""
        self._socket.send(numbered(request, 0))
        answer: bytes | None = None
        while HEADER.unpack_from(data := self._socket.recv(65536))[1] != NLMSG_ERROR:
            answer = data
        return answer

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _ask(self, requests: list[bytes], start: int) -> None:
        # Answers carry the number of their request: that ties each to its step. What was not refused before the last
        # is acknowledged has been done, so that no other needs to be.
        last = start + len(requests) - 1
        parts = (numbered(each, at, acknowledged=at == last) for at, each in enumerate(requests, start))
        self._socket.send(b"".join(parts))
        refusals: list[Refused] = []
        is_done = False
        while not is_done:
            for position, errno, words in _answers(self._socket.recv(65536)):
                is_done |= position == last
                if errno:
                    refusals.append(Refused(errno, position, words))
        if refusals:
            raise refusals[0]


def _answers(data: bytes) -> list[tuple[int, int, str]]:
    """Sequence number, errno (0: done) and the kernel's words of each acknowledgement or refusal in `data`."""
    found = []
    offset = 0
    while offset < len(data):
        length, kind, flags, sequence, _ = HEADER.unpack_from(data, offset)
        if kind == NLMSG_ERROR:
            (status,) = struct.unpack_from("=i", data, offset + HEADER.size)
            words = _words(data[offset : offset + length]) if flags & NLM_F_ACK_TLVS else ""
            found.append((sequence, -status, words))
        offset += (length + 3) & ~3
    return found


def _words(message: bytes) -> str:
    """The sentence in an error message whose echo of the request is capped to its header."""
    offset = HEADER.size + 4 + HEADER.size
    while offset + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, offset)
        if kind & 0x3FFF == NLMSGERR_ATTR_MSG:
            return message[offset + 4 : offset + length].rstrip(b"\0").decode(errors="replace")
        offset += max(4, (length + 3) & ~3)
    return ""
