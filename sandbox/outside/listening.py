"""The sockets that listen on the host for published ports, made while this process is still in its network."""

from __future__ import annotations

import errno
import os
from _socket import (
    AF_INET,
    AF_INET6,
    IPPROTO_IP,
    IPPROTO_IPV6,
    IPV6_RECVPKTINFO,
    IPV6_V6ONLY,
    SO_REUSEADDR,
    SOCK_DGRAM,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)

from ..errors import NotAllowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..topology.publication import Publication

    Listening = list[tuple[Publication, socket]]

IP_PKTINFO = 8  # include/uapi/linux/in.h; Python's socket has it from 3.14
BACKLOG = 4096  # as much as the kernel takes: net.core.somaxconn
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"


def listen(publications: Iterable[Publication]) -> Listening:
    """A socket for each address of each publication. Raises NotAllowed for a port that is not to be had."""
    return [(each, sock) for each in publications for sock in _sockets(each)]


def _sockets(publication: Publication) -> Iterator[socket]:
    if publication.address:
        yield _socket(publication, AF_INET6 if ":" in publication.address else AF_INET, publication.address)
        return
    yield _socket(publication, AF_INET, "0.0.0.0")
    # Not one socket for both: of an IPv4 client it would tell the address in IPv6's form.
    if os.path.exists("/proc/net/if_inet6"):
        yield _socket(publication, AF_INET6, "::")


def _socket(publication: Publication, family: int, address: str) -> socket:
    kind = SOCK_STREAM if publication.protocol == "tcp" else SOCK_DGRAM
    try:
        sock = socket(family, kind)
        sock.setblocking(False)
        if family == AF_INET6:
            sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1)
        if kind == SOCK_STREAM:
            sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # of datagrams it would share a port with others
        elif family == AF_INET:
            sock.setsockopt(IPPROTO_IP, IP_PKTINFO, 1)
        else:
            sock.setsockopt(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        sock.bind((address, publication.port))
        if kind == SOCK_STREAM:
            sock.listen(BACKLOG)
    except OSError as error:
        raise _refusal(publication, error) from error
    return sock


def _refusal(publication: Publication, error: OSError) -> NotAllowed:
    port, letter = publication.port, publication.protocol[0]
    if error.errno == errno.EADDRINUSE:
        who = f"ss -Hlnp{letter} sport = :{port}"
        return NotAllowed(f"port {port}/{publication.protocol} of the host is taken", f"choose another, or see: {who}")
    if error.errno == errno.EACCES:
        fix = f"choose one from 1024, or: sudo sysctl -w {UNPRIVILEGED}={port}"
        return NotAllowed(f"port {port} of the host is for root", fix)
    if error.errno == errno.EADDRNOTAVAIL:
        return NotAllowed(f"{publication.address!r} is no address of this host", "see which there are: ip address")
    what = f"cannot listen on port {port} of the host: {os.strerror(error.errno or 0)}"
    return NotAllowed(what, "choose another address or port")
