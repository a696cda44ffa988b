"""The ways that packets take between two ends: ours, and those of others. None of them touches the host's network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from subprocess import DEVNULL, PIPE
from typing import IO

import sandbox

from . import mininet

HERE = os.path.dirname(__file__)
BRIDGE_NF = "/proc/sys/net/bridge/bridge-nf-call-iptables"
LOOPBACK = 'ip link set lo up; "$1" serve "$3" & exec "$1" ask 127.0.0.1 "$2"'
JUMBO = ",mtu=65535"

PAIR, PAIR_JUMBO = "our pair", "our pair, MTU 65535"
DOCKER, PUBLISHED = "Docker-style bridge", "Docker-style published port"
NO_BRIDGE_NF, MININET, LO = "Docker-style, no br_netfilter", "Mininet's link", "loopback"
OTHERS = (DOCKER, PUBLISHED, NO_BRIDGE_NF, MININET)


@dataclass(frozen=True)
class Reading:
    """What traffic.c answers: the number of this kind, and the one that belongs to it."""

    value: float
    beside: float


Ask = Callable[[str, int], Reading]  # a kind of traffic, for so many milliseconds


@dataclass(frozen=True)
class Path:
    """Two ends and the way between them, there while `open` is. `why_missing` is nothing where it can be had."""

    open: Callable[[], AbstractContextManager[Ask]]
    why_missing: Callable[[], str] = lambda: ""


def paths(traffic: str, *, install: bool = False) -> Mapping[str, Path]:
    """Every path by its name, for the program `traffic`, one end on the first processor, the other on the last."""
    cpus = sorted(os.sched_getaffinity(0))
    near, far = str(cpus[0]), str(cpus[-1])

    def lab(draft: sandbox.Draft) -> Path:
        return Path(lambda: _in_lab(draft.topology(), traffic, near, far))

    def apart(*argv: str, why_missing: Callable[[], str] = lambda: "") -> Path:
        return Path(lambda: _apart(*argv, traffic, near, far), why_missing)

    bridge = ("/bin/sh", os.path.join(HERE, "docker_bridge.sh"))
    return {
        PAIR: lab(_pair()),
        PAIR_JUMBO: lab(_pair(JUMBO)),
        "our switch": lab(_switch()),
        "our router": lab(_router()),
        DOCKER: apart(*bridge, "1", "container", why_missing=_why_no_bridge_nf),
        NO_BRIDGE_NF: apart(*bridge, "0", "container", why_missing=_why_no_nft),
        PUBLISHED: apart(*bridge, "1", "host", why_missing=_why_no_bridge_nf),
        MININET: apart(mininet.PYTHON, "-I", mininet.WIRE, why_missing=partial(mininet.why_missing, install=install)),
        LO: apart("/bin/sh", "-c", LOOPBACK, "sh"),
    }


def _why_no_nft() -> str:
    return "" if shutil.which("nft") else "no nft - try: apt-get install nftables"


def _why_no_bridge_nf() -> str:
    return _why_no_nft() or ("" if os.path.exists(BRIDGE_NF) else "no br_netfilter - try: modprobe br_netfilter")


def _pair(more: str = "") -> sandbox.Draft:
    draft = sandbox.Draft()
    draft.pair(f"a:10.0.0.1{more}", f"b:10.0.0.2{more}")
    return draft


def _switch() -> sandbox.Draft:
    draft = sandbox.Draft()
    draft.switch("lan:10.0.0.0/24")
    for name in ("a", "b", "c"):
        draft.node(name)
    return draft


def _router() -> sandbox.Draft:
    draft = sandbox.Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.2")
    draft.pair("r:10.0.2.2", "b:10.0.2.1")
    draft.router("r")
    return draft


@contextmanager
def _in_lab(topology: sandbox.Topology, traffic: str, near: str, far: str) -> Iterator[Ask]:
    with sandbox.Lab(topology) as lab:
        server, client = lab["a"], lab["b"]
        server.popen([traffic, "serve", far], stdin=DEVNULL)
        with client.popen([traffic, "ask", str(server.ip), near], stdin=PIPE, stdout=PIPE, bufsize=0) as asker:
            yield _conversation(asker.stdin, asker.stdout)


@contextmanager
def _apart(*argv: str) -> Iterator[Ask]:
    with subprocess.Popen([*mininet.APART, *argv], stdin=PIPE, stdout=PIPE, bufsize=0) as asker:
        yield _conversation(asker.stdin, asker.stdout)


def _conversation(questions: IO[bytes] | None, answers: IO[bytes] | None) -> Ask:
    assert questions is not None
    assert answers is not None

    def ask(kind: str, milliseconds: int) -> Reading:
        with suppress(BrokenPipeError):
            questions.write(f"{kind} {milliseconds}\n".encode())
        words = answers.readline().split()
        if len(words) != 2:
            raise RuntimeError(f"{kind}: the traffic ended without an answer")
        return Reading(*map(float, words))

    return ask
