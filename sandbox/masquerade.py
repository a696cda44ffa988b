"""The way out that root has: a cable to the host, which translates addresses by nftables.

Both vanish with the lab, however it ends. A veth end goes with its peer, which is in a network of the lab's. A table
of nftables with the flag `owner` goes with the socket that made it (nft(8)), which is that of an nft in the lab's PID
namespace. The host's own settings are never touched.
"""

from __future__ import annotations

import os

from . import resolver, traces
from .apply import Builder
from .errors import NotAllowed
from .interface import HOST
from .kernel import caps
from .kernel.rtnetlink import packed
from .kernel.rtnetlink.conversation import Conversation
from .tool import Tool, find
from .ways import Uplink, host_name, subnets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .address import Subnet
    from .topology import Topology

FORWARDING = "net.ipv4.ip_forward"
# Interfaces of the host are numbered from 1. These numbers are out of their way, and each init's are its own.
FIRST_INDEX, INDEXES_EACH = 1 << 30, 1 << 7
# Anything shorter is a default route, perhaps in two halves as of OpenVPN: it leads elsewhere as well.
SHORTEST_OWN_ROUTE = 2


class Masquerade:
    """Uplinks of `topology`, whose nodes are still to be built; this process is in the host's network."""

    def __init__(self, topology: Topology) -> None:
        _check_forwarding()
        nft = find("nft", package="nftables", purpose="an uplink")
        traces.sweep()
        self._host_fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._nft = nft
        self._uplinks = tuple(_uplinks(topology))
        self._claims = [traces.claim(uplink.host_name) for uplink in self._uplinks]
        # Interactive it ends only when it is killed: see Tool.
        self._tables = {uplink.node: Tool([nft, "-i"], caps.TO_CHANGE) for uplink in self._uplinks}

    def open(self, namespaces: Mapping[str, int]) -> None:
        """Lay the cables and translate. Raises Rejected, NotAllowed."""
        try:
            for uplink in self._uplinks:
                self._lay(uplink, namespaces)
                self._translate(uplink, self._tables[uplink.node])
                translate_inside(self._nft, uplink, namespaces[uplink.node])
        finally:
            os.close(self._host_fd)

    def close(self, node: str) -> None:
        """Take the table of an uplink away; the cable goes with the node."""
        if table := self._tables.pop(node, None):
            table.kill()

    @property
    def resolver(self) -> str:
        """The nodes' /etc/resolv.conf."""
        return resolver.of_the_host()

    def _lay(self, uplink: Uplink, namespaces: Mapping[str, int]) -> None:
        builder = Builder()
        builder.namespaces = {HOST: self._host_fd, **namespaces}
        builder.apply(uplink.links)

    def _translate(self, uplink: Uplink, table: Tool) -> None:
        translation = uplink.translation
        # The answer to the last line tells that those before it were carried out.
        lines = [*translation.commands(flags=" { flags owner; }"), f"list table inet {translation.table}", ""]
        table.begin(self._host_fd, "\n".join(lines))
        said, is_there = table.hear(lambda said: "Error" in said or said.endswith("}\n"))
        if "Error" in said or not is_there:
            fix = "it takes nftables 0.9.9 and Linux 5.12 or newer, with nf_tables"
            raise NotAllowed(f"cannot translate addresses for {uplink.node}: nft: {_first_error(said)}", fix)


def translate_inside(nft: str, uplink: Uplink, netns_fd: int) -> None:
    """Translate in a node that forwards for others. Raises NotAllowed."""
    for translation in uplink.inner_translations:
        tool = Tool([nft, "; ".join(translation.commands())], caps.TO_CHANGE)
        tool.begin(netns_fd, inside=True)
        said, _ = tool.hear()
        _, ended = os.waitpid(tool.pid, 0)
        if ended:
            raise NotAllowed(f"{translation.why}: nft: {_first_error(said)}", f"by hand: {translation}")


def _uplinks(topology: Topology) -> Iterator[Uplink]:
    pid = int(os.readlink("/proc/self"))  # as it is known outside
    unused = _unused(topology, first=pid)
    for number, node in enumerate(topology.uplinks):
        subnet = next(unused, None)
        if subnet is None:
            raise NotAllowed("no subnet is left for an uplink", "see which are in use: ip route show table all")
        yield Uplink(
            node,
            subnet,
            host_name(pid, number),
            FIRST_INDEX + pid * INDEXES_EACH + number,
            node in topology.routers,
        )


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


def _first_error(said: str) -> str:
    lines = (line for line in said.splitlines() if "Error" in line)
    return next(lines, said or "no answer within ten seconds").partition("Error: ")[2] or said
