"""Real packets, sent from within A: pings, and a knock at the port. No program is started for it."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import struct
from itertools import takewhile
from time import monotonic

from .access import Access
from .case import Case
from .facts import IP, Probe, Probes

TIMEOUT_S = 1.5  # who was asked for before is asked for again after a second: retrans_time_ms in arp(7)
UDP_TIMEOUT_S = 0.3  # an unreachable port is told of at once, or never
ECHO = struct.Struct("!BBHHH")  # type, code, checksum, id, sequence number
REQUEST, REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
PROTOCOL = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
HEADERS = {4: 20 + ECHO.size, 6: 40 + ECHO.size}
# Do not fragment, and do not believe what was learnt of the way before: ip(7), include/uapi/linux/in6.h.
MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
PMTUDISC_PROBE = 3
RECVERR = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
UNREACHABLE = os.strerror(errno.EHOSTUNREACH).lower()
PAYLOAD = b"sandbox why "


def probe(access: Access, case: Case) -> Probes:
    """Send packets: to B, then as large as may be; where nothing answers, to each hop on the way, all at once."""
    asked = case.question
    if asked.to is None:
        return Probes()
    final = _try(access, case)
    if UNREACHABLE in final.seen:
        final = _try(access, case)  # that may have been told of somebody else's packet, from before a fault was mended
    if final.ok is False:
        return Probes(final, tuple(_ping_each(access, asked.a, _hops(case))))
    return Probes(final, (), _large(access, case))


def _try(access: Access, case: Case) -> Probe:
    asked = case.question
    assert asked.to is not None
    return _ping(access, asked.a, asked.target, asked.to) if asked.port is None else _knock(access, case)


class _Echo:
    """An echo request to one address, and its answer; `size` in bytes of the whole packet."""

    def __init__(self, access: Access, a: str, name: str, to: IP, *, size: int = 0) -> None:
        self.name = name
        self._to = to
        self._number = int.from_bytes(os.urandom(2), "big")
        self._probe: Probe | None = None
        self.socket: socket.socket | None = None
        try:
            self.socket = _open(access, a, to.version)
            if size:
                self.socket.setsockopt(*MTU_DISCOVER[to.version], PMTUDISC_PROBE)
            data = PAYLOAD.ljust(max(len(PAYLOAD), size - HEADERS[to.version]), b".")
            self._begun = monotonic()
            self.socket.connect((str(to), 0))
            self.socket.send(_request(to.version, self._number, data, is_raw=self._is_raw))
        except OSError as error:
            self._probe = self._failed(error)

    @property
    def _is_raw(self) -> bool:
        return self.socket is not None and self.socket.type == socket.SOCK_RAW

    @property
    def is_over(self) -> bool:
        """Whether it is known what came of it."""
        return self._probe is not None

    def receive(self) -> None:
        """Take what has come."""
        assert self.socket is not None
        try:
            answer = self.socket.recv(65536)
        except OSError as error:
            self._probe = self._failed(error)
            return
        if self._is_raw and self._to.version == 4:
            answer = answer[(answer[0] & 0xF) * 4 :]
        kind, _, _, _, sequence = ECHO.unpack_from(answer)
        if (kind, sequence) == (REPLY[self._to.version], self._number):
            took_ms = (monotonic() - self._begun) * 1000
            self._probe = Probe(self.name, True, f"ping {self._called}: {took_ms:.2f} ms")

    def close(self) -> Probe:
        """What came of it; without an answer by now it is lost."""
        if self.socket is not None:
            self.socket.close()
        return self._probe or Probe(self.name, False, f"ping {self._called}: no answer")

    @property
    def _called(self) -> str:
        return str(self._to) if self.name == str(self._to) else f"{self.name} ({self._to})"

    def _failed(self, error: OSError) -> Probe:
        return Probe(self.name, False, f"ping {self._called}: {_said(error)}")


def _ping(access: Access, a: str, name: str, to: IP, *, size: int = 0) -> Probe:
    (found,) = _await([_Echo(access, a, name, to, size=size)])
    return found


def _ping_each(access: Access, a: str, whom: list[tuple[str, IP]]) -> list[Probe]:
    return _await([_Echo(access, a, name, to) for name, to in whom])


def _await(echoes: list[_Echo]) -> list[Probe]:
    """What came of each, once all have been answered or their time is over."""
    deadline = monotonic() + TIMEOUT_S
    with selectors.DefaultSelector() as selector:
        for echo in echoes:
            if not echo.is_over and echo.socket:
                selector.register(echo.socket, selectors.EVENT_READ, echo)
        while selector.get_map() and (left := deadline - monotonic()) > 0:
            for key, _ in selector.select(left):
                key.data.receive()
                if key.data.is_over:
                    selector.unregister(key.fileobj)
    return [echo.close() for echo in echoes]


def _hops(case: Case) -> list[tuple[str, IP]]:
    """Who is on the way, each by the address that it is handed the packet at."""
    hops = case.there.hops if case.there else ()
    # Behind a place that gives packets another destination, addresses need not be in reach.
    hops = tuple(takewhile(lambda hop: hop.asked == hop.to, hops))
    found = [(hop.wire[-1].place, hop.gateway) for hop in hops if hop.wire and hop.gateway]
    return [(name, ip) for name, ip in found if ip != case.question.to or case.question.port]


def _open(access: Access, a: str, version: int) -> socket.socket:
    """A ping socket, or where these are forbidden (ping_group_range in icmp(7)) a raw one; its errors are told."""
    try:
        sock = access.socket(a, FAMILY[version], socket.SOCK_DGRAM, PROTOCOL[version])
    except PermissionError:
        sock = access.socket(a, FAMILY[version], socket.SOCK_RAW, PROTOCOL[version])
    sock.setsockopt(*RECVERR[version], 1)
    return sock


def _request(version: int, number: int, data: bytes, *, is_raw: bool) -> bytes:
    head = ECHO.pack(REQUEST[version], 0, 0, number, number)
    if is_raw and version == 4:  # otherwise the kernel does it
        head = ECHO.pack(REQUEST[version], 0, checksum(head + data), number, number)
    return head + data


def checksum(data: bytes) -> int:
    """The internet checksum: RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _knock(access: Access, case: Case) -> Probe:
    """Whether somebody answers at the port."""
    asked = case.question
    assert asked.to is not None
    assert asked.port is not None
    is_tcp = asked.protocol == "tcp"
    kind, timeout = (socket.SOCK_STREAM, TIMEOUT_S) if is_tcp else (socket.SOCK_DGRAM, UDP_TIMEOUT_S)
    what = f"{asked.protocol.upper()} {asked.to} port {asked.port}"
    begun = monotonic()
    try:
        with access.socket(asked.a, FAMILY[asked.version], kind, 0) as sock:
            sock.settimeout(timeout)
            sock.connect((str(asked.to), asked.port))
            if not is_tcp:
                sock.send(PAYLOAD)
                sock.recv(1)
    except TimeoutError as error:
        if not is_tcp:
            return Probe(asked.target, None, f"{what}: no answer, which UDP does not promise, and no refusal")
        return Probe(asked.target, False, f"{what}: {_said(error)}")
    except OSError as error:
        return Probe(asked.target, False, f"{what}: {_said(error)}")
    return Probe(
        asked.target, True, f"{what}: {'connected' if is_tcp else 'answered'} in {(monotonic() - begun) * 1000:.2f} ms"
    )


def _large(access: Access, case: Case) -> Probe | None:
    """A packet as large as the first link takes; if a router says that this is too much, none is needed."""
    way, to = case.there, case.question.to
    if way is None or to is None or not way.hops[0].wire:
        return None
    if not _ping(access, case.question.a, case.question.target, to).ok:
        return None  # it does not answer pings of any size
    first = way.hops[0]
    size = min(first.route.mtu or first.wire[0].mtu, first.wire[0].mtu)
    sent = _ping(access, case.question.a, f"with {size} bytes", to, size=size)
    return None if os.strerror(errno.EMSGSIZE).lower() in sent.seen else sent


def _said(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return os.strerror(error.errno).lower() if error.errno else str(error)
