"""Injected faults: each call that builds the walls of a container, made to fail once, and what came of it.

Each is to be refused: status 125, one line, in time, nothing left, and the command never executed. strace(1) counts the
calls of each process by itself, so that a fault hits whichever process comes as far first. So a launch is tried as a
whole, and then a second command in a container that stands.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

import psutil

import sandbox

from .census import marked, wait_for
from .check import Complaint

ERRORS = ("EPERM", "ENOSYS", "ENOMEM")
# What a container is made of. No fork(2): the C library has clone(2) for it.
CALLS = (
    *("clone", "clone3", "unshare", "setns", "pidfd_open"),
    *("mount", "umount2", "pivot_root", "open_tree", "move_mount", "mount_setattr", "openat2"),
    *("setgroups", "setresgid", "setresuid", "prctl", "capset", "keyctl", "seccomp"),
    *("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"),
    *("sethostname", "close_range", "setsid", "chdir", "sendto"),
)
# Only those calls that name it: so the first mounts of a container's init are counted apart from those of its maker.
PATHS = {"mount": ("tmpfs", "/new")}
IN_TIME_S = 2.0
MARK = "INJECTED_BY"


@dataclass(frozen=True)
class Fault:
    """One call to fail: the how-many-eth of a process, of those that name a path if there is one."""

    call: str
    number: int
    error: str
    path: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What strace is told."""
        inject = f"inject={self.call}:error={self.error}:when={self.number}"
        return ("-e", f"trace={self.call}", "-e", inject, *(("-P", self.path) if self.path else ()))

    @classmethod
    def read(cls, words: str) -> Self:
        """As it is written: CALL NUMBER ERROR [PATH]."""
        call, number, error, *path = words.split()
        return cls(call, int(number), error, *path)

    def __str__(self) -> str:
        return f"{self.call} {self.number} {self.error} {self.path}".rstrip()


def counted(log: Path) -> Counter[tuple[str, str]]:
    """How often at most a process makes each call, and how often one that names a path."""
    by_process: Counter[tuple[str, str, str]] = Counter()
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\d+) +(\w+)\(", line):
            pid, call = found.groups()
            by_process[pid, call, ""] += 1
            for path in PATHS.get(call, ()):
                by_process[pid, call, path] += f'"{path}"' in line
    most: Counter[tuple[str, str]] = Counter()
    for (_, call, path), count in by_process.items():
        most[call, path] = max(most[call, path], count)
    return most


def faults(calls: Counter[tuple[str, str]]) -> list[Fault]:
    """Each call, with each error."""
    return [
        Fault(call, number, error, path)
        for (call, path), count in calls.items()
        for number in range(1, count + 1)
        for error in ERRORS
    ]


class Launches:
    """`sandbox run --contain`, from its start to its command's."""

    name = "launches"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def faults(self) -> list[Fault]:
        """All that can be injected."""
        log = self._directory / "log"
        done = self._run(f"{log}-ran", ("-o", str(log), "-e", f"trace={','.join(CALLS)}"), os.environ)
        assert done.returncode == 0, done.stderr
        return faults(counted(log))

    def attempt(self, fault: Fault) -> Complaint:
        """Launch with this fault."""
        mark = uuid.uuid4().hex
        ran = self._directory / mark
        begun = time.monotonic()
        done = self._run(str(ran), ("-o", "/dev/null", *fault.words), {**os.environ, MARK: mark})
        took = time.monotonic() - begun
        lines = [line for line in done.stderr.splitlines() if "strace: " not in line]
        if ran.exists():
            return f"the command was executed, status {done.returncode}"
        if done.returncode != 125 or len(lines) != 1 or not lines[0].startswith("sandbox: error: "):
            return f"status {done.returncode}: {done.stderr}"
        if re.search(r"Success|\bNone\b|\bbug\b", lines[0]):
            return lines[0]
        if left := list(marked(mark, variable=MARK)):
            return f"left: {left}"
        return "" if took < IN_TIME_S else f"took {took:.1f} s"

    def _run(self, ran: str, strace: tuple[str, ...], environment: dict[str, str] | os._Environ[str]) -> Done:
        own = (sys.executable, "-m", "sandbox", "run", "--contain", "--bind", str(self._directory))
        words = ["strace", "-f", "-qq", *strace, *own, "--", "touch", ran]
        return subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, timeout=20
        )


Done = subprocess.CompletedProcess[str]


class Joining:
    """One more command in a container that stands, and goes on standing: strace is attached to the lab's init."""

    name = "commands that join"

    def __init__(self, directory: Path, lab: sandbox.Lab) -> None:
        self._directory = directory
        self._node = lab.nodes[0]
        self._one_at_a_time = Lock()
        with self._node.popen(["cat"], stdin=subprocess.PIPE) as first:
            self._init = psutil.Process(first.pid).ppid()

    def faults(self) -> list[Fault]:
        """All that can be injected."""
        log = self._directory / "log-of-joining"
        with self._strace("-o", str(log), "-e", f"trace={','.join(CALLS)}"):
            self._node.run(["true"], check=True, cwd=self._directory)
        return faults(counted(log))

    def attempt(self, fault: Fault) -> Complaint:
        """Start a command with this fault, and another without. Init has one tracer at a time."""
        with self._one_at_a_time:
            return self._attempt(fault)

    def _attempt(self, fault: Fault) -> Complaint:
        ran = self._directory / uuid.uuid4().hex
        begun = time.monotonic()
        said = "no error"
        with self._strace("-o", "/dev/null", *fault.words):
            try:
                self._node.run(["touch", str(ran)], cwd=self._directory, timeout=10)
            except (sandbox.SandboxError, OSError) as error:
                said = ""
                took = time.monotonic() - begun
                if re.search(r"Success|\bNone\b|\bbug\b", str(error)):
                    said = str(error)
            # Still under strace, which may keep a signal to itself when it lets go.
            wait_for(lambda: len(self._children()) == 1, within=5, what=f"who failed is gone: {fault}")
        if ran.exists() or said:
            return f"the command was executed: {said}" if ran.exists() else said
        if took >= IN_TIME_S:
            return f"took {took:.1f} s"
        done = self._node.run(["true"])
        return "" if done.returncode == 0 else f"the next command: {done}"

    def _children(self) -> list[str]:
        return Path(f"/proc/{self._init}/task/{self._init}/children").read_text().split()

    @contextmanager
    def _strace(self, *words: str) -> Iterator[None]:
        command = ["strace", "-f", *words, "-p", str(self._init)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr
            try:
                said = strace.stderr.readline()
                if "attached" not in said:
                    raise NotTraced(said)
                yield
            finally:
                strace.terminate()
                strace.communicate(timeout=10)


class NotTraced(Exception):
    """This machine lets nobody be attached to: kernel.yama.ptrace_scope."""


@contextmanager
def joining(directory: Path) -> Iterator[Joining]:
    """A lab with a container that stands."""
    contain = sandbox.Containment(bind=[str(directory)])
    with sandbox.Lab(sandbox.Topology.alone(), contain=contain) as lab:
        yield Joining(directory, lab)
