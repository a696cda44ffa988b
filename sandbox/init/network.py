"""The network of a running lab, held by init: built from a topology, and changed while it runs.

A change is planned like the whole: steps for what is new, and for the routes that differ from before.
"""

from __future__ import annotations

import errno
import os
from _socket import if_nameindex, socket

from ..kernel import descriptors, namespace
from ..plan import add_routes, bring_up, create_node, plan, settle
from ..plan.steps import AddAddress, SetUp
from ..topology.interface import FIRST_INDEX, LO_INDEX, Wiring
from .apply import Builder, Rejected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..kernel.descriptors import Limits
    from ..outside import Outside
    from ..plan.steps import Step
    from ..topology import Topology
    from ..topology.endpoint import Link
    from ..topology.interface import Interface
    from .owner import UserNamespace

    Wire = tuple[Interface, Interface]

# For each node its namespace and, while it is built, a netlink socket; and some for all that init does beside it.
PER_NODE, BESIDE = 2, 64
# Of a container its namespaces, their owner, its init, its own files; and some more while it is made.
PER_CONTAINER = 12

# With an interface go its routes and IPv6 addresses: what is to be deleted may be gone, what is to be added there.
ALREADY = (errno.ESRCH, errno.ENODEV, errno.EEXIST)

FEW = 1000  # steps, which take a tenth of a second


class Network:
    """Namespaces by descriptor, and what is in them. Gone when its process is."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._owners: dict[str, UserNamespace] = {}
        self._builder = Builder(self._create)
        self._wiring: Wiring | None = None
        self._wires: dict[Link, Wire] = {}
        self._foreign: set[str] = set()
        self._outside: Outside | None = None
        self.took_s: list[float] = []
        self.limits: Limits = {}
        self.hidden: list[str] = []  # from containers

    @property
    def namespaces(self) -> dict[str, int]:
        """The descriptor of each node's namespace, and of each switch's."""
        return self._builder.namespaces

    def build(self, tell: Callable[[int, int], object], *, rootless: bool) -> None:
        """Carry out the plan; `took_s` tells what each step took. Raises Rejected for the one that was refused.

        Where that takes long, `tell` hears now and then how many steps of how many are done. With ways to the
        machine outside it raises NotAllowed as well; `rootless`: without power over its network.
        `limits` are those of the caller that were in the way, by number: its commands get them back.
        """
        self._make_room(self.topology)
        if self.topology.uplinks or self.topology.publications:
            from ..outside import Outside

            # What is to be out there begins before this process leaves.
            self._outside = Outside(self.topology, rootless=rootless)
        if self.topology.containment:
            from ..kernel import sockets

            self.hidden = sockets.named()
        steps = plan(self.topology)
        done = None
        if len(steps) > FEW:
            from .patience import Patience

            done = Patience(lambda number: tell(number, len(steps)))
        self.took_s = self._builder.apply(steps, done=done)
        if self._outside:
            self._outside.join(self.namespaces)

    def check(self, node: str) -> None:
        """Raise RequestError unless there is a node, or a switch, of that name."""
        if node not in self.namespaces:
            from ..errors import RequestError

            raise RequestError(f"{node!r}: no such node - the nodes are {', '.join(self.topology.nodes)}")

    def files(self, node: str) -> dict[str, str]:
        """The files of its own that a node has, by path."""
        from ..plan.names import hosts_file

        outside = self._outside.files if self._outside else {}
        return {"/etc/hosts": hosts_file(self.topology, node), **outside}

    def owner(self, node: str) -> UserNamespace:
        """The user namespace of a contained node. Raises OSError."""
        from .owner import UserNamespace

        return self._owners.get(node) or UserNamespace()

    def _create(self, node: str) -> int:
        """A network for `node`, which this process enters; its descriptor. That of a container may be its own."""
        containment = self.topology.containment
        if containment and node not in self.topology.switch_names:
            from .owner import UserNamespace, are_over_networks

            if are_over_networks(containment):
                self._owners[node] = owner = UserNamespace(with_network=True)
                namespace.enter_network(owner.netns_fd)
                return owner.netns_fd
        return namespace.create_network()

    def open_socket(self, node: str, *kind: int) -> socket:
        """A socket in the network of `node`; `kind` are its family, type and protocol. Raises RequestError, OSError."""
        self.check(node)
        namespace.enter_network(self.namespaces[node])
        return socket(*kind)

    @property
    def wires(self) -> dict[Link, Wire]:
        """The interfaces of each link that is there."""
        if self._wiring is None:  # few labs are ever asked
            self._wiring = Wiring(self.topology.switches)
            self._wires = {link: self._wiring.wire(link) for link in self.topology.links}
        return self._wires

    def link(self, link: Link) -> Wire:
        """Join two nodes, or a node and a switch. Raises RequestError, Rejected; nothing of it is left then."""
        from ..plan.edits import plan_link, plan_routes, with_link

        wires, wiring = self.wires, self._wiring
        assert wiring is not None
        after = with_link(self.topology, link)
        wire = wiring.wire(link)
        try:
            self._builder.apply(plan_link(after, wire, settings_of=self.namespaces.keys() - self._foreign))
            self._builder.apply(plan_routes(self.topology, after))
        except Rejected:
            self._delete_links([wire])
            raise
        wires[link] = wire
        self.topology = after
        return wire

    def unlink(self, link: Link) -> None:
        """Take a link away, and the routes that went through it."""
        from ..plan.edits import plan_routes, without_link

        after = without_link(self.topology, link)
        self._delete_links([self.wires.pop(link)])
        self._forgivingly(plan_routes(self.topology, after))
        self.topology = after

    def add_node(self, name: str) -> None:
        """A node of its own, not linked yet. Raises RequestError, Rejected."""
        from ..plan.edits import with_node

        after = with_node(self.topology, name)
        self._make_room(after)
        try:
            self._builder.apply([*create_node(name, ()), SetUp(name, "lo", LO_INDEX)])
        except Rejected:
            self._close(name)
            raise
        self.topology = after

    def attach(self, name: str, netns_fd: int) -> None:
        """Take a network that is there already as the node `name`. Raises RequestError; OSError where it is not ours.

        Its interfaces are counted from above those it has.
        """
        from ..plan.edits import with_node

        after = with_node(self.topology, name)
        namespace.enter_network(netns_fd)
        highest = max(index for index, _ in if_nameindex())
        assert self.wires is not None
        assert self._wiring is not None
        self._wiring.begin(name, highest + 1 - FIRST_INDEX)
        self.namespaces[name] = netns_fd
        self._foreign.add(name)
        self.topology = after

    def remove_node(self, name: str) -> None:
        """Take a node away with its links; a network that was attached is only let go."""
        from ..plan.edits import plan_routes, without_node

        after = without_node(self.topology, name)
        gone = [link for link in self.topology.links if link not in after.links]
        self._delete_links([self.wires.pop(link) for link in gone])
        self._forgivingly(plan_routes(self.topology, after))
        if self._outside:
            self._outside.leave(name)
        self._close(name)
        self.topology = after

    def is_foreign(self, name: str) -> bool:
        """Whether the network of this node was attached."""
        return name in self._foreign

    def switch_off(self, node: str, interface: str) -> None:
        """Set an interface down."""
        from ..plan.beyond import SetDown

        end = self._interface(node, interface)
        self._builder.apply([SetDown(end.node, end.name, end.index)])

    def switch_on(self, node: str, interface: str) -> None:
        """Set an interface up, with the addresses and routes that it had: the kernel drops them when it goes down."""
        from ..plan.beyond import AddRoute

        end = self._interface(node, interface)
        self._builder.apply([SetUp(end.node, end.name, end.index)])
        self._forgivingly(step for step in bring_up([end]) if isinstance(step, AddAddress))
        routes = add_routes(self.topology)
        self._forgivingly(step for step in routes if isinstance(step, AddRoute) and step.node == node)
        self._builder.apply(settle([end], self.topology.routers))

    def _make_room(self, topology: Topology) -> None:
        namespaces = len(topology.nodes) + len(topology.switches)
        containers = len(topology.nodes) if topology.containment else 0
        wanted = PER_NODE * namespaces + PER_CONTAINER * containers + BESIDE
        self.limits = {**descriptors.make_room(wanted), **self.limits}

    def _interface(self, node: str, name: str) -> Interface:
        from ..errors import RequestError

        ends = [end for wire in self.wires.values() for end in wire if end.node == node]
        for end in ends:
            if end.name == name:
                return end
        known = ", ".join(end.name for end in ends) or "none"
        raise RequestError(f"{name!r}: no interface of {node!r} - there is {known}")

    def _delete_links(self, wires: Iterable[Wire]) -> None:
        from ..plan.beyond import DeleteLink

        self._forgivingly(DeleteLink(first) for first, _ in wires)

    def _forgivingly(self, steps: Iterable[Step]) -> None:
        for step in steps:
            try:
                self._builder.apply([step])
            except Rejected as rejected:
                if rejected.errno not in ALREADY:
                    raise

    def _close(self, name: str) -> None:
        self._foreign.discard(name)
        self._owners.pop(name, None)
        if (netns_fd := self.namespaces.pop(name, None)) is not None:
            os.close(netns_fd)
