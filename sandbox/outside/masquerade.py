"""The way out that root has: a cable to the host, which translates addresses by nftables.

Both vanish with the lab, however it ends. A veth end goes with its peer, which is in a network of the lab's. A table
of nftables with the flag `owner` goes with the socket that made it (nft(8)), which is that of an nft in the lab's PID
namespace. The host's own settings are never touched.
"""

from __future__ import annotations

import os

from ..errors import NotAllowed
from ..init.apply import Builder
from ..kernel.rtnetlink import packed
from ..kernel.rtnetlink.conversation import Conversation
from ..plan.ways import Uplink, host_name, subnets
from ..topology.interface import HOST
from . import nft, resolver, traces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterator, Mapping

    from ..topology import Topology
    from ..topology.address import Subnet

FORWARDING = "net.ipv4.ip_forward"
# Interfaces of the host are numbered from 1. These numbers are out of their way, and each init's are its own.
FIRST_INDEX, INDEXES_EACH = 1 << 30, 1 << 7
# Anything shorter is a default route, perhaps in two halves as of OpenVPN: it leads elsewhere as well.
SHORTEST_OWN_ROUTE = 2


class Masquerade:
    """Uplinks of `topology`, whose nodes are still to be built; this process is in the host's network."""

    def __init__(self, topology: Topology) -> None:
        _check_forwarding()
        self._nft = nft.find()
        traces.sweep()
        self._host_fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._uplinks, self._claims = _choose(topology)
        self._tables = {uplink.node: nft.OwnedTable(self._nft) for uplink in self._uplinks}

    def open(self, namespaces: Mapping[str, int]) -> None:
        """Lay the cables and translate. Raises Rejected, NotAllowed."""
        for uplink in self._uplinks:
            builder = Builder()
            builder.namespaces = {HOST: self._host_fd, **namespaces}
            builder.apply(uplink.links)
            self._tables[uplink.node].translate(uplink.translation, self._host_fd)
            for step in uplink.inner_translations:
                nft.translate(self._nft, step, namespaces[uplink.node])
        os.close(self._host_fd)

    def close(self, node: str) -> None:
        """Take the table of an uplink away; the cable goes with the node."""
        if table := self._tables.pop(node, None):
            table.close()

    @property
    def resolver(self) -> str:
        """The nodes' /etc/resolv.conf."""
        return resolver.of_the_host()


def _choose(topology: Topology) -> tuple[list[Uplink], list[socket]]:
    """The uplinks, and what keeps their names."""
    pid = int(os.readlink("/proc/self"))  # as it is known outside
    unused, free = _unused(topology, first=pid), traces.unclaimed(pid)
    uplinks, claims = [], []
    for node in topology.uplinks:
        subnet = next(unused, None)
        if subnet is None:
            raise NotAllowed("no subnet is left for an uplink", "see which are in use: ip route show table all")
        number, claim = next(free)
        index = FIRST_INDEX + pid * INDEXES_EACH + number
        uplinks.append(Uplink(node, subnet, host_name(pid, number), index, node in topology.routers))
        claims.append(claim)
    return uplinks, claims


def _unused(topology: Topology, first: int) -> Iterator[Subnet]:
    """Subnets to which this host has no way but its default route."""
    host = Conversation()
    for subnet in subnets(topology, first):
        answers = (host.question(packed.find_route(subnet.host(place).packed)) for place in (1, 2, 100))
        if all(answer is None or packed.route_prefix(answer) < SHORTEST_OWN_ROUTE for answer in answers):
            yield subnet


def _check_forwarding() -> None:
    with open(f"/proc/sys/{FORWARDING.replace('.', '/')}", encoding="ascii") as file:
        if file.read().strip() == "0":
            what = f"an uplink takes a host that passes packets on, and {FORWARDING} is 0"
            raise NotAllowed(what, f"sudo sysctl -w {FORWARDING}=1")
