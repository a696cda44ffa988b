"""Steps that wait until IPv6 is ready. No launch of an IPv4 lab loads them."""

from __future__ import annotations

from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..topology.address import Address
    from ..topology.interface import Interface


@value
class AwaitGroup:
    """An IPv6 address that neighbours can ask for.

    They ask by multicast, and the kernel joins that group from a work queue, some time after it has said that the
    address is there (addrconf_dad_work in net/ipv6/addrconf.c): 11 % of labs were up before. A question that comes
    earlier is lost, and asked again after a second.
    """

    is_alone = True
    interface: Interface
    address: Address

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def group(self) -> str:
        """The solicited-node group of the address: RFC 4291, 2.7.1."""
        high, middle, low = self.address.packed[-3:]
        return f"ff02::1:{0xFF00 | high:x}:{middle << 8 | low:x}"

    @property
    def why(self) -> str:
        return f"only in this group does {self.interface} hear who asks for {self.address.ip}"

    def __str__(self) -> str:
        wait = f"until ip maddress show dev {self.interface.name} | grep -qw {self.group}; do :; done"
        return f"ip netns exec {self.node} sh -c '{wait}'"


@value
class AwaitLinkLocal:
    """A router that can ask for its neighbours.

    For packets that are not its own it asks from its link-local address, which comes from the same work queue: of
    the first packets through two routers one in 60 stalled for a second.
    """

    is_alone = True
    interface: Interface

    @property
    def node(self) -> str:
        return self.interface.node

    @property
    def why(self) -> str:
        return f"with this address {self.interface} asks where to pass on packets of others"

    def __str__(self) -> str:
        wait = f"until ip -6 address show dev {self.interface.name} scope link -tentative | grep -q .; do :; done"
        return f"ip netns exec {self.node} sh -c '{wait}'"
