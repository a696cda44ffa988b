"""What a lesson on the real host has there, written down, so that whoever is left can take it away.

One file in /run, locked as long as one of those lives who will do so: the program that gives the lesson, and its
guardian. Found without a lock it is what both have left, killed at once; the next lesson takes it away first.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from _socket import if_nameindex
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import msgspec
from msgspec import Struct

from ..errors import NotAllowed, SandboxError
from .belongings import Belongings
from .stage import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

LONGEST = 1 << 20
RECORD = "/run/sandbox-lesson"
NETNS_DIRECTORY = "/run/netns"
MARK = "SANDBOX_LESSON"  # in the environment of all that runs for a lesson


class Leavings(Struct, frozen=True):
    """What is the lesson's, the mark of its processes, and whether the host had a place for names of namespaces."""

    own: Belongings
    mark: str
    had_directory: bool
    had_mount: bool


class Record:
    """The file, locked as long as its descriptor is open somewhere."""

    def __init__(self, fd: int, leavings: Leavings) -> None:
        self.fd = fd
        self._leavings = leavings

    @classmethod
    def claim(cls, own: Belongings) -> Record:
        """That of a new lesson, which has these. What an earlier one has left is taken away first.

        Raises NotAllowed when a lesson is being given on this host already, or a name of the lesson is taken.
        """
        fd = _lock()
        with suppress(msgspec.DecodeError):  # it is empty, as its owner left it that had made nothing yet
            earlier = cls.adopt(fd)
            _kill_marked(earlier._leavings.mark)
            earlier.clean()
        os.ftruncate(fd, 0)
        record = cls(fd, Leavings(own, os.urandom(8).hex(), os.path.isdir(NETNS_DIRECTORY), _is_mounted()))
        try:
            record._check()
        except NotAllowed:
            record.remove()
            raise
        os.pwrite(fd, msgspec.json.encode(record._leavings), 0)
        return record

    @classmethod
    def adopt(cls, fd: int) -> Record:
        """The one that is there, by a descriptor of the file."""
        return cls(fd, msgspec.json.decode(os.pread(fd, LONGEST, 0), type=Leavings))

    def marked(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment of the lesson's commands."""
        return {**environment, MARK: self._leavings.mark}

    def _check(self) -> None:
        own = self._leavings.own
        for name in filter(_is_named, own.namespaces):
            _refuse(f"namespace {name!r}", f"ip netns delete {name}")
        for name in filter(_is_link, own.links):
            _refuse(f"interface {name!r}", f"ip link delete {name}")
        for subnet in filter(_has_way, own.subnets):
            fix = "leave out --on-host: the lesson then has a host of its own"
            raise NotAllowed(f"this host has a route to {subnet}, which the lesson gives to an interface", fix)

    def clean(self) -> None:
        """Take all of it away, and the lock and the file with it. Raises SandboxError for what could not be."""
        own = self._leavings.own
        for name in filter(_is_named, own.namespaces):
            for pid in map(int, _ip("netns", "pids", name).split()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            _ip("netns", "delete", name)
        for name in filter(_is_link, own.links):
            _ip("link", "delete", name)
        self._forget_directory()
        left = [f"ip netns delete {name}" for name in filter(_is_named, own.namespaces)]
        left += [f"ip link delete {name}" for name in filter(_is_link, own.links)]
        if left:
            raise SandboxError(f"something of the lesson is left on this host - sudo sh -c '{'; '.join(left)}'")

    def remove(self) -> None:
        """There is nothing more to take away."""
        with suppress(FileNotFoundError):
            os.unlink(RECORD)
        os.close(self.fd)

    def _forget_directory(self) -> None:
        """The place for names, and the mount on it, which the first `ip netns add` made."""
        if not os.path.isdir(NETNS_DIRECTORY) or os.listdir(NETNS_DIRECTORY):
            return
        if not self._leavings.had_mount and _is_mounted():
            subprocess.run(["umount", NETNS_DIRECTORY], env=environment(), capture_output=True)
        if not self._leavings.had_directory:
            with suppress(OSError):
                os.rmdir(NETNS_DIRECTORY)


def _refuse(what: str, by_hand: str) -> NoReturn:
    raise NotAllowed(f"this host has {what} already", f"if nobody needs it, sudo {by_hand}; or leave out --on-host")


def _lock() -> int:
    while True:
        fd = os.open(RECORD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            what = "a lesson is being given on this host already"
            raise NotAllowed(what, "wait until it has ended, or leave out --on-host") from None
        # Who had it before may have taken it away since it was opened.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), os.stat(RECORD)):
                return fd
        os.close(fd)


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], env=environment(), capture_output=True, text=True).stdout


def _is_named(name: str) -> bool:
    return os.path.lexists(os.path.join(NETNS_DIRECTORY, name))


def _is_link(name: str) -> bool:
    return name in (there for _, there in if_nameindex())


def _has_way(subnet: str) -> bool:
    """Whether packets for a part of the subnet have another way than the default one."""
    wanted = ip_network(subnet)
    routes = json.loads(_ip(f"-{wanted.version}", "-j", "route", "show", "table", "all") or "[]")
    there = (ip_network(route["dst"]) for route in routes if route.get("dst", "default") != "default")
    return any(each.prefixlen and each.overlaps(wanted) for each in there)


def _is_mounted() -> bool:
    """Whether something is mounted there, be it a part of the same file system: proc_pid_fdinfo(5), mnt_id."""
    return os.path.isdir(NETNS_DIRECTORY) and _mount(NETNS_DIRECTORY) != _mount(os.path.dirname(NETNS_DIRECTORY))


def _mount(path: str) -> str:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        lines = Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines()
    finally:
        os.close(fd)
    return next(line for line in lines if line.startswith("mnt_id:"))


def _kill_marked(mark: str) -> None:
    wanted = f"{MARK}={mark}".encode()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
