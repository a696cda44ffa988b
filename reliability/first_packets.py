"""The first packet of a lab: it arrives, and at once, however early it is sent."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sandbox

from .check import Check, Place
from .cli import Times, launched, must, told

PACKETS, QUICK = 700, 80  # of each of three kinds
BY_COMMANDS, BY_COMMANDS_QUICK = 50, 4
# What is lost never comes. What stalls waits for a question of ARP's or a SYN, which are repeated after a second.
IN_TIME_S = 0.8
V4, V6 = ("a:192.168.1.1", "b:192.168.1.2"), ("a:fd00::1", "b:fd00::2")
PORT = 9
KINDS = {
    "udp4": (V4, socket.AF_INET, socket.SOCK_DGRAM),
    "tcp4": (V4, socket.AF_INET, socket.SOCK_STREAM),
    "udp6": (V6, socket.AF_INET6, socket.SOCK_DGRAM),
}
# Each in both nodes. Nobody listens there: the peer's kernel says so at once, and bash tells. Or it was never asked.
REFUSED = "Connection refused"
UDP = "exec 3<>/dev/udp/$SANDBOX_PEER_IP/9; echo x >&3; read -rt 0.8 -u 3; test $? -le 128"
TCP = """
begun=${EPOCHREALTIME//[!0-9]/}
: 3<>/dev/tcp/$SANDBOX_PEER_IP/9
test $((${EPOCHREALTIME//[!0-9]/} - begun)) -lt 800000
"""
SEND: Mapping[str, str] = {"udp4": UDP, "tcp4": TCP, "udp6": UDP}


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """First packets by sockets that are opened as soon as a lab is up, and by commands whose first act they are."""
    took = Times("such a packet takes")

    def attempt(case: str) -> None:
        kind, by, _ = case.split()
        if by == "socket":
            _by_sockets(kind, took)
        else:
            _by_commands(kind)

    by = {"socket": QUICK, "command": BY_COMMANDS_QUICK} if place.quick else {"socket": PACKETS, "command": BY_COMMANDS}
    cases = [f"{kind} {way} {number + 1}" for way, count in by.items() for number in range(count) for kind in KINDS]
    shows = f"the first packet of a lab, {by['socket']} each of UDP, TCP and UDP over IPv6: none is lost or stalls"
    yield Check(shows, cases, told(attempt), at_once=2, figures=lambda: str(took))


def _by_commands(kind: str) -> None:
    words = ("run", "--pair", *KINDS[kind][0], "--", "bash", "-c", SEND[kind])
    done = launched(*words, env={**os.environ, "LC_ALL": "C"})
    said = done.stderr.splitlines()
    are_refused = all(line.endswith(REFUSED) for line in said) and {line[:4] for line in said} == {"a | ", "b | "}
    must(done.returncode == 0 and are_refused, f"ended with {done.returncode}: {done.stderr.strip()!r}")


def _by_sockets(kind: str, took: Times) -> None:
    """Earlier than any command could: only messages to init lie between the last step of the plan and the packet."""
    ends, *what = KINDS[kind]
    with sandbox.pair(*ends) as (a, b), b.socket(*what) as receiver, a.socket(*what) as sender:
        to = (b.ip, PORT)
        receiver.bind(to)
        for each in (receiver, sender):
            each.settimeout(IN_TIME_S)
        try:
            with took():
                _send(sender, receiver, to)
        except TimeoutError:
            must(False, f"lost, or not there within {IN_TIME_S} s")


def _send(sender: socket.socket, receiver: socket.socket, to: tuple[str | None, int]) -> None:
    if sender.type == socket.SOCK_STREAM:
        receiver.listen()
        sender.connect(to)  # there and back
    else:
        sender.sendto(b"x", to)
        receiver.recv(9)
