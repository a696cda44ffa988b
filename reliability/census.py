"""What a machine has before and after: nothing that a test made may still be there at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from benchmarks.namespaces import network_namespaces

T = TypeVar("T")

MARK = "TESTED_BY"  # in the environment of everything a test session starts; init and commands inherit it
FORK_SERVER = "sandbox.forkserver"
# Of pip, of other sessions of these tests, and of mount(8), which makes itself a directory in /run once.
OF_OTHERS = ("pytest-of-", "pip-", "tmp-pip", "sandbox-rootless-", "mount")
# Of the kernel's count of network namespaces a few are always on some processor's own list.
SLACK = 7 * 2 * (os.cpu_count() or 1)


@dataclass(frozen=True)
class Census:
    """The machine at one moment."""

    links: frozenset[str]
    tables: frozenset[str]
    mounts: frozenset[str]
    network_namespaces: int
    cgroups: frozenset[str]
    files: frozenset[str]
    processes: frozenset[str]

    @classmethod
    def take(cls, mark: str) -> Census:
        """Count everything; of processes only those with this mark."""
        return cls(
            frozenset(_links()),
            frozenset(_tables()),
            frozenset(_mounts()),
            network_namespaces(),
            frozenset(cgroups()),
            frozenset(_files()),
            frozenset(f"{pid}: {words}" for pid, words in marked(mark) if FORK_SERVER not in words),
        )

    def left_since(self, before: Census) -> list[str]:
        """What is here now and was not then, as lines to read."""
        found = []
        for field in fields(self):
            then, now = getattr(before, field.name), getattr(self, field.name)
            if isinstance(now, frozenset):
                found += [f"{field.name}: {each}" for each in sorted(now - then)]
            elif now > then + SLACK:
                found.append(f"{field.name}: {then} before, {now} now")
        return found


def marked(mark: str, *, variable: str = MARK) -> Iterator[tuple[int, str]]:
    """Pid and command line of each live process, this one apart, with `variable=mark` in its environment."""
    wanted = f"{variable}={mark}".encode()
    for name in filter(str.isdigit, os.listdir("/proc")):
        if int(name) == os.getpid():
            continue
        try:
            if wanted in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                words = Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield int(name), words
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def left_after(before: Census, mark: str, *, within: float) -> list[str]:
    """What is still here of what was not before, `within` seconds later; nothing as soon as that is gone."""
    left: list[str] = []

    def is_as_before() -> bool:
        left[:] = Census.take(mark).left_since(before)
        return not left

    try:
        wait_for(is_as_before, within=within)
    except AssertionError:
        return left
    return []


def fork_server(mark: str, *, variable: str = MARK) -> int:
    """The pid of the fork server of a program that was started with this mark; 0 where there is none."""
    servers = (pid for pid, words in marked(mark, variable=variable) if FORK_SERVER in words)
    return next(filter(_is_a_server, servers), 0)


def _is_a_server(pid: int) -> bool:
    """Whether it is no fork of one, which has a PID namespace of its own, nor that of which it is a fork."""
    try:
        is_here = os.readlink(f"/proc/{pid}/ns/pid") == os.readlink("/proc/self/ns/pid")
        return is_here and os.getsid(pid) == pid
    except OSError:
        return False  # it has ended


def wait_for(fact: Callable[[], T], *, within: float, what: str = "") -> T:
    """The value of `fact` once it is true. Fails with `what` when that takes longer than `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := fact()):
        assert time.monotonic() < deadline, f"not within {within} s: {what or fact}"
        time.sleep(0.002)
    return value


def _links() -> Iterator[str]:
    output = subprocess.run(["ip", "-j", "link"], capture_output=True, check=True).stdout
    for link in json.loads(output):
        yield f"{link['ifindex']} {link['ifname']}"


def _tables() -> list[str]:
    """The tables of nftables, where there is an nft that may be asked."""
    nft = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return subprocess.run([nft, "list", "tables"], capture_output=True, text=True).stdout.splitlines() if nft else []


def _mounts() -> list[str]:
    # A mount point can be there twice: the number of its mount tells them apart.
    return Path("/proc/self/mountinfo").read_text().splitlines()


def cgroups(root: Path = Path("/sys/fs/cgroup")) -> Iterator[str]:
    """Those of any hierarchy. Others' come and go meanwhile, and Path.rglob() of Python 3.11 fails at one that went."""
    return (path for path, _, _ in os.walk(root))


def _files() -> Iterator[str]:
    for directory in ("/tmp", "/run", "/run/netns", "/dev/shm"):
        if Path(directory).is_dir():
            yield from (entry.path for entry in os.scandir(directory) if not entry.name.startswith(OF_OTHERS))
