"""Steps beyond those of a pair: of switches, routes, changes and the way out. No launch of a pair loads them."""

from __future__ import annotations

from ..topology.interface import ip
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..topology.address import Address, Subnet
    from ..topology.interface import Interface


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
class BypassNetfilter:
    """A namespace whose bridges pass on every frame as it is, whatever the machine has loaded.

    With br_netfilter each IP packet goes through the hooks of a router, which cost about a microsecond and drop what is
    unsound (br_validate_ipv4 in net/bridge/br_netfilter_hooks.c). It is on in every new namespace.
    """

    is_alone = True
    node: str

    @property
    def why(self) -> str:
        return f"{self.node} judges no packet: without this br_netfilter, where it is loaded, would"

    def __str__(self) -> str:
        each = "/proc/sys/net/bridge/bridge-nf-call-*tables"
        return f"ip netns exec {self.node} sh -c 'for each in {each}; do [ ! -e $each ] || echo 0 > $each; done'"


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
