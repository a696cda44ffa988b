"""What to do: a topology becomes an ordered list of steps, each one thing for the kernel. Pure."""

from __future__ import annotations

from ..topology.interface import BRIDGE, BRIDGE_INDEX, LO_INDEX, Interface
from .steps import AddAddress, AllowPing, CreateNamespace, CreateVeth, NoLinkLocal, Settle, SetUp, WriteSysctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..topology import Topology
    from .steps import Step


def plan(topology: Topology) -> tuple[Step, ...]:
    """The steps that build `topology`, in an order in which each finds what it needs."""
    wires = topology.wires
    ends_of: dict[str, list[Interface]] = {node: [] for node in (*topology.nodes, *topology.switch_names)}
    for wire in wires:
        for end in wire:
            ends_of[end.node].append(end)
    steps: list[Step] = []
    for node in topology.nodes:
        steps += create_node(node, ends_of[node], forwards=node in topology.routers)
    for switch in topology.switch_names:
        steps += _create_switch(switch)
    steps += lay(wires)
    for node in topology.nodes:
        steps.append(SetUp(node, "lo", LO_INDEX))
        steps += bring_up(ends_of[node])
    for switch in topology.switch_names:
        steps.append(SetUp(switch, BRIDGE, BRIDGE_INDEX))
        steps += bring_up(ends_of[switch])
    if topology.routers or topology.uplinks:
        steps += add_routes(topology)
    return (*steps, *settle([end for ends in ends_of.values() for end in ends], topology.routers))


def create_node(node: str, ends: Iterable[Interface], *, forwards: bool = False) -> list[Step]:
    """The steps that make a node, whose links are still to come."""
    ends = tuple(ends)
    speaks_ipv6 = any(end.speaks_ipv6 for end in ends)
    return [
        CreateNamespace(node),
        *_settings(node, forwards=forwards),
        *(one_way_is_enough(node) if forwards or len(ends) > 1 else ()),
        *(ipv6_settings(node, forwards=forwards) if speaks_ipv6 else ()),
    ]


def add_routes(topology: Topology) -> list[Step]:
    """The steps that tell every node its ways."""
    from .beyond import AddRoute
    from .routes import routes  # a pair has none

    return [AddRoute(route.node, route.to, route.via) for route in routes(topology)]


def _create_switch(name: str) -> list[Step]:
    from .beyond import BypassNetfilter, CreateBridge

    # On a bridge of many ports the multicast of their link-local addresses costs more than all the rest.
    why = f"ports of {name} carry the packets of others, and have no addresses to speak with"
    return [
        CreateNamespace(name),
        WriteSysctl(name, "net.ipv6.conf.default.disable_ipv6", "1", why),
        BypassNetfilter(name),
        CreateBridge(name, BRIDGE, BRIDGE_INDEX),
    ]


def _settings(node: str, *, forwards: bool) -> list[Step]:
    # IPv4 settings of a new namespace are copied from the host: say what we rely on.
    why = f"{node} is a router" if forwards else f"{node} is a host, not a router, whatever this machine is"
    return [
        WriteSysctl(node, "net.ipv4.ip_forward", "1" if forwards else "0", why),
        WriteSysctl(node, "net.ipv4.ip_unprivileged_port_start", "0", f"in {node} anyone may serve on port 80"),
        AllowPing(node),
    ]


def one_way_is_enough(node: str) -> list[Step]:
    """Of two ways the answer may take the other one: rp_filter in ip-sysctl.rst of the kernel."""
    why = f"{node} takes packets from wherever they come, also if the answer will go another way"
    return [WriteSysctl(node, f"net.ipv4.conf.{name}.rp_filter", "0", why) for name in ("all", "default")]


def ipv6_settings(node: str, *, forwards: bool) -> list[Step]:
    """The settings that interfaces with IPv6 addresses copy when they are made."""
    # The first IPv6 setting of a namespace costs 0.4 ms: only where it matters.
    advertisements = f"addresses of {node} come from the request, not from router advertisements"
    duplicates = f"addresses of {node} work at once: on a cable of one's own nobody else can have them"
    settings: list[Step] = [
        WriteSysctl(node, "net.ipv6.conf.default.accept_ra", "0", advertisements),
        WriteSysctl(node, "net.ipv6.conf.default.accept_dad", "0", duplicates),
    ]
    if forwards:
        settings.append(WriteSysctl(node, "net.ipv6.conf.all.forwarding", "1", f"{node} is a router for IPv6 as well"))
    return settings


def lay(wires: Sequence[tuple[Interface, Interface]]) -> list[Step]:
    """The steps that make cables between nodes and switches that are there."""
    cables: list[Step] = [CreateVeth(end, peer) for end, peer in wires]
    between_switches = [peer for _, peer in wires if peer.master]
    if between_switches:
        from .beyond import SetMaster

        cables += map(SetMaster, between_switches)
    return cables


def bring_up(ends: Iterable[Interface]) -> list[Step]:
    """The steps that give interfaces their addresses and let them carry packets."""
    steps: list[Step] = []
    for end in ends:
        if end.may_speak_ipv6 and not end.speaks_ipv6 and not end.master:
            steps.append(NoLinkLocal(end))
        steps += [AddAddress(end, address) for address in end.addresses]
        steps.append(SetUp(end.node, end.name, end.index))
    return steps


def settle(ends: Sequence[Interface], routers: Sequence[str] = ()) -> list[Step]:
    """The steps after which the first packet arrives: only after both ends of every link are up."""
    steps: list[Step] = [Settle(end) for end in ends]
    speaking = [end for end in ends if end.speaks_ipv6]
    if speaking:
        from .waits import AwaitGroup, AwaitLinkLocal

        steps += [AwaitGroup(end, address) for end in speaking for address in end.addresses if address.version == 6]
        steps += [AwaitLinkLocal(end) for end in speaking if end.node in routers]
    return steps
