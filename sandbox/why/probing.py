"""Real packets, sent from within A: pings, and a knock at the port. No program is started for it."""

from __future__ import annotations

import errno
import os
import socket
import struct
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
PAYLOAD = b"sandbox why "


def probe(access: Access, case: Case) -> Probes:
    """Send packets: to B, then as large as may be; where nothing answers, to each hop on the way."""
    asked = case.question
    if asked.to is None:
        return Probes()
    a = asked.a
    final = ping(access, a, asked.to, asked.target) if asked.port is None else _knock(access, case)
    if final.ok is False:
        return Probes(final, tuple(ping(access, a, ip, name) for name, ip in _hops(case)))
    return Probes(final, (), _large(access, case))


def ping(access: Access, a: str, to: IP, name: str, *, size: int = 0) -> Probe:
    """Whether `to` answers an echo request, and how fast; `size` in bytes of the whole packet."""
    called = str(to) if name == str(to) else f"{name} ({to})"
    try:
        with _open(access, a, to.version) as sock:
            if size:
                sock.setsockopt(*MTU_DISCOVER[to.version], PMTUDISC_PROBE)
            took = _echo(sock, to, max(len(PAYLOAD), size - HEADERS[to.version]))
    except OSError as error:
        return Probe(name, False, f"ping {called}: {_said(error)}")
    return Probe(name, True, f"ping {called}: {took * 1000:.2f} ms")


def _hops(case: Case) -> list[tuple[str, IP]]:
    """Who is on the way, each by the address that it is handed the packet at."""
    hops = case.there.hops if case.there else ()
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


def _echo(sock: socket.socket, to: IP, payload: int) -> float:
    """The seconds until the answer. Raises OSError: TimeoutError where there is none."""
    is_raw = sock.type == socket.SOCK_RAW
    number = int.from_bytes(os.urandom(2), "big")
    data = PAYLOAD.ljust(payload, b".")
    begun = monotonic()
    sock.settimeout(TIMEOUT_S)
    sock.connect((str(to), 0))
    sock.send(_request(to.version, number, data, is_raw=is_raw))
    while (left := begun + TIMEOUT_S - monotonic()) > 0:
        sock.settimeout(left)
        answer = sock.recv(65536)
        if is_raw and to.version == 4:
            answer = answer[(answer[0] & 0xF) * 4 :]
        kind, _, _, _, sequence = ECHO.unpack_from(answer)
        if (kind, sequence) == (REPLY[to.version], number):
            return monotonic() - begun
    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))


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
    if not ping(access, case.question.a, to, case.question.target).ok:
        return None  # it does not answer pings of any size
    first = way.hops[0]
    size = min(first.route.mtu or first.wire[0].mtu, first.wire[0].mtu)
    sent = ping(access, case.question.a, to, f"with {size} bytes", size=size)
    return None if os.strerror(errno.EMSGSIZE).lower() in sent.seen else sent


def _said(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return os.strerror(error.errno).lower() if error.errno else str(error)
