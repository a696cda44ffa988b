"""Places that are no lab's: by a name of `ip netns`, a path, or a process in them.

For a program of its own, the command line: it forks, and its children enter.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import NotAllowed, RequestError
from ..kernel import namespace
from .access import with_programs_of_root
from .facts import Address, Words

if TYPE_CHECKING:
    from typing import NoReturn, Self

NAMED = "/run/netns"
HOST = "host"  # what the network is called in which the question is asked
OWN = "/proc/self/ns/net"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A network namespace that was asked for: what it is called, where it is found, how commands for it are written."""

    name: str
    path: str
    words: Words

    @classmethod
    def of_netns(cls, text: str) -> Elsewhere:
        """A name of `ip netns`, or a path."""
        if "/" in text:
            return cls(text, text, Words(f"nsenter --net={text} ip", f"nsenter --net={text}"))
        return cls(text, f"{NAMED}/{text}", Words(f"ip -n {text}", f"ip netns exec {text}", netns=text))

    @classmethod
    def of_process(cls, pid: int) -> Elsewhere:
        """The network that a process is in."""
        enter = f"nsenter -t {pid} -n" if os.geteuid() == 0 else f"nsenter -t {pid} -U --preserve-credentials -n"
        return cls(f"pid {pid}", f"/proc/{pid}/ns/net", Words(f"{enter} ip", enter))


class NamespaceAccess:
    """Network namespaces by their paths: those asked for, all that have a name, and the one that this program is in.

    `asked` are the names of those asked for. A context. Raises RequestError for one that is not there, NotAllowed for
    one that is not ours to enter.
    """

    def __init__(self, asked: Sequence[Elsewhere]) -> None:
        self._places: dict[str, Elsewhere] = {}
        self._descriptors: dict[str, int] = {}
        with ExitStack() as opened:
            opened.callback(self._close)
            for each in asked:
                self._add(each)
            self.asked = tuple(map(self._first_name, asked))
            for each in (*_named(), Elsewhere(HOST, OWN, Words())):
                self._add_if_it_may_be_entered(each)
            self._stack = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._places)

    def near(self, name: str) -> tuple[str, ...]:
        del name
        return ()

    def network(self, name: str) -> int:
        return os.dup(self._descriptors[name])

    def socket(self, name: str, family: int, kind: int, protocol: int) -> socket.socket:
        if self._places[name].path == OWN:
            return socket.socket(family, kind, protocol)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            pid = os.fork()
            if pid == 0:
                _send_from_inside(theirs, self._descriptors[name], (family, kind, protocol))
            os.waitpid(pid, 0)
            said, descriptors, _, _ = socket.recv_fds(ours, 16, 1)
        if not descriptors:
            number = int(said)
            raise OSError(number, os.strerror(number))
        return socket.socket(fileno=descriptors[0])

    def run(self, name: str, argv: Sequence[str]) -> str | None:
        netns_fd = self._descriptors[name]
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=with_programs_of_root(),
                preexec_fn=lambda: _enter(netns_fd),
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout if done.returncode == 0 else None

    def declared(self, name: str) -> tuple[Address, ...]:
        del name
        return ()

    def words(self, name: str) -> Words:
        return self._places[name].words

    def _add(self, place: Elsewhere) -> None:
        try:
            netns_fd = os.open(place.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise RequestError(f"{place.name!r}: no such network - see ip netns list, or ps for processes") from None
        except PermissionError:
            raise _not_ours(place) from None
        self._places[place.name] = place
        self._descriptors[place.name] = netns_fd
        try:
            self.socket(place.name, socket.AF_UNIX, socket.SOCK_DGRAM, 0).close()
        except PermissionError:
            raise _not_ours(place) from None
        except OSError:
            raise RequestError(f"{place.name!r}: not a network - name one of ip netns list, or a path to one") from None

    def _add_if_it_may_be_entered(self, place: Elsewhere) -> None:
        if place.name in self._places or _inode(place.path) in map(_inode, self._descriptors.values()):
            return
        try:
            self._add(place)
        except (NotAllowed, RequestError):
            self._places.pop(place.name, None)
            if (netns_fd := self._descriptors.pop(place.name, None)) is not None:
                os.close(netns_fd)

    def _first_name(self, place: Elsewhere) -> str:
        """Of several names for one network, as two of its processes are, the one that came first."""
        inode = _inode(self._descriptors[place.name])
        return next(name for name, netns_fd in self._descriptors.items() if _inode(netns_fd) == inode)

    def _close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])


def _named() -> Iterator[Elsewhere]:
    """The networks that `ip netns` knows by name."""
    if os.path.isdir(NAMED):
        for name in sorted(os.listdir(NAMED)):
            yield Elsewhere.of_netns(name)


def _inode(of: str | int) -> int:
    try:
        return os.stat(of).st_ino
    except OSError:
        return 0


def _enter(netns_fd: int) -> None:
    """Move this process in; where that takes more rights than it has, by way of the user namespace that gives them."""
    try:
        namespace.enter_network(netns_fd)
    except PermissionError:
        namespace.enter_user(namespace.owner_of(netns_fd))
        namespace.enter_network(netns_fd)


def _send_from_inside(to: socket.socket, netns_fd: int, kind: tuple[int, int, int]) -> NoReturn:
    """In a fork: hand over a socket that is made inside, or the number of the error."""
    try:
        _enter(netns_fd)
        inside = socket.socket(*kind)
        socket.send_fds(to, [b"0"], [inside.fileno()])
    except OSError as error:
        to.send(str(error.errno or 0).encode())
    finally:
        os._exit(0)


def _not_ours(place: Elsewhere) -> NotAllowed:
    return NotAllowed(f"{place.name!r} is not ours to enter", "ask as root: sudo sandbox why ...")
