"""What a node is told about the lab: its /etc/hosts and its SANDBOX_ variables."""

from __future__ import annotations

from .topology import Endpoint, Topology

LOOPBACK = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def hosts_file(topology: Topology, node: str) -> str:
    """The /etc/hosts of `node`: every node of the lab by name, addresses it shares a link with first."""
    near = [end for link in topology.links if node in _nodes(link.ends) for end in link.ends]
    far = [end for link in topology.links if node not in _nodes(link.ends) for end in link.ends]
    # A neighbour's other addresses are on links this node has no part in.
    lines = [f"{end.address.ip} {end.node}\n" for end in dict.fromkeys(near + far)]
    unlinked = "" if any(end.node == node for end in near) else f"127.0.1.1 {node}\n"
    return LOOPBACK + unlinked + "".join(lines)


def variables(topology: Topology, node: str) -> dict[str, str]:
    """SANDBOX_NAME, and of the node's first link SANDBOX_IP, SANDBOX_PEER and SANDBOX_PEER_IP."""
    told = {"SANDBOX_NAME": node}
    for link in topology.links:
        if node in _nodes(link.ends):
            own, peer = link.ends if link.first.node == node else link.ends[::-1]
            told |= {
                "SANDBOX_IP": own.address.ip,
                "SANDBOX_PEER": peer.node,
                "SANDBOX_PEER_IP": peer.address.ip,
            }
            break
    return told


def _nodes(ends: tuple[Endpoint, Endpoint]) -> tuple[str, str]:
    return ends[0].node, ends[1].node
