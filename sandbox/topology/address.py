"""A host's address with the prefix of its subnet, what `ip address add` takes; and the subnet itself.

Plain numbers, because the module ipaddress takes 3.7 ms to import and a launch 25. IPv6 text is left to it all the
same; a test holds both families against it, on every kind of text. `interface` is its object for the same address.
"""

from __future__ import annotations

from ..errors import RequestError
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Interface, IPv6Interface
    from typing import TypeVar

    T = TypeVar("T")

WIDTH = {4: 32, 6: 128}
DEFAULT_PREFIX = {4: 24, 6: 64}
EXAMPLE = {4: "192.168.1.1", 6: "fd00::1"}
EXAMPLE_SUBNET = {4: "10.0.0.0/24", 6: "fd00::/64"}

# Addresses that are no host's: first bits, how many of them, and what such an address is. RFC 6890.
NO_HOST = {
    4: (
        (0xFFFF_FFFF, 32, "the broadcast address"),
        (0, 32, "the unspecified address"),
        (0, 8, "an address of 'this network' (0.0.0.0/8)"),
        (0x7F, 8, "a loopback address"),
        (0xE, 4, "a multicast address"),
        (0xF, 4, "a reserved address"),
    ),
    6: (
        (0, 128, "the unspecified address"),
        (1, 128, "the loopback address"),
        (0xFFFF, 96, "an IPv4-mapped address"),
        (0xFF, 8, "a multicast address"),
        (0x3FA, 10, "a link-local address, which needs a scope"),
    ),
}


@value
class Address:
    """One host's address: IP version (4 or 6), the address as a number, the length of its subnet's prefix.

    Raises RequestError for an address that no single host on a link can have; the kernel itself takes nearly any.
    """

    version: int
    number: int
    prefix: int

    @classmethod
    def parse(cls, text: str, subnets: Iterable[Subnet] = ()) -> Address:
        """The address written `ADDRESS[/PREFIX]`. Raises RequestError.

        The prefix defaults to that of the one of `subnets` that it is in, else to /24 and /64.
        """
        if not isinstance(text, str):
            raise TypeError(f"an address is text such as '192.168.1.1/24', not {text!r}")
        host, slash, prefix = text.partition("/")
        version = 6 if ":" in host else 4
        number = _read_ipv6(host) if version == 6 else _read_ipv4(host)
        if number is None:
            raise RequestError(f"{host!r}: not an IP address - write one such as {EXAMPLE[4]} or {EXAMPLE[6]}")
        if slash:
            return cls(version, number, _read_prefix(text, prefix, version))
        around = (subnet.prefix for subnet in subnets if subnet.holds(version, number))
        return cls(version, number, next(around, DEFAULT_PREFIX[version]))

    def __post_init__(self) -> None:
        if kind := _no_host(self.version, self.number):
            raise RequestError(f"{self.ip!r}: {kind}, not a host's - use one such as {EXAMPLE[self.version]}")
        _check_room(str(self), self.version, self.prefix)
        # RFC 3021 and RFC 6164: a /31 and a /127 have two hosts and neither network nor broadcast address.
        if self.prefix < WIDTH[self.version] - 1:
            self._check_place()

    def __str__(self) -> str:
        return f"{self.ip}/{self.prefix}"

    @property
    def ip(self) -> str:
        """The address as text, without its prefix."""
        return _write(self.version, self.number)

    @property
    def packed(self) -> bytes:
        """The address as bytes in network order."""
        return self.number.to_bytes(WIDTH[self.version] // 8, "big")

    @property
    def network(self) -> str:
        """The subnet, as text with its prefix."""
        return str(self.subnet)

    @property
    def subnet(self) -> Subnet:
        """The subnet."""
        host_bits = WIDTH[self.version] - self.prefix
        return Subnet(self.version, self.number >> host_bits << host_bits, self.prefix)

    @property
    def interface(self) -> IPv4Interface | IPv6Interface:
        """The same as ipaddress knows it."""
        from ipaddress import ip_interface

        return ip_interface(str(self))

    def _check_place(self) -> None:
        """The first address of a subnet is its network's, in IPv4 the last one its broadcast address."""
        host_bits = WIDTH[self.version] - self.prefix
        place = self.number & ((1 << host_bits) - 1)
        is_broadcast = self.version == 4 and place == (1 << host_bits) - 1
        if place == 0 or is_broadcast:
            what = "broadcast" if is_broadcast else "network"
            first = _write(self.version, (self.number - place) + 1)
            raise RequestError(f"{str(self)!r}: the {what} address of {self.network} - use one such as {first}")


@value
class Subnet:
    """The addresses that share their first `prefix` bits: IP version (4 or 6), the first of them as a number.

    Raises RequestError where bits are set behind the prefix.
    """

    version: int
    number: int
    prefix: int

    @classmethod
    def parse(cls, text: str) -> Subnet:
        """The subnet written `ADDRESS/PREFIX`, such as 10.0.0.0/24. Raises RequestError."""
        if not isinstance(text, str):
            raise TypeError(f"a subnet is text such as '10.0.0.0/24', not {text!r}")
        first, slash, prefix = text.partition("/")
        version = 6 if ":" in first else 4
        number = _read_ipv6(first) if version == 6 else _read_ipv4(first)
        if number is None or not slash:
            raise RequestError(f"{text!r}: not a subnet - write one such as {EXAMPLE_SUBNET[4]} or {EXAMPLE_SUBNET[6]}")
        length = _read_prefix(text, prefix, version)
        _check_room(text, version, length)
        subnet = cls(version, number, length)
        if kind := _no_host(version, subnet._first_host):
            raise RequestError(f"{text!r}: of {kind}, not of hosts - write one such as {EXAMPLE_SUBNET[version]}")
        return subnet

    def __post_init__(self) -> None:
        host_bits = self._host_bits
        first = self.number >> host_bits << host_bits
        if first != self.number:
            fix = f"write {_write(self.version, first)}/{self.prefix}"
            raise RequestError(f"{str(self)!r}: an address in a subnet, not a subnet - {fix}")

    def __str__(self) -> str:
        return f"{_write(self.version, self.number)}/{self.prefix}"

    def __contains__(self, address: Address) -> bool:
        return self.holds(address.version, address.number)

    def holds(self, version: int, number: int) -> bool:
        """Whether the address with this number is in it."""
        return self.version == version and self.number >> self._host_bits == number >> self._host_bits

    @property
    def packed(self) -> bytes:
        """The first address as bytes in network order."""
        return self.number.to_bytes(WIDTH[self.version] // 8, "big")

    @property
    def size(self) -> int:
        """How many hosts there can be."""
        total: int = 1 << self._host_bits
        if self._host_bits <= 1:  # RFC 3021 and RFC 6164
            return total
        return total - (2 if self.version == 4 else 1)

    def host(self, place: int) -> Address:
        """The address of its host number `place`, counted from 1. Raises RequestError where the subnet is full."""
        if place > self.size:
            raise RequestError(f"{str(self)!r}: full with {self.size} hosts - take a larger subnet")
        return Address(self.version, self._first_host + place - 1, self.prefix)

    @property
    def _first_host(self) -> int:
        return self.number + (self._host_bits > 1)

    @property
    def _host_bits(self) -> int:
        return WIDTH[self.version] - self.prefix


def overlap(claims: Iterable[tuple[Subnet, T]]) -> tuple[tuple[Subnet, T], tuple[Subnet, T]] | None:
    """Two subnets of different owners that have addresses in common; None when there are no such two."""
    # Of two that overlap one is in the other, and in this order comes behind it.
    outer: tuple[Subnet, T] | None = None
    for claim in sorted(claims, key=lambda claim: (claim[0].version, claim[0].number, claim[0].prefix)):
        subnet, owner = claim
        if outer is None or not outer[0].holds(subnet.version, subnet.number):
            outer = claim
        elif outer[1] != owner:
            return outer, claim
    return None


def _read_ipv4(text: str) -> int | None:
    parts = text.split(".")
    # int() would take more: spaces, signs, underscores, digits of every script. A leading zero means octal to some.
    plain = all(part.isascii() and part.isdigit() and part == str(int(part[:4])) for part in parts)
    if len(parts) != 4 or not plain or any(int(part) > 255 for part in parts):
        return None
    return int.from_bytes(map(int, parts), "big")


def _read_ipv6(text: str) -> int | None:
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    if address.scope_id is not None:
        raise RequestError(f"{text!r}: a link-local address with a scope - use one such as {EXAMPLE[6]}")
    return int(address)


def _read_prefix(text: str, prefix: str, version: int) -> int:
    plain = prefix.isascii() and prefix.isdigit() and prefix == str(int(prefix[:4]))
    if not plain or int(prefix) > WIDTH[version]:
        raise RequestError(
            f"{text!r}: {prefix!r} is not a prefix from 1 to {WIDTH[version]} - write /{DEFAULT_PREFIX[version]}"
        )
    return int(prefix)


def _no_host(version: int, number: int) -> str | None:
    """What an address is if it is no host's."""
    for first_bits, length, kind in NO_HOST[version]:
        if number >> WIDTH[version] - length == first_bits:
            return kind
    return None


def _check_room(text: str, version: int, prefix: int) -> None:
    if prefix in (0, WIDTH[version]):
        raise RequestError(f"{text!r}: /{prefix} leaves no room for a peer - write /{DEFAULT_PREFIX[version]}")


def _write(version: int, number: int) -> str:
    if version == 4:
        return ".".join(map(str, number.to_bytes(4, "big")))
    from ipaddress import IPv6Address

    return str(IPv6Address(number))
