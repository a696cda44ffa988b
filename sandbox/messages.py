"""The one format between a lab and its init: `key=value` lines ended by NUL, as in /proc/PID/environ.

A repeated key is a list. A message is one packet of a SOCK_SEQPACKET pair, so it arrives whole or not at
all, and descriptors travel with it. Not JSON, whose import would take a fifth of a launch; never pickle,
for init stands on the side of the commands.
"""

from __future__ import annotations

# The public modules `socket` and `array` would add 6 ms to a launch of 25; these are what they are made of.
import _struct as struct
import os
from _socket import (
    AF_UNIX,
    CMSG_SPACE,
    MSG_CMSG_CLOEXEC,
    MSG_DONTWAIT,
    SCM_CREDENTIALS,
    SCM_RIGHTS,
    SO_PASSCRED,
    SO_PEERCRED,
    SOCK_CLOEXEC,
    SOCK_SEQPACKET,
    SOL_SOCKET,
    socket,
    socketpair,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Message = dict[str, list[str]]

INLINE = 32 * 1024  # a larger message travels as a memfd: the socket's buffer is 208 KiB
FOLLOW, NO_MORE = b"f", b""  # who reads a log asks so for what is still to come, and is told so of its end
PIECE = 32 * 1024  # of a log
LONGEST_PATH = 107
WAITING = 128  # clients that connected and were not yet accepted
MOST_DESCRIPTORS = 253  # SCM_MAX_FD in include/net/scm.h
ELSEWHERE = b"\0"  # the packet that says: read the first descriptor instead


def encode(fields: Mapping[str, str | Iterable[str]]) -> bytes:
    """The message as bytes. Text of the command line survives byte for byte."""
    lines = [
        f"{key}={item}\0"
        for key, content in fields.items()
        for item in ([content] if isinstance(content, str) else content)
    ]
    return os.fsencode("".join(lines))


def decode(data: bytes) -> Message:
    """The fields of a message; of one key all values in order."""
    message: Message = {}
    for line in os.fsdecode(data).split("\0")[:-1]:
        key, _, content = line.partition("=")
        message.setdefault(key, []).append(content)
    return message


def pair() -> tuple[socket, socket]:
    """Two connected ends, closed on exec. The first is told the sender's pid with each message."""
    ours, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET, 0)
    ours.setsockopt(SOL_SOCKET, SO_PASSCRED, 1)
    return ours, theirs


def listen(path: str) -> socket:
    """A socket with a name, for others to connect(). Raises OSError where the name is taken."""
    listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)
    try:
        _by_short_path(path, listening.bind)
        listening.listen(WAITING)
    except BaseException:
        listening.close()
        raise
    return listening


def connect(path: str) -> socket:
    """The other end of a socket that listens under a name. Raises OSError: ConnectionRefusedError if nobody does."""
    ours = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)
    try:
        ours.setsockopt(SOL_SOCKET, SO_PASSCRED, 1)
        _by_short_path(path, ours.connect)
    except BaseException:
        ours.close()
        raise
    return ours


def accept(listening: socket) -> tuple[socket, int]:
    """The next who connected, and the uid that they have: unix(7), SO_PEERCRED."""
    fd, _ = listening._accept()  # type: ignore[attr-defined] # what the public accept() is made of
    client = socket(fileno=fd)
    _, uid, _ = struct.unpack("3i", client.getsockopt(SOL_SOCKET, SO_PEERCRED, 12))
    return client, uid


def adopt(fd: int) -> socket:
    """The socket of an inherited descriptor."""
    return socket(fileno=fd)


def send(
    sock: socket,
    fields: Mapping[str, str | Iterable[str]],
    *,
    descriptors: Sequence[int] = (),
    pid: int | None = None,
) -> None:
    """Send one message, with descriptors, and with a pid that the receiver reads in its own PID namespace."""
    data = encode(fields)
    if len(data) <= INLINE:
        _send(sock, data, descriptors, pid)
        return
    memory = os.memfd_create("message", os.MFD_CLOEXEC)
    try:
        with open(memory, "wb", closefd=False) as file:
            file.write(data)
        _send(sock, ELSEWHERE, (memory, *descriptors), pid)
    finally:
        os.close(memory)


def tell(
    sock: socket,
    fields: Mapping[str, str | Iterable[str]],
    *,
    descriptors: Sequence[int] = (),
    pid: int | None = None,
) -> None:
    """As send(), to somebody who may be gone: then nobody hears it."""
    try:
        send(sock, fields, descriptors=descriptors, pid=pid)
    except (BrokenPipeError, ConnectionResetError):
        return


def receive(sock: socket) -> tuple[Message | None, list[int], int]:
    """The next message, its descriptors (closed on exec), its sender's pid; None when the other end is gone."""
    return _receive(sock, MSG_CMSG_CLOEXEC)


def receive_now(sock: socket) -> tuple[Message | None, list[int], int]:
    """As receive(), of what is there already. Raises BlockingIOError where nothing is."""
    return _receive(sock, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)


def _receive(sock: socket, flags: int) -> tuple[Message | None, list[int], int]:
    ancillary = CMSG_SPACE(4 * MOST_DESCRIPTORS) + CMSG_SPACE(12)
    try:
        data, controls, _, _ = sock.recvmsg(INLINE, ancillary, flags)
    except ConnectionResetError:
        # That the other end was closed with something unread is told first, and once; then what it had said.
        data, controls, _, _ = sock.recvmsg(INLINE, ancillary, flags)
    descriptors: list[int] = []
    pid = 0
    for _, kind, content in controls:
        if kind == SCM_RIGHTS:
            descriptors += [fd for (fd,) in struct.iter_unpack("i", content[: len(content) // 4 * 4])]
        elif kind == SCM_CREDENTIALS:
            pid = struct.unpack_from("i", content)[0]
    if data == ELSEWHERE and descriptors:
        with open(descriptors.pop(0), "rb") as memory:
            memory.seek(0)
            data = memory.read()
    return (decode(data) if data else None), descriptors, pid


def _by_short_path(path: str, use: Callable[[str], object]) -> None:
    """Call `use` with a path of at most 107 bytes, which is what the name of a socket may have: unix(7)."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        use(path)
        return
    directory_fd = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        use(f"/proc/self/fd/{directory_fd}/{os.path.basename(path)}")
    finally:
        os.close(directory_fd)


def _send(sock: socket, data: bytes, descriptors: Sequence[int], pid: int | None) -> None:
    controls: list[tuple[int, int, bytes]] = []
    if descriptors:
        controls.append((SOL_SOCKET, SCM_RIGHTS, struct.pack(f"{len(descriptors)}i", *descriptors)))
    if pid is not None:
        controls.append((SOL_SOCKET, SCM_CREDENTIALS, struct.pack("3i", pid, os.getuid(), os.getgid())))
    sock.sendmsg([data], controls)
