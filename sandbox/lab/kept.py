"""Labs that stay when the program that made them ends: found again by their name, under which a socket lies.

The socket is the one name that such a lab has on the machine. Without its init nobody answers there, and whoever
looks next takes the file away.
"""

from __future__ import annotations

import fcntl
import os
import stat

from .. import messages
from ..errors import NotAllowed, RequestError, SandboxError
from ..topology import words
from ..topology.endpoint import check_name
from . import Lab
from .process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Mapping
    from typing import Self

SUFFIX = ".sock"


class KeptLab(Lab):
    """A kept lab, seen from any program of its owner: `with sandbox.connect("x") as lab:`.

    close() only hangs up; down() ends the lab. Raises RequestError when no lab of that name is up.
    """

    def __init__(self, name: str) -> None:
        check_name(name)
        self.name = name
        try:
            sock = messages.connect(_path(name))
        except (FileNotFoundError, ConnectionRefusedError):
            known = ", ".join(names()) or "none"
            raise RequestError(f"{name!r}: no such lab - up now: {known}; see sandbox ps") from None
        except PermissionError as error:
            what = f"{_path(name)!r}: {error.strerror}"
            raise NotAllowed(
                what, "only its owner may enter a lab; set XDG_RUNTIME_DIR to a directory of yours"
            ) from None
        self.topology = words.read(self._open(sock))

    @property
    def init_pid(self) -> int:
        """The pid of its init."""
        return self._init.pid

    @property
    def services(self) -> list[ServiceState]:
        """The services that were started in it, and what became of each."""
        return [ServiceState(line) for line in self.channel.ask("state").get("service", [])]

    def down(self) -> None:
        """End the lab. Returns when every process is gone."""
        self._end()
        self.hang_up()

    def service(self, node: str) -> Process:
        """The service of `node` while it runs. Raises RequestError when it does not."""
        return self._joined(node, lambda status, _: self.channel.ask("service", status, node=node))

    def start_service(self, node: str) -> Process:
        """Start the service of `node` again once it has ended. Raises RequestError, and what popen raises."""
        return self._joined(node, lambda status, report: self.channel.ask("start", status, report, node=node))

    def _joined(self, node: str, send: Callable[[int, int], object]) -> Process:
        process = Process([f"service of {node}"], send)
        process.begin()
        self._started.add(process)
        return process

    def close(self) -> None:
        """Hang up. The lab stays."""
        if not self.is_closed:
            self.channel.mention({"terminal": ""})  # whatever it is by now, it is no longer ours to put back
            self.hang_up()


class ServiceState:
    """A service: its node, since when (seconds since 1970) it runs or does not, its returncode or None, its command."""

    def __init__(self, line: str) -> None:
        self.node, since, returncode, self.command = line.split(" ", 3)
        self.since_s = float(since)
        self.returncode = None if returncode == "-" else int(returncode)


def connect(name: str) -> KeptLab:
    """The kept lab of that name, as `with connect("x") as lab:`. Raises RequestError when there is none."""
    return KeptLab(name)


def keep(lab: Lab, name: str, how: Mapping[str, str] = {}) -> None:
    """Have init take the name `name` for `lab`, and let others in by it. See Lab.share() and Lab.detach()."""
    check_name(name)
    listening, path = _listen(name)
    try:
        lab.channel.ask_for_descriptors({"door": path, **how}, listening.fileno())
    except BaseException:
        os.unlink(path)
        raise
    finally:
        listening.close()


def names() -> list[str]:
    """The labs that are up, by name. Files of those that are gone are taken away."""
    directory = _directory()
    if not os.path.isdir(directory):
        return []
    with Locked(directory):
        found = sorted(entry.removesuffix(SUFFIX) for entry in os.listdir(directory) if entry.endswith(SUFFIX))
        return [name for name in found if _answers(os.path.join(directory, name + SUFFIX))]


def check_is_free(name: str) -> None:
    """Raise RequestError for a name that a lab has already, or cannot have."""
    check_name(name)
    if name in names():
        raise _taken(name)


def _listen(name: str) -> tuple[socket, str]:
    """A socket that listens under the name of a lab, and its path."""
    path = _path(name)
    directory = os.path.dirname(path)
    _make(directory)
    with Locked(directory):
        if os.path.exists(path) and _answers(path):
            raise _taken(name)
        return messages.listen(path), path


def _taken(name: str) -> RequestError:
    return RequestError(f"{name!r}: up already - choose another --name, or: sandbox down {name}")


class Locked:
    """A context in which nobody else looks for labs or names one: who was killed in it has let go."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def __enter__(self) -> Self:
        self._fd = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _answers(path: str) -> bool:
    """Whether the lab behind this socket lives; if not, its file is taken away."""
    try:
        messages.connect(path).close()
    except ConnectionRefusedError:
        os.unlink(path)
        return False
    return True


def _path(name: str) -> str:
    return os.path.join(_directory(), name + SUFFIX)


def _directory() -> str:
    """Where the sockets lie: $XDG_RUNTIME_DIR/sandbox, or a place like it. The last lab takes it away."""
    uid = os.getuid()
    base = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{uid}"
    if os.path.isdir(base):
        return os.path.join(base, "sandbox")
    return "/run/sandbox" if uid == 0 else f"/tmp/sandbox-{uid}"


def _make(directory: str) -> None:
    """See that it is there, and this user's alone."""
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        there = os.lstat(directory)
        if there.st_uid != os.getuid() or not stat.S_ISDIR(there.st_mode) or there.st_mode & 0o077:
            fix = f"chmod 700 {directory}, or set XDG_RUNTIME_DIR"
            raise SandboxError(f"{directory!r}: not a directory of yours alone - {fix}") from None
    except OSError as error:
        raise SandboxError(f"{directory!r}: {error.strerror} - set XDG_RUNTIME_DIR to a directory of yours") from None
