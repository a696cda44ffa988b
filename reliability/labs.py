"""A program that makes labs, one after the other, as it is told; small, so that what it loses can be seen."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import sandbox

PAIR = ("a:192.168.1.1", "b:192.168.1.2")


class Program:
    """That program, as its owner sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def make(self, lab: str) -> str:
        """Have it make a lab, one of LABS, and close it. Returns "ok", or what went wrong."""
        assert self._process.stdin
        assert self._process.stdout
        print(lab, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip() or "the program has ended"


@contextmanager
def started(*, before: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Iterator[Program]:
    """The program, running; with `before`, a program that executes it."""
    words = [*before, sys.executable, "-m", __name__]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield Program(process)  # the end of its input ends it


def an_empty_pair() -> None:
    with sandbox.pair(*PAIR):
        pass


def a_pair_with_commands() -> None:
    """One ends, one still runs when the lab is closed."""
    with sandbox.pair(*PAIR) as (a, b):
        b.popen(["sleep", "99"], stdin=subprocess.PIPE)
        assert a.run(["echo", "x"], capture_output=True, text=True).stdout == "x\n"


def an_ipv6_pair_with_sockets() -> None:
    """A datagram of this very program goes through it."""
    kind = (socket.AF_INET6, socket.SOCK_DGRAM)
    with sandbox.pair("a:fd00::1", "b:fd00::2") as (a, b), a.socket(*kind) as sender, b.socket(*kind) as receiver:
        receiver.bind(("fd00::2", 9))
        sender.sendto(b"x", ("fd00::2", 9))
        assert receiver.recv(9) == b"x"


def three_on_a_switch() -> None:
    draft = sandbox.Draft()
    draft.switch("lan:10.0.0.0/24")
    for name in "abc":
        draft.node(name)
    with sandbox.Lab(draft.topology()) as lab:
        assert [node.ip for node in lab] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]


LABS: Mapping[str, Callable[[], None]] = {
    "pair": an_empty_pair,
    "commands": a_pair_with_commands,
    "ipv6": an_ipv6_pair_with_sockets,
    "switch": three_on_a_switch,
}


def serve() -> None:
    """Be the program: make a lab of the kind that each line names, close it, answer."""
    for line in sys.stdin:
        try:
            LABS[line.strip()]()
            gc.collect()
            print("ok", flush=True)
        except (AssertionError, OSError, sandbox.SandboxError) as failure:
            print(repr(failure), flush=True)


if __name__ == "__main__":
    serve()
