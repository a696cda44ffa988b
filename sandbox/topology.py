"""What was asked for: nodes, endpoints, links; read and checked here, once and completely.

Nothing below this floor checks a request again, and nothing here touches the machine.
"""

from __future__ import annotations

from .address import Address
from .errors import RequestError
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
LOOPBACK_NAMES = ("localhost", "ip6-localhost", "ip6-loopback")


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
        return cls(name, Address.parse(address))

    def __post_init__(self) -> None:
        check_name(self.node)
        if not isinstance(self.address, Address):
            raise TypeError(f"an address is what Address.parse() gives, not {self.address!r}")

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
        if a.address.prefix != b.address.prefix:
            raise RequestError(f"{str(a)!r} and {str(b)!r}: different prefixes - write /{a.address.prefix} on both")
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


def _check_addresses(ends: list[Endpoint]) -> None:
    owners: dict[bytes, Endpoint] = {}
    for end in ends:
        if other := owners.get(end.address.packed):
            raise RequestError(f"{str(other)!r} and {str(end)!r}: the same address twice - change one of them")
        owners[end.address.packed] = end
    subnets: dict[str, list[Endpoint]] = {}
    for end in ends:
        for other in subnets.setdefault(end.node, []):
            if end.address.overlaps(other.address):
                raise RequestError(
                    f"{str(other)!r} and {str(end)!r}: one node with two interfaces in one subnet cannot tell "
                    "which way to send - give each pair a subnet of its own"
                )
        subnets[end.node].append(end)
