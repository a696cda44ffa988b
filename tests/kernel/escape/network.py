"""Sockets that reach further than an address of one's own, and changes to the network."""

# ruff: noqa: ARG001 - every probe is told of the bait

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Any

from .common import Refused, opens

AF_VSOCK, AF_ALG, AF_PACKET, NETLINK_NETFILTER, NETLINK_AUDIT = 40, 38, 17, 12, 9
RTM_NEWLINK, RTM_DELADDR, RTM_DELROUTE, RTM_NEWADDR = 16, 21, 25, 20
NLMSG_ERROR, REQUEST_AND_ACK = 2, 0x5
NOWHERE = bytes([192, 0, 2, 0])  # RFC 5737: nobody's


def makes(family: int, kind: int, protocol: int) -> str:
    """Makes a socket."""
    socket.socket(family, kind, protocol).close()
    return f"socket {family}, {kind}, {protocol}"


def raw_socket(bait: Any) -> str:
    """Make packets with any source."""
    return makes(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def raw_socket_of_ipv6(bait: Any) -> str:
    """The same of IPv6."""
    return makes(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)


def packet_socket(bait: Any) -> str:
    """See and make frames."""
    return makes(AF_PACKET, socket.SOCK_RAW, 0x0300)


def old_packet_socket(bait: Any) -> str:
    """The same by the type of Linux 2.0, which is asked of another family."""
    return makes(socket.AF_INET, 10, 0x0300)


def machine_socket(bait: Any) -> str:
    """Talk to the hypervisor, of which no namespace knows."""
    return makes(AF_VSOCK, socket.SOCK_STREAM, 0)


def cipher_socket(bait: Any) -> str:
    """Have the kernel load ciphers."""
    return makes(AF_ALG, socket.SOCK_SEQPACKET, 0)


def netfilter_socket(bait: Any) -> str:
    """Speak to netfilter, the way to many a hole."""
    return makes(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)


def audit_socket(bait: Any) -> str:
    """Write to the audit log."""
    return makes(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)


def asks(kind: int, body: bytes, *allowed: int) -> str:
    """Asks rtnetlink for a change that changes nothing, or fails once its sender is known to be allowed."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as end:
        end.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST_AND_ACK, 1, 0) + body)
        answer = end.recv(4096)
    if struct.unpack_from("=H", answer, 4)[0] != NLMSG_ERROR:
        raise Refused("no answer")
    code = -struct.unpack_from("=i", answer, 16)[0]
    if code not in (0, *allowed):
        raise OSError(code, os.strerror(code))
    return "allowed" if code == 0 else f"allowed: {errno.errorcode[code]} only"


def change_a_link(bait: Any) -> str:
    """Change lo, to what it is."""
    return asks(RTM_NEWLINK, struct.pack("=BxHiII", 0, 0, 1, 0, 0))


def change_an_address(bait: Any) -> str:
    """Take from lo an address that it has not."""
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, 1) + struct.pack("=HH", 8, 2) + NOWHERE
    return asks(RTM_DELADDR, body, errno.EADDRNOTAVAIL)


def change_a_route(bait: Any) -> str:
    """Take away a route that is not there."""
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, 24, 0, 0, 254, 0, 0, 0, 0) + struct.pack("=HH", 8, 1) + NOWHERE
    return asks(RTM_DELROUTE, body, errno.ESRCH)


def settings_of_the_network(bait: Any) -> str:
    """Open a setting of the network for writing."""
    return opens("/proc/sys/net/ipv4/ip_forward", os.O_WRONLY)


def promiscuous_interface(bait: Any) -> str:
    """Set flags of an interface, to what they are: SIOCGIFFLAGS, SIOCSIFFLAGS."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(end, 0x8913, request))[1]
        fcntl.ioctl(end, 0x8914, struct.pack("16sh14x", b"lo", flags))
    return "SIOCSIFFLAGS"


def tunnel(bait: Any) -> str:
    """Have an interface of one's own by /dev/net/tun."""
    import fcntl

    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sh22x", b"", 0x1001))
    return "TUNSETIFF"
