"""The two ends of a link, as they were asked for."""

from __future__ import annotations

from ..errors import RequestError
from ..values import value
from .address import Address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .address import Subnet

NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
DOMAIN = "lab"  # every node is known as `a.lab` as well
LOOPBACK_NAMES = ("localhost", "ip6-localhost", "ip6-loopback")
# Below 1280 the kernel takes IPv6 off an interface; 68 is the least for IPv4 (RFC 791), 65535 the most for veth.
LEAST_MTU, LEAST_MTU_IPV6, MOST_MTU = 68, 1280, 65535


@value
class Endpoint:
    """One end of a link, as asked for: a node, its addresses there, and the MTU and MAC address if not by default.

    A switch's end, or that of a node which is to find its address by itself, has no address.
    Raises RequestError for a name, an address or a number that no node can have.
    """

    node: str
    addresses: tuple[Address, ...] = ()
    mtu: int | None = None
    mac: str | None = None

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """The endpoint written `NAME:ADDRESS[/PREFIX]`; the prefix defaults to /24 and /64.

        More may follow, each after a comma: addresses, `mtu=1400`, `mac=02:00:00:00:00:01`.
        Raises RequestError when it is anything else, TypeError when it is not text.
        """
        if isinstance(text, str) and ":" not in text:
            raise RequestError(_no_endpoint(text))
        end = cls.parse_bare(text)
        if not end.addresses:
            raise RequestError(_no_endpoint(text))
        return end

    @classmethod
    def parse_bare(cls, text: str, subnets: Iterable[Subnet] = ()) -> Endpoint:
        """As parse(), but the address, and the colon with it, may be left out.

        The prefix of an address defaults to that of the one of `subnets` that it is in.
        """
        if not isinstance(text, str):
            raise TypeError(f"an endpoint is text such as 'a:192.168.1.1', not {text!r}")
        name, colon, rest = text.partition(":")
        addresses = []
        settings: dict[str, str] = {}
        for word in rest.split(",") if colon else ():
            key, equals, content = word.partition("=")
            # Two colons make an IPv6 address; one more colon alone makes two names.
            if not name or (not equals and word.count(":") == 1):
                raise RequestError(_no_endpoint(text))
            if not equals:
                addresses.append(Address.parse(word, subnets))
            elif key in ("mtu", "mac") and key not in settings:
                settings[key] = content
            else:
                raise RequestError(f"{text!r}: {word!r} is no setting of an endpoint - write mtu=N or mac=ADDRESS once")
        mtu = read_mtu(settings["mtu"]) if "mtu" in settings else None
        mac = settings["mac"].lower() if "mac" in settings else None
        return cls(name, tuple(addresses), mtu, mac)

    def __post_init__(self) -> None:
        check_name(self.node)
        for address in self.addresses:
            if not isinstance(address, Address):
                raise TypeError(f"an address is what Address.parse() gives, not {address!r}")
        if len(self.addresses) > 1 and len({address.packed for address in self.addresses}) < len(self.addresses):
            raise RequestError(f"{str(self)!r}: the same address twice - write it once")
        if self.mtu is not None:
            check_mtu(self.mtu, speaks_ipv6=any(address.version == 6 for address in self.addresses))
        if self.mac is not None:
            _check_mac(self.mac)

    def __str__(self) -> str:
        mtu = () if self.mtu is None else (f"mtu={self.mtu}",)
        mac = () if self.mac is None else (f"mac={self.mac}",)
        words = (*map(str, self.addresses), *mtu, *mac)
        return f"{self.node}:{','.join(words)}" if words else self.node


@value
class Link:
    """A veth pair joining two endpoints. Raises RequestError when they cannot reach each other."""

    first: Endpoint
    second: Endpoint

    def __post_init__(self) -> None:
        a, b = self.first, self.second
        if a.node == b.node:
            raise RequestError(f"{str(a)!r} and {str(b)!r}: a pair joins two different nodes - rename one of them")
        if len(a.addresses) == len(b.addresses) == 1:
            _check_pair(a, b)
        elif a.addresses and b.addresses:
            _check_each_has_a_peer(a, b)
            _check_each_has_a_peer(b, a)

    @property
    def ends(self) -> tuple[Endpoint, Endpoint]:
        return self.first, self.second

    def __str__(self) -> str:
        return f"{self.first} {self.second}"


def _no_endpoint(text: str) -> str:
    return f"{text!r}: not an endpoint - write NAME:ADDRESS, such as a:192.168.1.1"


def check_name(name: str) -> None:
    """Raise RequestError unless `name` can name a node: it becomes a hostname and a word in /etc/hosts."""
    if not isinstance(name, str):
        raise TypeError(f"a name is text, not {name!r}")
    if name in LOOPBACK_NAMES:
        raise RequestError(f"{name!r}: every node is that to itself - choose another name")
    if not name or len(name) > 63 or name.startswith("-") or not NAME_CHARACTERS.issuperset(name):
        raise RequestError(
            f"{name!r}: names use a-z, 0-9 and '-', begin with a letter or digit, at most 63 characters"
            " - choose another name"
        )


def check_alias(alias: str) -> None:
    """Raise RequestError unless `alias` can stand in /etc/hosts: it may be several names joined by dots."""
    if not isinstance(alias, str):
        raise TypeError(f"an alias is text, not {alias!r}")
    if len(alias) > 253:  # RFC 1035, 2.3.4
        raise RequestError(f"{alias!r}: longer than 253 characters - choose another alias")
    for name in alias.split("."):
        check_name(name)


def read_mtu(text: str) -> int:
    """The MTU written as `text`. Raises RequestError; see check_mtu()."""
    if not (text.isascii() and text.isdigit() and text == str(int(text[:6]))):
        raise RequestError(f"{text!r}: not an MTU - write a number from {LEAST_MTU} to {MOST_MTU}")
    return int(text)


def check_mtu(mtu: int, *, speaks_ipv6: bool) -> None:
    """Raise RequestError for what is too small or too large for a veth."""
    if type(mtu) is not int:
        raise TypeError(f"an MTU is a number, not {mtu!r}")
    least = LEAST_MTU_IPV6 if speaks_ipv6 else LEAST_MTU
    if not least <= mtu <= MOST_MTU:
        of_what = "IPv6" if speaks_ipv6 else "a link"
        raise RequestError(f"an MTU of {mtu}: not one of {of_what} - write a number from {least} to {MOST_MTU}")


def _check_mac(mac: str) -> None:
    if not isinstance(mac, str):
        raise TypeError(f"a MAC address is text such as '02:00:00:00:00:01', not {mac!r}")
    parts = mac.split(":")
    if len(parts) != 6 or any(len(part) != 2 or not set("0123456789abcdef").issuperset(part) for part in parts):
        raise RequestError(f"{mac!r}: not a MAC address - write six pairs of 0-9 and a-f, such as 02:00:00:00:00:01")
    if int(parts[0], 16) & 1 or not any(int(part, 16) for part in parts):
        raise RequestError(f"{mac!r}: not one interface's MAC address - begin with an even number, such as 02")


def _check_pair(a: Endpoint, b: Endpoint) -> None:
    (one,), (other,) = a.addresses, b.addresses
    if one.version != other.version:
        raise RequestError(
            f"{str(a)!r} and {str(b)!r}: IPv4 on one end and IPv6 on the other - use one family for both"
        )
    if one.prefix != other.prefix:
        raise RequestError(f"{str(a)!r} and {str(b)!r}: different prefixes - write /{one.prefix} on both")
    if one.subnet != other.subnet:
        raise RequestError(f"{str(a)!r} and {str(b)!r}: different subnets - take both from {one.network}")


def _check_each_has_a_peer(a: Endpoint, b: Endpoint) -> None:
    subnets = {address.subnet for address in b.addresses}
    for address in a.addresses:
        if address.subnet not in subnets:
            raise RequestError(
                f"{str(a)!r} and {str(b)!r}: nobody to reach from {address} - give {b.node} an address in "
                f"{address.network} as well"
            )
