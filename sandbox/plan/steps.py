"""One thing for the kernel to do, as a plain value.

A step says why it is there and which `ip` command does the same; it never runs itself. Three read a list of them:
`explain` prints it, init applies it, an error names one of its steps.

Steps are requests over rtnetlink, which travel together when they follow each other, unless one `is_alone`.
Here are those that every lab takes; beyond.py and waits.py have the others.
"""

from __future__ import annotations

from ..topology.interface import BRIDGE, Interface, ip
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..topology.address import Address


@value
class CreateNamespace:
    """A network namespace: links, addresses, routes and ports of its own."""

    is_alone = True
    node: str

    @property
    def why(self) -> str:
        return f"{self.node} gets a network of its own; it starts with nothing but lo, which is down"

    def __str__(self) -> str:
        return f"ip netns add {self.node}"


@value
class WriteSysctl:
    """A setting of one network namespace, written through /proc/sys."""

    is_alone = True
    node: str
    key: str
    content: str
    why: str

    def __str__(self) -> str:
        path = f"/proc/sys/{self.key.replace('.', '/')}"
        return f"ip netns exec {self.node} sh -c 'echo {self.content} > {path}'"


@value
class AllowPing:
    """Ping sockets for every group of the namespace's owner."""

    is_alone = True
    node: str

    @property
    def why(self) -> str:
        return f"in {self.node} anyone may ping, without privilege"

    def __str__(self) -> str:
        return str(WriteSysctl(self.node, "net.ipv4.ping_group_range", "0 2147483647", self.why))


@value
class CreateVeth:
    """A veth pair: what goes in at one end comes out at the other."""

    end: Interface
    peer: Interface

    @property
    def node(self) -> str:
        return self.end.node

    @property
    def why(self) -> str:
        return f"a cable with one end in {self.end.node} and the other in {self.peer.node}, made in place"

    def __str__(self) -> str:
        master = f" master {self.end.master}" if self.end.master else ""
        at = f"netns {self.peer.node}"
        return f"{ip(self.node)} link add {_veth_end(self.end)}{master} type veth peer {at} {_veth_end(self.peer)}"


@value
class NoLinkLocal:
    """No IPv6 link-local address where no IPv6 was asked for: the wire stays silent."""

    interface: Interface

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"{self.interface} was given no IPv6, so it shall not speak it"

    def __str__(self) -> str:
        return f"{ip(self.node)} link set dev {self.interface.name} addrgenmode none"


@value
class AddAddress:
    """An address on an interface; the kernel adds the route to its subnet."""

    interface: Interface
    address: Address

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"{self.node} answers to {self.address.ip}"

    def __str__(self) -> str:
        # Duplicate address detection would keep an IPv6 address from being used for over a second.
        nodad = " nodad" if self.address.version == 6 else ""
        return f"{ip(self.node)} address add {self.address} dev {self.interface.name}{nodad}"


@value
class SetUp:
    """An interface that carries packets."""

    node: str
    name: str
    index: int

    @property
    def why(self) -> str:
        if self.name == "lo":
            return f"{self.node} can talk to itself"
        if self.name == BRIDGE:
            return f"{self.node} passes on what its ports take in"
        return f"{self.name} of {self.node} carries packets once its peer is up as well"

    def __str__(self) -> str:
        return f"{ip(self.node)} link set dev {self.name} up"


@value
class Settle:
    """A link that can really send.

    The kernel acknowledges "up" before the link is active: of first packets sent at once about 3 in 100 were
    lost or stalled for a second. Being asked about the link makes the kernel finish first: 0 of 900.
    """

    interface: Interface

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"asked about {self.interface}, the kernel first makes it ready to send"

    def __str__(self) -> str:
        return f"{ip(self.node)} link show dev {self.interface.name}"


def _veth_end(end: Interface) -> str:
    index = f" index {end.index}" if end.index else ""
    mtu = "" if end.mtu is None else f" mtu {end.mtu}"
    mac = "" if end.mac is None else f" address {end.mac}"
    # One queue instead of one per processor: 16 % cheaper to make, and nothing here uses more.
    return f"name {end.name}{index}{mtu}{mac} numtxqueues 1 numrxqueues 1"


if TYPE_CHECKING:
    from .beyond import AddRoute, BypassNetfilter, CreateBridge, DeleteLink, DeleteRoute, SetAlias, SetDown, SetMaster
    from .waits import AwaitGroup, AwaitLinkLocal

    Step = (
        CreateNamespace
        | WriteSysctl
        | AllowPing
        | BypassNetfilter
        | CreateBridge
        | CreateVeth
        | SetMaster
        | NoLinkLocal
        | SetAlias
        | AddAddress
        | SetUp
        | SetDown
        | AddRoute
        | DeleteRoute
        | DeleteLink
        | Settle
        | AwaitGroup
        | AwaitLinkLocal
    )
