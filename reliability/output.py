"""Much output and a slow reader: every byte arrives, and we hold few of them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import IO

import psutil

from . import flood
from .check import Check, Place
from .cli import PATIENCE_S, launching, must, told
from .launch import PAIR

EACH_MIB, QUICK_MIB = 64, 8
MOST_MIB = 64.0
READ_AT_ONCE, PAUSE_S = 64 * 1024, 0.0005  # so slow that pipes are full
LOOK_EVERY_S = 0.05
# The options of each case.
CASES: Mapping[str, tuple[str, ...]] = {"one": (), "two, raw": (*PAIR, "--raw"), "two, prefixed": PAIR}


class Reader:
    """Reads a stream slowly; knows of each node the hash of its lines, and what was no line of any."""

    def __init__(self, stream: IO[bytes], prefixes: Mapping[bytes, str]) -> None:
        """`prefixes`: how a line of each node begins, its own letter included."""
        self._stream = stream
        self._prefixes = prefixes
        self._size = len(next(iter(prefixes)))
        self._hashes = {node: hashlib.sha256() for node in prefixes.values()}
        self.strange: list[bytes] = []
        self.thread = Thread(target=self._read)
        self.thread.start()

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of all lines of each node, without what was put before them."""
        return {node: digest.hexdigest() for node, digest in self._hashes.items()}

    def _read(self) -> None:
        partial = b""
        while data := self._stream.read(READ_AT_ONCE):
            *lines, partial = (partial + data).split(b"\n")
            for line in lines:
                self._take(line)
            sleep(PAUSE_S)
        if partial:
            self.strange.append(partial)

    def _take(self, line: bytes) -> None:
        node = self._prefixes.get(line[: self._size])
        if node is None:
            self.strange.append(line)
        else:
            self._hashes[node].update(line[self._size - 1 :] + b"\n")


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """One and two nodes, both outputs of each, as they are and with prefixes."""
    mib = QUICK_MIB if place.quick else EACH_MIB
    written = {number: {node: _digest(node, number, mib) for node in "ab"} for number in (1, 2)}
    memory: list[float] = []

    def attempt(case: str) -> None:
        with launching("run", "-q", *CASES[case], "--", *_floods(case, mib), text=False, bufsize=0) as launcher:
            readers = _readers(launcher, case)
            memory.append(_most_memory(launcher, readers))
            must((status := launcher.wait(PATIENCE_S)) == 0, f"ended with {status}")
        for number, reader in readers.items():
            must(not (lost := reader.strange), f"{len(lost)} lines of nobody on stream {number}, such as {lost[:1]!r}")
            for node, digest in reader.digests.items():
                must(digest == written[number][node], f"stream {number} of {node} is not what was written")
        must(0 < memory[-1] < MOST_MIB, f"our memory was {memory[-1]:.1f} MiB")

    shows = f"{mib} MiB on each output of each of two nodes, slowly read: equal SHA-256, our memory < {MOST_MIB:g} MiB"
    yield Check(shows, list(CASES), told(attempt), figures=lambda: f"at most {max(memory, default=0):.1f} MiB")


def _floods(case: str, mib: int) -> list[str]:
    commands = [[":::", sys.executable, "-I", "-S", flood.__file__, node, str(mib)] for node in _nodes(case)]
    return [word for command in commands for word in command][1:]


def _nodes(case: str) -> str:
    return "a" if case == "one" else "ab"


def _digest(node: str, stream: int, mib: int) -> str:
    digest = hashlib.sha256()
    for line in flood.lines(node, stream, mib):
        digest.update(line)
    return digest.hexdigest()


def _readers(launcher: subprocess.Popen[bytes], case: str) -> Mapping[int, Reader]:
    assert launcher.stdout
    assert launcher.stderr
    prefix = "{0} | {0}" if case == "two, prefixed" else "{0}"
    prefixes = {prefix.format(node).encode(): node for node in _nodes(case)}
    return {1: Reader(launcher.stdout, prefixes), 2: Reader(launcher.stderr, prefixes)}


def _most_memory(launcher: subprocess.Popen[bytes], readers: Mapping[int, Reader]) -> float:
    """The most that launcher and init held while there was something to read, as PSS in MiB."""
    most = 0.0
    for reader in readers.values():
        while reader.thread.is_alive():
            most = max(most, _memory(launcher.pid))
            reader.thread.join(LOOK_EVERY_S)
    return most


def _memory(pid: int) -> float:
    try:
        launcher = psutil.Process(pid)
        return sum(each.memory_full_info().pss for each in (launcher, *launcher.children())) / flood.MIB
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        return 0.0  # it is ending
