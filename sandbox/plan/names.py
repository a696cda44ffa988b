"""What a node is told about the lab: its /etc/hosts and its SANDBOX_ variables."""

from __future__ import annotations

from ..topology.endpoint import DOMAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..topology import Topology
    from ..topology.address import Address
    from ..topology.endpoint import Endpoint

LOOPBACK = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def hosts_file(topology: Topology, node: str) -> str:
    """The /etc/hosts of `node`: every node of the lab by name, addresses on a segment with it first.

    Each is known as `a` and `a.lab`, and by its aliases.
    """
    names = {name: f"{name} {name}.{DOMAIN}" for name in topology.nodes}
    for alias, name in topology.aliases:
        names[name] += f" {alias}"
    known = addresses(topology, node)
    unlinked = "" if any(name == node for name, _ in known) else f"127.0.1.1 {names[node]}\n"
    return LOOPBACK + unlinked + "".join(f"{address.ip} {names[name]}\n" for name, address in known)


def addresses(topology: Topology, node: str) -> list[tuple[str, Address]]:
    """Every node's name with each of its addresses, those on a segment with `node` first."""
    near: list[Endpoint] = []
    far: list[Endpoint] = []
    for segment in topology.segments:
        # A neighbour's other addresses are on links this node has no part in.
        (near if any(end.node == node for end in segment) else far).extend(segment)
    return [(end.node, address) for end in near + far for address in end.addresses]


def variables(topology: Topology, node: str) -> dict[str, str]:
    """SANDBOX_NAME, and of the node's first link SANDBOX_IP, SANDBOX_PEER and SANDBOX_PEER_IP.

    On a switch the peer is the next node that was plugged in, the last one's the first.
    """
    told = {"SANDBOX_NAME": node}
    for segment in topology.segments:
        place = next((at for at, end in enumerate(segment) if end.node == node and end.addresses), None)
        if place is None:
            continue
        own = segment[place].addresses[0]
        told["SANDBOX_IP"] = own.ip
        others = (end for end in segment[place + 1 :] + segment[:place] if end.node != node and end.addresses)
        if peer := next(others, None):
            facing = next((each for each in peer.addresses if each.subnet == own.subnet), peer.addresses[0])
            told |= {"SANDBOX_PEER": peer.node, "SANDBOX_PEER_IP": facing.ip}
        break
    return told
