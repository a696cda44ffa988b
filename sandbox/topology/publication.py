"""A port of a node that is reached from outside, at a port of the host."""

from __future__ import annotations

from ..errors import RequestError
from ..values import value
from .endpoint import check_name

PROTOCOLS = ("tcp", "udp")
MOST_PORT = 65535
WILDCARDS = ("0.0.0.0", "::")
USAGE = "write [ADDRESS:]PORT:NODE:PORT[/udp], such as 8080:a:80"


@value
class Publication:
    """`port` of the host, at one of its addresses or (None) at all of them, leads to `node_port` of `node`.

    Raises RequestError for what is no port, name or protocol.
    """

    port: int
    node: str
    node_port: int
    protocol: str = "tcp"
    address: str | None = None

    @classmethod
    def parse(cls, text: str) -> Publication:
        """The publication written `[ADDRESS:]PORT:NODE:PORT[/udp]`, an IPv6 address in brackets."""
        if not isinstance(text, str):
            raise TypeError(f"a publication is text such as '8080:a:80', not {text!r}")
        ports, slash, protocol = text.partition("/")
        address: str | None = None
        if ports.startswith("["):
            address, _, ports = ports[1:].partition("]:")
        elif ports.count(":") == 3:
            address, _, ports = ports.partition(":")
        parts = ports.split(":")
        if len(parts) != 3 or address == "" or (slash and not protocol):
            raise RequestError(f"{text!r}: not a publication - {USAGE}")
        port, node, node_port = parts
        return cls(_port(text, port), node, _port(text, node_port), protocol or "tcp", address)

    def __post_init__(self) -> None:
        check_name(self.node)
        for port in (self.port, self.node_port):
            _check_port(port)
        if self.protocol not in PROTOCOLS:
            raise RequestError(f"{self.protocol!r}: not a protocol to publish - write tcp or udp")
        if self.address is not None:
            _check_address(self.address)

    def __str__(self) -> str:
        host = f"[{self.address}]:" if ":" in (self.address or "") else f"{self.address}:" if self.address else ""
        protocol = "" if self.protocol == "tcp" else f"/{self.protocol}"
        return f"{host}{self.port}:{self.node}:{self.node_port}{protocol}"

    def collides(self, other: Publication) -> bool:
        """Whether both want the same port of the host at the same address."""
        if (self.protocol, self.port) != (other.protocol, other.port):
            return False
        return any(_covers(one, another) for one in self._hosts for another in other._hosts)

    @property
    def _hosts(self) -> tuple[str, ...]:
        from ipaddress import ip_address

        return WILDCARDS if self.address is None else (str(ip_address(self.address)),)


def _check_port(port: int) -> None:
    if type(port) is not int:
        raise TypeError(f"a port is a number, not {port!r}")
    if not 1 <= port <= MOST_PORT:
        raise RequestError(f"{port}: not a port - write a number from 1 to {MOST_PORT}")


def _covers(one: str, other: str) -> bool:
    """Whether one of two addresses is the other, or all of the same IP version."""
    return one == other or ((":" in one) == (":" in other) and (one in WILDCARDS or other in WILDCARDS))


def _port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdigit() and port == str(int(port[:6]))):
        raise RequestError(f"{text!r}: {port!r} is not a port - {USAGE}")
    return int(port)


def _check_address(text: str) -> None:
    from ipaddress import ip_address

    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or address.is_multicast or getattr(address, "scope_id", None) is not None:
        raise RequestError(f"{text!r}: not an IP address of this host - write one, or none for all of them")
