"""A network namespace that is the host's to whatever runs in it, of which everything is heard."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from struct import unpack_from

from .cli import PATIENCE_S, must

GROUPS = range(1, 64)  # rtnetlink(7) has 36 by now; a kernel refuses those that it has not
SOL_NETLINK, ADD_MEMBERSHIP = 270, 1  # linux/socket.h, linux/netlink.h
HEADER = 16
# linux/rtnetlink.h numbers the messages of each kind in fours.
VERBS = ("NEW", "DEL", "GET", "SET")
KINDS = {
    16: "LINK",
    20: "ADDR",
    24: "ROUTE",
    28: "NEIGH",
    32: "RULE",
    36: "QDISC",
    56: "MULTICAST",
    80: "NETCONF",
    84: "MDB",
    88: "NSID",
}


class Host:
    """That namespace. Words `before` a command have it run there."""

    def __init__(self, pid: int, ear: socket.socket) -> None:
        """`pid` is of a process there; `ear` a netlink socket that was made there."""
        user = () if os.getuid() == 0 else (f"--user=/proc/{pid}/ns/user", "--preserve-credentials")
        self.before: Sequence[str] = ("nsenter", *user, f"--net=/proc/{pid}/ns/net", "--")
        self._ear = ear

    def heard(self, within_s: float = 0) -> list[str]:
        """The messages that came since this was asked last, and come within this time until one does.

        Raises OSError, ENOBUFS, where some were lost.
        """
        messages: list[str] = []
        while select.select([self._ear], [], [], 0 if messages else within_s)[0]:
            messages += list(names(self._ear.recv(1 << 16)))
        return messages


@contextmanager
def host_of_its_own() -> Iterator[Host]:
    """A new host. It was heard that a veth pair came there, and went."""
    ours, theirs = socket.socketpair()
    as_user = () if os.getuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
    words = ["unshare", *as_user, "--net", sys.executable, "-m", __name__, str(theirs.fileno())]
    with subprocess.Popen(words, pass_fds=[theirs.fileno()]) as process, ours:  # whose end is that of the process
        theirs.close()
        ours.settimeout(PATIENCE_S)
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        must(descriptors, f"no network namespace to listen in: ended with {process.poll()}")
        with socket.socket(fileno=descriptors[0]) as ear:
            host = Host(process.pid, ear)
            _check_hearing(host)
            yield host


def _check_hearing(host: Host) -> None:
    heard = host.heard()
    must({"RTM_NEWLINK", "RTM_DELLINK"} <= set(heard), f"of a veth pair that came and went was heard: {heard}")


def names(data: bytes) -> Iterator[str]:
    """What the messages in a datagram of rtnetlink are called."""
    at = 0
    while at + HEADER <= len(data):
        length, kind = unpack_from("=IH", data, at)
        yield f"RTM_{VERBS[kind & 3]}{KINDS.get(kind & ~3, kind & ~3)}"
        at += max(HEADER, length + 3 & ~3)


def serve(owner: socket.socket) -> None:
    """Be the first process there: hand over an ear, and stay until the owner has gone."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as ear:
        ear.bind((0, 0))
        joined = [group for group in GROUPS if _join(ear, group)]
        must(len(joined) >= 30, f"only these groups can be heard: {joined}")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "link", "add", "one", "type", "veth", "peer", "name", "other"], check=True)
        subprocess.run(["ip", "link", "del", "one"], check=True)
        socket.send_fds(owner, [b"x"], [ear.fileno()])
    owner.recv(1)


def _join(ear: socket.socket, group: int) -> bool:
    try:
        ear.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, group)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
