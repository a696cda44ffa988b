"""What was asked for: nodes, endpoints, links; read and checked here, once and completely.

Nothing below this floor checks a request again, and nothing here touches the machine.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from .errors import RequestError
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Address = IPv4Interface | IPv6Interface

NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
LOOPBACK_NAMES = ("localhost", "ip6-localhost", "ip6-loopback")
DEFAULT_PREFIX = {4: 24, 6: 64}


@value
class Endpoint:
    """One end of a link, as asked for: a node and its address there.

    Raises RequestError for a name or an address that no node can have.
    """

    node: str
    address: Address

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """The endpoint written `NAME:ADDRESS[/PREFIX]`; the prefix defaults to /24 and /64.

        Raises RequestError when it is anything else, TypeError when it is not text.
        """
        if not isinstance(text, str):
            raise TypeError(f"an endpoint is text such as 'a:192.168.1.1', not {text!r}")
        name, colon, address = text.partition(":")
        # Two colons make an IPv6 address; one more colon alone makes two names.
        if not colon or not name or address.count(":") == 1:
            raise RequestError(f"{text!r}: not an endpoint - write NAME:ADDRESS, such as a:192.168.1.1")
        return cls(name, _address(address))

    def __post_init__(self) -> None:
        check_name(self.node)
        _check_host(self.address)

    def __str__(self) -> str:
        return f"{self.node}:{self.address}"


@value
class Link:
    """A veth pair joining two endpoints. Raises RequestError when they cannot reach each other."""

    first: Endpoint
    second: Endpoint

    def __post_init__(self) -> None:
        a, b = self.first, self.second
        if a.node == b.node:
            raise RequestError(f"{str(a)!r} and {str(b)!r}: a pair joins two different nodes - rename one of them")
        if a.address.version != b.address.version:
            raise RequestError(
                f"{str(a)!r} and {str(b)!r}: IPv4 on one end and IPv6 on the other - use one family for both"
            )
        if a.address.network.prefixlen != b.address.network.prefixlen:
            raise RequestError(
                f"{str(a)!r} and {str(b)!r}: different prefixes - write /{a.address.network.prefixlen} on both"
            )
        if a.address.network != b.address.network:
            raise RequestError(f"{str(a)!r} and {str(b)!r}: different subnets - take both from {a.address.network}")

    @property
    def ends(self) -> tuple[Endpoint, Endpoint]:
        return self.first, self.second


@value
class Interface:
    """Where an end of a link appears: `eth0` of a node, with its kernel index and address."""

    node: str
    name: str
    index: int
    address: Address

    def __str__(self) -> str:
        return f"{self.name} of {self.node}"


@value
class Topology:
    """Nodes and links, checked as a whole. Raises RequestError when they contradict each other."""

    nodes: tuple[str, ...]
    links: tuple[Link, ...] = ()

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str | Endpoint, str | Endpoint]]) -> Topology:
        """The topology of these pairs, nodes in order of first mention; a name met again is the same node.

        Raises RequestError (see Endpoint and Link), TypeError for what is not text.
        """
        links = tuple(Link(_endpoint(first), _endpoint(second)) for first, second in pairs)
        return cls(tuple(dict.fromkeys(end.node for link in links for end in link.ends)), links)

    @classmethod
    def alone(cls, name: str = "sandbox") -> Topology:
        """One node without a link: nothing but loopback."""
        return cls((name,))

    def __post_init__(self) -> None:
        for name in self.nodes:
            check_name(name)
        nodes = set(self.nodes)
        if len(nodes) < len(self.nodes):
            raise RequestError(f"{self.nodes!r}: a node twice - name each one once")
        ends = [end for link in self.links for end in link.ends]
        for end in ends:
            if end.node not in nodes:
                raise RequestError(f"{str(end)!r}: an end in no node - add {end.node!r} to {self.nodes!r}")
        if not nodes:
            raise RequestError("a topology without a node - name one, or join two by a pair")
        _check_addresses(ends)

    @property
    def wires(self) -> tuple[tuple[Interface, Interface], ...]:
        """The two interfaces of each link. Every node counts its own: eth0, eth1, in order of declaration."""
        count = dict.fromkeys(self.nodes, 0)

        def next_interface(end: Endpoint) -> Interface:
            number = count[end.node]
            count[end.node] += 1
            # Index 1 is lo in every new namespace.
            return Interface(end.node, f"eth{number}", number + 2, end.address)

        return tuple((next_interface(link.first), next_interface(link.second)) for link in self.links)


def check_name(name: str) -> None:
    """Raise RequestError unless `name` can name a node: it becomes a hostname and a word in /etc/hosts."""
    if not isinstance(name, str):
        raise TypeError(f"a node's name is text, not {name!r}")
    if name in LOOPBACK_NAMES:
        raise RequestError(f"{name!r}: every node is that to itself - choose another name")
    if not name or len(name) > 63 or name.startswith("-") or not NAME_CHARACTERS.issuperset(name):
        raise RequestError(
            f"{name!r}: node names use a-z, 0-9 and '-', begin with a letter or digit, at most 63 characters"
            " - rename the node"
        )


def _endpoint(end: str | Endpoint) -> Endpoint:
    return end if isinstance(end, Endpoint) else Endpoint.parse(end)


def _address(text: str) -> Address:
    host, slash, prefix = text.partition("/")
    address = _host(host)
    if not slash:
        return _interface(address, DEFAULT_PREFIX[address.version])
    # int() would take '+24', ' 24', '2_4' and digits of every script.
    plain = prefix.isascii() and prefix.isdigit() and str(int(prefix[:9])) == prefix
    if not plain or int(prefix) > address.max_prefixlen:
        raise RequestError(
            f"{text!r}: {prefix!r} is not a prefix from 1 to {address.max_prefixlen} - "
            f"write /{DEFAULT_PREFIX[address.version]}"
        )
    return _interface(address, int(prefix))


def _host(text: str) -> IPv4Address | IPv6Address:
    family = IPv6Address if ":" in text else IPv4Address
    try:
        return family(text)
    except ValueError:
        raise RequestError(f"{text!r}: not an IP address - write one such as 192.168.1.1 or fd00::1") from None


def _interface(address: IPv4Address | IPv6Address, prefix: int) -> Address:
    if isinstance(address, IPv4Address):
        return IPv4Interface((address, prefix))
    return IPv6Interface((address, prefix))


def _check_host(address: Address) -> None:
    """Raise RequestError unless one host can have this address: the kernel itself takes nearly anything."""
    if not isinstance(address, IPv4Interface | IPv6Interface):
        raise TypeError(f"an address is an IPv4Interface or IPv6Interface, not {address!r}")
    if isinstance(address, IPv6Interface) and address.scope_id:
        raise RequestError(f"{str(address)!r}: an address with a scope - use one such as fd00::1")
    example = "192.168.1.1" if address.version == 4 else "fd00::1"
    if kind := _kind(address.ip):
        raise RequestError(f"'{address.ip}': {kind}, not a host's - use one such as {example}")
    prefix, longest = address.network.prefixlen, address.max_prefixlen
    if prefix in (0, longest):
        raise RequestError(
            f"'{address}': /{prefix} leaves no room for a peer - write /{DEFAULT_PREFIX[address.version]}"
        )
    # RFC 3021 and RFC 6164: a /31 and a /127 have two hosts and neither network nor broadcast address.
    if prefix == longest - 1:
        return
    first = address.network.network_address + 1
    if address.ip == address.network.network_address:
        raise RequestError(f"'{address}': the network address of {address.network} - use one such as {first}")
    if address.version == 4 and address.ip == address.network.broadcast_address:
        raise RequestError(f"'{address}': the broadcast address of {address.network} - use one such as {first}")


def _kind(ip: IPv4Address | IPv6Address) -> str | None:
    """The class of an address that is no host's, or None."""
    if isinstance(ip, IPv6Address):
        return (
            ("an IPv4-mapped address" if ip.ipv4_mapped else None)
            or ("the unspecified address" if ip.is_unspecified else None)
            or ("the loopback address" if ip.is_loopback else None)
            or ("a multicast address" if ip.is_multicast else None)
            or ("a link-local address, which needs a scope" if ip.is_link_local else None)
        )
    return (
        ("the broadcast address" if int(ip) == 0xFFFFFFFF else None)
        or ("the unspecified address" if ip.is_unspecified else None)
        or ("an address of 'this network' (0.0.0.0/8)" if ip.packed[0] == 0 else None)
        or ("a loopback address" if ip.is_loopback else None)
        or ("a multicast address" if ip.is_multicast else None)
        or ("a reserved address" if ip.packed[0] >= 240 else None)
    )


def _check_addresses(ends: list[Endpoint]) -> None:
    owners: dict[IPv4Address | IPv6Address, Endpoint] = {}
    for end in ends:
        if other := owners.get(end.address.ip):
            raise RequestError(f"{str(other)!r} and {str(end)!r}: the same address twice - change one of them")
        owners[end.address.ip] = end
    subnets: dict[str, list[Endpoint]] = {}
    for end in ends:
        for other in subnets.setdefault(end.node, []):
            if _overlap(other, end):
                raise RequestError(
                    f"{str(other)!r} and {str(end)!r}: one node with two interfaces in one subnet cannot tell "
                    "which way to send - give each pair a subnet of its own"
                )
        subnets[end.node].append(end)


def _overlap(one: Endpoint, other: Endpoint) -> bool:
    first, second = one.address, other.address
    return first.version == second.version and (
        first.ip in second.network or second.network.network_address in first.network
    )
