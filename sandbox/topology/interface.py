"""Where the ends of links appear: `eth0` of a node, `port0` of a switch."""

from __future__ import annotations

from ..values import value
from .address import Address
from .endpoint import LEAST_MTU_IPV6

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .endpoint import Endpoint, Link
    from .switch import Switch

BRIDGE = "br0"
HOST = "the host"  # where a node's name is wanted and none is meant: no node can be called so
# Index 1 is lo in every new namespace; in a switch's, 2 is its bridge.
LO_INDEX, BRIDGE_INDEX = 1, 2
FIRST_INDEX, FIRST_PORT_INDEX = 2, 3


def ip(node: str) -> str:
    """How `ip` is told which network is meant."""
    return "ip" if node == HOST else f"ip -n {node}"


@value
class Interface:
    """One end of a link in its node, with its index there (0: any); `master`: the bridge whose port it is."""

    node: str
    name: str
    index: int
    addresses: tuple[Address, ...] = ()
    mtu: int | None = None
    mac: str | None = None
    master: str | None = None

    def __str__(self) -> str:
        return f"{self.name} of {self.node}"

    @property
    def speaks_ipv6(self) -> bool:
        """Whether it was given an IPv6 address."""
        return any(address.version == 6 for address in self.addresses)

    @property
    def may_speak_ipv6(self) -> bool:
        """Whether the kernel has IPv6 on it at all, which it takes off what is smaller."""
        return self.mtu is None or self.mtu >= LEAST_MTU_IPV6


class Wiring:
    """Gives links their interfaces, one after the other: every node counts its own and uses no number twice."""

    def __init__(self, switches: Iterable[Switch] = ()) -> None:
        self._switches = {switch.name: switch for switch in switches}
        self._count: dict[str, int] = {}

    def wire(self, link: Link) -> tuple[Interface, Interface]:
        """The two interfaces of `link`. A switch's comes first: with it the pair is made a port at once."""
        first, second = link.ends
        if second.node in self._switches and first.node not in self._switches:
            first, second = second, first
        return self._interface(first, second), self._interface(second, first)

    def begin(self, node: str, number: int) -> None:
        """Count the interfaces of `node` from `number` on."""
        self._count[node] = number

    def _interface(self, end: Endpoint, peer: Endpoint) -> Interface:
        number = self._count.get(end.node, 0)
        self._count[end.node] = number + 1
        mtu = self._mtu(end, peer)
        if end.node in self._switches:
            return Interface(end.node, f"port{number}", FIRST_PORT_INDEX + number, (), mtu, end.mac, BRIDGE)
        return Interface(end.node, f"eth{number}", FIRST_INDEX + number, end.addresses, mtu, end.mac)

    def _mtu(self, end: Endpoint, peer: Endpoint) -> int | None:
        """The end's own, else what its switch and the other end of the cable agree on."""
        switches = [self._switches[each.node] for each in (end, peer) if each.node in self._switches]
        if end.mtu is not None or not switches:
            return end.mtu
        return peer.mtu if peer.mtu is not None else min((each.mtu for each in switches if each.mtu), default=None)
