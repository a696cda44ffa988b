"""The ways between a lab and the machine it runs on, as steps: out of a node, and in at a port of the host.

An uplink is a cable to the host, which translates addresses (NAT), as for a container of Docker. What is explained
here is root's way; a user, who may not touch the host's network, has slirp4netns do the same.
"""

from __future__ import annotations

from ..topology.address import Subnet
from ..topology.interface import HOST, Interface
from ..values import value
from . import bring_up, settle
from .beyond import AddRoute, SetAlias
from .steps import CreateVeth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..topology import Topology
    from ..topology.publication import Publication
    from .steps import Step

NAME = "uplink"
# Out of the way of those that a node counts, also of links that it is still to be given.
INDEX = 10_000
# Of the addresses of carriers (RFC 6598), else of those for tests (RFC 2544): no home or office has them.
RANGES = (Subnet(4, 0x6440_0000, 10), Subnet(4, 0xC612_0000, 15))
PREFIX, TRIED = 24, 64
# Places in the subnet; slirp4netns has them so by itself.
GATEWAY, RESOLVER, NODE = 2, 3, 100


@value
class Uplink:
    """A node's way out: a cable with its own `subnet` to `host_name`, an interface of the host.

    `forwards`: for others as well.
    """

    node: str
    subnet: Subnet
    host_name: str
    host_index: int = 0
    forwards: bool = False

    @property
    def end(self) -> Interface:
        return Interface(self.node, NAME, INDEX, (self.subnet.host(NODE),))

    @property
    def host_end(self) -> Interface:
        return Interface(HOST, self.host_name, self.host_index, (self.subnet.host(GATEWAY),))

    @property
    def links(self) -> tuple[Step, ...]:
        """The steps of the cable."""
        ends = (self.host_end, self.end)
        return (
            CreateVeth(*ends),
            SetAlias(self.host_end, f"uplink of {self.node}, a node of sandbox"),
            *bring_up(ends),
            *settle(ends),
            AddRoute(self.node, None, self.subnet.host(GATEWAY)),
        )

    @property
    def translation(self) -> Translate:
        """The host's step: what goes out has its address, and only answers come in."""
        return Translate(
            HOST,
            self.host_name,
            (
                f"ip saddr {self.subnet} oifname != {self.host_name} masquerade",
                f"oifname {self.host_name} ct state != {{ established, related }} drop",
            ),
        )

    @property
    def inner_translations(self) -> tuple[Translate, ...]:
        """The node's own: the host knows no way back to whoever is behind it."""
        return (Translate(self.node, NAME, (f"oifname {NAME} masquerade",)),) if self.forwards else ()


@value
class Translate:
    """A table of nftables by which one address stands for all that are behind it. Rules: of NAT, then of a filter."""

    node: str
    table: str
    rules: tuple[str, ...]

    @property
    def why(self) -> str:
        return f"{self.node} sends what leaves through the uplink as if it were its own"

    def __str__(self) -> str:
        where = "" if self.node == HOST else f"ip netns exec {self.node} "
        return f'{where}nft "{"; ".join(self.commands())}"'

    def commands(self, flags: str = "") -> list[str]:
        """The commands for nft, one a line; `flags` of the table."""
        return [
            f"add table inet {self.table}{flags}",
            *(
                line
                for (chain, hook), rule in zip(CHAINS, self.rules, strict=False)
                for line in (
                    f"add chain inet {self.table} {chain} {{ {hook}; }}",
                    f"add rule inet {self.table} {chain} {rule}",
                )
            ),
        ]


CHAINS = (
    ("out", "type nat hook postrouting priority srcnat"),
    ("in", "type filter hook forward priority filter"),
)


@value
class Publish:
    """A port of the host that leads to a node: a relay, so that neither side needs a route to the other."""

    publication: Publication
    target: str

    @property
    def why(self) -> str:
        each = self.publication
        return f"port {each.port} of {each.address or HOST} leads to port {each.node_port} of {each.node}"

    def __str__(self) -> str:
        each = self.publication
        kind = each.protocol.upper()
        # Without an address it listens on all, of IPv6 and IPv4.
        at = f",bind={bracketed(each.address)}" if each.address else ""
        family = "4" if each.address and ":" not in each.address else "6"
        both = "" if each.address else ",ipv6only=0"
        inner = f"ip netns exec {each.node} socat - {kind}:{bracketed(self.target)}:{each.node_port}"
        return f"socat {kind}{family}-LISTEN:{each.port}{at}{both},reuseaddr,fork EXEC:'{inner}' &"


def ways(topology: Topology) -> tuple[Step | Translate | Publish, ...]:
    """The steps that come after those of plan(), as root would take them by hand.

    By hand $$ is the shell; a lab puts its init's number there, and avoids the subnets that the host has in use.
    """
    steps: list[Step | Translate | Publish] = []
    for number, (node, subnet) in enumerate(zip(topology.uplinks, subnets(topology), strict=False)):
        uplink = Uplink(node, subnet, host_name("$$", number), forwards=node in topology.routers)
        steps += [*uplink.links, uplink.translation, *uplink.inner_translations]
    return (*steps, *(Publish(each, target(topology, each.node)) for each in topology.publications))


def host_name(owner: int | str, number: int) -> str:
    """What the host's end of a lab's uplink is called: at most 15 characters, of which pids take 7."""
    return f"sb-{owner}-{number}"


def subnets(topology: Topology, first: int = 0) -> Iterator[Subnet]:
    """Some subnets for uplinks, from number `first` on: none that the lab itself has an address in."""
    own = [address for link in topology.links for end in link.ends for address in end.addresses]
    for whole in RANGES:
        count = 1 << PREFIX - whole.prefix
        for number in range(first, first + TRIED):
            subnet = Subnet(4, whole.number + (number % count << 32 - PREFIX), PREFIX)
            if not any(each in subnet or subnet.host(1) in each.subnet for each in own):
                yield subnet


def target(topology: Topology, node: str) -> str:
    """The address at which a relay reaches `node`: its first one, or loopback."""
    ends = (end for link in topology.links for end in link.ends if end.node == node)
    return next((address.ip for end in ends for address in end.addresses), "127.0.0.1")


def bracketed(address: str) -> str:
    """An address as it stands before a port."""
    return f"[{address}]" if ":" in address else address
