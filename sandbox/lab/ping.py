"""Every node pings every other at once, and who reached whom: no program is run, nothing is started in the nodes.

Each node has one ping socket for each IP version, opened in its network and used from here: icmp(7), IPPROTO_ICMP.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest

from ..errors import RequestError
from ..plan.names import addresses
from .neighbours import Neighbours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..topology.address import Address
    from . import Lab
    from .node import Node

    Way = tuple[str, str]  # from a node to another

KINDS = {4: (socket.AF_INET, socket.IPPROTO_ICMP), 6: (socket.AF_INET6, socket.IPPROTO_ICMPV6)}
REQUEST = {4: 8, 6: 128}
REPLY = {4: 0, 6: 129}
ECHO = struct.Struct("!BBHHH")  # type, code, and checksum and id, which the kernel fills in; sequence number
SO_TIMESTAMPNS = 35  # asm-generic/socket.h: the time at which the kernel got the packet, whenever it is read
AT_ONCE = 128  # answers wait in a buffer of 208 KiB, neighbours in a table of 1024
WIDEST_TABLE = 100
MOST_S = 86_400


@dataclass(frozen=True)
class Reachability:
    """Who reached whom: the round trip in seconds from each node to each other, None where no answer came in time."""

    nodes: tuple[str, ...]
    seconds: Mapping[tuple[str, str], float | None]

    def __getitem__(self, way: tuple[str, str]) -> float | None:
        return self.seconds[way]

    @property
    def lost(self) -> tuple[tuple[str, str], ...]:
        """Each two nodes, from and to, between which there was no answer."""
        return tuple(way for way, seconds in self.seconds.items() if seconds is None)

    @property
    def is_complete(self) -> bool:
        """Whether everyone reached everyone."""
        return not self.lost

    def as_records(self) -> list[dict[str, str | float | None]]:
        """A record for each ping: from, to, seconds (None when it was lost)."""
        return [{"from": one, "to": other, "seconds": seconds} for (one, other), seconds in self.seconds.items()]

    def __str__(self) -> str:
        """A table, from a row's node to a column's: milliseconds, or marks where it would be too wide; X for lost."""
        cells = [[self._milliseconds(one, other) for other in self.nodes] for one in self.nodes]
        width = max(len(each) for row in (self.nodes, *cells) for each in row) if cells else 0
        left = max(map(len, self.nodes), default=0)
        if left + (width + 2) * len(self.nodes) > WIDEST_TABLE:
            # A name above its narrow column has to stand upright.
            heads = [
                " " * left + "".join(f" {each}" for each in line) for line in zip_longest(*self.nodes, fillvalue=" ")
            ]
            cells, width = [[each if each in "X." else "o" for each in row] for row in cells], 0
        else:
            heads = [" " * left + "".join(f"  {name:>{width}}" for name in self.nodes)]
        gap = "  " if width else " "
        rows = (
            f"{name:<{left}}" + "".join(f"{gap}{each:>{width}}" for each in row)
            for name, row in zip(self.nodes, cells, strict=True)
        )
        return "\n".join((*(head.rstrip() for head in heads), *rows, self._summary()))

    def _milliseconds(self, one: str, other: str) -> str:
        if one == other:
            return "."
        seconds = self.seconds.get((one, other))
        return "X" if seconds is None else f"{seconds * 1000:.2f}"

    def _summary(self) -> str:
        lost = f"{len(self.lost)} lost" if self.lost else "none lost"
        took = [seconds * 1000 for seconds in self.seconds.values() if seconds is not None]
        span = f", {min(took):.2f} to {max(took):.2f} ms" if took else ""
        return f"{len(self.nodes)} nodes, {len(self.seconds)} pings: {lost}{span}"


def ping_all(lab: Lab, *, timeout: float, version: int | None) -> Reachability:
    """What Lab.ping_all() returns."""
    if not 0 < timeout <= MOST_S:  # nor is nan
        raise RequestError(f"timeout {timeout}: not a time to wait - write seconds above 0, at most {MOST_S}")
    if version not in (None, 4, 6):
        raise RequestError(f"version {version!r}: not an IP version - write 4 or 6")
    targets = {node: _targets(lab, node, version) for node in lab.topology.nodes}
    nodes = tuple(node for node in targets if any(node in each for each in targets.values()))
    if len(nodes) < 2:
        what = "an address" if version is None else f"an IPv{version} address"
        raise RequestError(f"nobody to ping: no two nodes have {what} - join some")
    ways = {(one, other): targets[one][other] for one in nodes for other in nodes if one != other}
    with Round(lab, nodes, ways, timeout) as round_:
        round_.run()
    return Reachability(nodes, {way: round_.seconds.get(way) for way in ways})


def _targets(lab: Lab, node: str, version: int | None) -> dict[str, Address]:
    """Every other node's address as `node` knows it by name: the first."""
    found: dict[str, Address] = {}
    for name, address in addresses(lab.topology, node):
        if name != node and version in (None, address.version):
            found.setdefault(name, address)
    return found


class Round:
    """One echo request for each way, from a node to another's address; `seconds` are those of the answers that came."""

    def __init__(self, lab: Lab, nodes: Sequence[str], ways: Mapping[Way, Address], timeout: float) -> None:
        self.seconds: dict[Way, float] = {}
        self._nodes = nodes
        self._numbers = {node: number for number, node in enumerate(nodes)}
        self._ways = ways
        self._timeout = timeout
        # When each request was sent that may still be answered, in nanoseconds since 1970; the oldest first.
        self._waiting: dict[Way, int] = {}
        self._neighbours = Neighbours(lab, ways)
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[tuple[str, int], socket.socket] = {}
        with ExitStack() as opened:
            opened.enter_context(self._selector)
            opened.enter_context(self._neighbours)
            for node, version in dict.fromkeys((way[0], address.version) for way, address in ways.items()):
                self._sockets[node, version] = sock = opened.enter_context(_open(lab[node], version))
                self._selector.register(sock, selectors.EVENT_READ, (node, version))
            self._stack = opened.pop_all()

    def __enter__(self) -> Round:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self) -> None:
        """Send all requests and take the answers, until each is there or its time is over."""
        most = AT_ONCE if self._neighbours.are_many else len(self._ways)
        for number, way in enumerate(self._in_order(), 1):
            self._send(way)
            if number % AT_ONCE == 0:
                self._receive(0)
                self._wait(most)
        self._wait(0)

    def _in_order(self) -> Iterator[Way]:
        """Every way and then its way back, so that no node is asked by all others at once."""
        for distance in range(1, len(self._nodes) // 2 + 1):
            for at, one in enumerate(self._nodes):
                other = self._nodes[(at + distance) % len(self._nodes)]
                if 2 * distance < len(self._nodes) or at < distance:
                    yield one, other
                    yield other, one

    def _send(self, way: Way) -> None:
        node, target = way
        address = self._ways[way]
        echo = ECHO.pack(REQUEST[address.version], 0, 0, 0, self._numbers[target])
        sent = time.time_ns()
        try:
            self._sockets[node, address.version].sendto(echo, (address.ip, 0))
        except OSError:
            return  # no route, a filter, no memory: whatever keeps it from being sent, it is lost
        self._waiting[way] = sent

    def _wait(self, most: int) -> None:
        """Take answers until no more than `most` are waited for."""
        while len(self._waiting) > most:
            oldest, sent = next(iter(self._waiting.items()))
            left = self._timeout - (time.time_ns() - sent) / 1e9
            if left <= 0:
                del self._waiting[oldest]
            else:
                self._receive(left)

    def _receive(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            node, version = key.data
            for number, came in _answers(key.fileobj, version):  # type: ignore[arg-type]
                self._note(node, self._nodes[number], came)

    def _note(self, node: str, target: str, came: int) -> None:
        if (sent := self._waiting.pop((node, target), None)) is None:
            return
        self.seconds[node, target] = max(0, came - sent) / 1e9  # the clock may be set meanwhile
        if (target, node) in self.seconds:
            self._neighbours.forget(node, self._ways[node, target])
            self._neighbours.forget(target, self._ways[target, node])


def _open(node: Node, version: int) -> socket.socket:
    family, protocol = KINDS[version]
    sock = node.socket(family, socket.SOCK_DGRAM, protocol)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return sock


def _answers(sock: socket.socket, version: int) -> Iterator[tuple[int, int]]:
    """The sequence number of each answer that is there, and when it came, in nanoseconds since 1970."""
    while True:
        try:
            data, controls, _, _ = sock.recvmsg(ECHO.size, socket.CMSG_SPACE(16))
        except BlockingIOError:
            return
        kind, _, _, _, number = ECHO.unpack(data)
        if kind == REPLY[version]:
            seconds, nanoseconds = struct.unpack("qq", controls[0][2])
            yield number, seconds * 10**9 + nanoseconds
