"""What to do: a topology becomes an ordered list of steps, each one thing for the kernel.

A step is a plain value. It says why it is there and which `ip` command does the same; it never runs
itself. Three read the list: `explain` prints it, init applies it, an error names one of its steps.
"""

from __future__ import annotations

from .topology import Interface, Topology
from .values import value


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
        return f"ip link add {_veth_end(self.end)} type veth peer {_veth_end(self.peer)}"


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
        return f"ip -n {self.node} link set dev {self.interface.name} addrgenmode none"


@value
class AddAddress:
    """An address on an interface; the kernel adds the route to its subnet."""

    interface: Interface

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"{self.node} answers to {self.interface.address.ip}"

    def __str__(self) -> str:
        # Duplicate address detection would keep an IPv6 address from being used for over a second.
        nodad = " nodad" if self.interface.address.version == 6 else ""
        return f"ip -n {self.node} address add {self.interface.address} dev {self.interface.name}{nodad}"


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
        return f"{self.name} of {self.node} carries packets once its peer is up as well"

    def __str__(self) -> str:
        return f"ip -n {self.node} link set dev {self.name} up"


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
        return f"ip -n {self.node} link show dev {self.interface.name}"


@value
class AwaitGroup:
    """An IPv6 address that neighbours can ask for.

    They ask by multicast, and the kernel joins that group from a work queue, some time after it has said that the
    address is there (addrconf_dad_work in net/ipv6/addrconf.c): 11 % of labs were up before. A question that comes
    earlier is lost, and asked again after a second.
    """

    interface: Interface

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def group(self) -> str:
        """The solicited-node group of the address: RFC 4291, 2.7.1."""
        high, middle, low = self.interface.address.packed[-3:]
        return f"ff02::1:{0xFF00 | high:x}:{middle << 8 | low:x}"

    @property
    def why(self) -> str:
        return f"only in this group does {self.interface} hear who asks for {self.interface.address.ip}"

    def __str__(self) -> str:
        wait = f"until ip maddress show dev {self.interface.name} | grep -qw {self.group}; do :; done"
        return f"ip netns exec {self.node} sh -c '{wait}'"


Step = CreateNamespace | WriteSysctl | AllowPing | CreateVeth | NoLinkLocal | AddAddress | SetUp | Settle | AwaitGroup


def plan(topology: Topology) -> tuple[Step, ...]:
    """The steps that build `topology`, in an order in which each finds what it needs."""
    wires = topology.wires
    ends = [end for wire in wires for end in wire]
    ends_of: dict[str, list[Interface]] = {node: [] for node in topology.nodes}
    for end in ends:
        ends_of[end.node].append(end)
    steps: list[Step] = []
    for node in topology.nodes:
        speaks_ipv6 = any(end.address.version == 6 for end in ends_of[node])
        steps += [CreateNamespace(node), *_settings(node, speaks_ipv6=speaks_ipv6)]
    steps += [CreateVeth(end, peer) for end, peer in wires]
    for node in topology.nodes:
        steps.append(SetUp(node, "lo", 1))
        for end in ends_of[node]:
            steps += _bring_up(end)
    # Only after both ends are up can a link settle.
    steps += map(Settle, ends)
    return (*steps, *(AwaitGroup(end) for end in ends if end.address.version == 6))


def _settings(node: str, *, speaks_ipv6: bool) -> list[Step]:
    # IPv4 settings of a new namespace are copied from the host: say what we rely on.
    settings: list[Step] = [
        WriteSysctl(node, "net.ipv4.ip_forward", "0", f"{node} is a host, not a router, whatever this machine is"),
        WriteSysctl(node, "net.ipv4.ip_unprivileged_port_start", "0", f"in {node} anyone may serve on port 80"),
        AllowPing(node),
    ]
    # The first IPv6 setting of a namespace costs 0.4 ms: only where it matters.
    if speaks_ipv6:
        why = f"addresses of {node} come from the request, not from router advertisements"
        settings.append(WriteSysctl(node, "net.ipv6.conf.default.accept_ra", "0", why))
        why = f"addresses of {node} work at once: on a cable of one's own nobody else can have them"
        settings.append(WriteSysctl(node, "net.ipv6.conf.default.accept_dad", "0", why))
    return settings


def _bring_up(end: Interface) -> list[Step]:
    quiet: list[Step] = [NoLinkLocal(end)] if end.address.version == 4 else []
    return [*quiet, AddAddress(end), SetUp(end.node, end.name, end.index)]


def _veth_end(end: Interface) -> str:
    # One queue instead of one per processor: 16 % cheaper to make, and nothing here uses more.
    return f"name {end.name} netns {end.node} index {end.index} numtxqueues 1 numrxqueues 1"
