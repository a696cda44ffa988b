"""One thing for the kernel to do, as a plain value.

A step says why it is there and which `ip` command does the same; it never runs itself. Three read a list of them:
`explain` prints it, init applies it, an error names one of its steps.
"""

from __future__ import annotations

from ..topology.interface import BRIDGE, Interface, ip
from ..values import value
from .waits import AwaitGroup, AwaitLinkLocal, Settle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..topology.address import Address, Subnet


@value
class CreateNamespace:
    """A network namespace: links, addresses, routes and ports of its own."""

    node: str

    @property
    def why(self) -> str:
        return f"{self.node} gets a network of its own; it starts with nothing but lo, which is down"

    def __str__(self) -> str:
        return f"ip netns add {self.node}"


@value
class WriteSysctl:
    """A setting of one network namespace, written through /proc/sys."""

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

    node: str

    @property
    def why(self) -> str:
        return f"in {self.node} anyone may ping, without privilege"

    def __str__(self) -> str:
        return str(WriteSysctl(self.node, "net.ipv4.ping_group_range", "0 2147483647", self.why))


@value
class CreateBridge:
    """A bridge: what comes in at one of its ports goes out where its destination was heard, else everywhere."""

    node: str
    name: str
    index: int

    @property
    def why(self) -> str:
        return f"{self.node} is a switch: a bridge that learns who is behind which port"

    def __str__(self) -> str:
        # It has no querier that would keep the groups it has learnt alive: it floods multicast instead.
        return f"{ip(self.node)} link add name {self.name} index {self.index} type bridge mcast_snooping 0"


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
class SetMaster:
    """A port of a bridge. The end that a veth pair is created at becomes one at once, its peer by this."""

    interface: Interface

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"{self.interface.name} is plugged into {self.node}, which passes on what comes in there"

    def __str__(self) -> str:
        return f"{ip(self.node)} link set dev {self.interface.name} master {self.interface.master}"


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
class SetAlias:
    """A sentence that `ip link` shows beside an interface."""

    interface: Interface
    alias: str

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"whoever looks at {self.interface} is told whose it is"

    def __str__(self) -> str:
        return f'{ip(self.node)} link set dev {self.interface.name} alias "{self.alias}"'


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
class AddRoute:
    """A way out of a node's own subnets; `to` None: the way to everywhere else."""

    node: str
    to: Subnet | None
    via: Address

    @property
    def why(self) -> str:
        to = "everything that is not near" if self.to is None else f"what is for {self.to}"
        return f"{self.node} sends {to} through {self.via.ip}"

    def __str__(self) -> str:
        family = " -6" if self.via.version == 6 else ""
        return f"ip{family} -n {self.node} route add {self.to or 'default'} via {self.via.ip}"


@value
class DeleteRoute:
    """A way that is none any more, or no longer the shortest."""

    node: str
    to: Subnet | None
    via: Address

    @property
    def why(self) -> str:
        return f"{self.node} goes through {self.via.ip} no longer"

    def __str__(self) -> str:
        family = " -6" if self.via.version == 6 else ""
        return f"ip{family} -n {self.node} route del {self.to or 'default'} via {self.via.ip}"


@value
class DeleteLink:
    """A cable pulled out: of a veth pair both ends go."""

    interface: Interface

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"the cable at {self.interface} is taken away"

    def __str__(self) -> str:
        return f"{ip(self.node)} link del dev {self.interface.name}"


@value
class SetDown:
    """An interface that carries nothing; the other end sees its carrier go."""

    node: str
    name: str
    index: int

    @property
    def why(self) -> str:
        return f"{self.name} of {self.node} is switched off"

    def __str__(self) -> str:
        return f"{ip(self.node)} link set dev {self.name} down"


def _veth_end(end: Interface) -> str:
    index = f" index {end.index}" if end.index else ""
    mtu = "" if end.mtu is None else f" mtu {end.mtu}"
    mac = "" if end.mac is None else f" address {end.mac}"
    # One queue instead of one per processor: 16 % cheaper to make, and nothing here uses more.
    return f"name {end.name}{index}{mtu}{mac} numtxqueues 1 numrxqueues 1"


Step = (
    CreateNamespace
    | WriteSysctl
    | AllowPing
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
