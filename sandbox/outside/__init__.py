"""What a lab has outside of its own networks: sockets that listen on the host, and its ways out.

A socket stays in the network in which it was made, and a process may leave one that it cannot enter again. So
whatever is to be in the caller's network begins there, before init builds the first one of the lab's: then it is
only told where to lead.
"""

from __future__ import annotations

import os

from .tool import SIGKILL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..topology import Topology
    from .masquerade import Masquerade
    from .slirp import Slirp


class Outside:
    """The outside of a lab whose networks are still to be built. Raises NotAllowed for what this machine refuses.

    `rootless`: without power over the host's network.
    """

    def __init__(self, topology: Topology, *, rootless: bool) -> None:
        from . import listening

        self._topology = topology
        self._listening = listening.listen(topology.publications)
        self._relays: dict[str, int] = {}
        self._uplinks = self._choose(rootless=rootless) if topology.uplinks else None

    def join(self, namespaces: Mapping[str, int]) -> None:
        """Lead from the nodes to the outside and back, now that they are there. Raises Rejected, NotAllowed."""
        if self._uplinks:
            self._uplinks.open(namespaces)
        if self._listening:
            from . import relay

            self._relays = relay.start(self._topology, self._listening, namespaces)

    def leave(self, node: str) -> None:
        """Close the ways of a node that is taken away."""
        if self._uplinks:
            self._uplinks.close(node)
        if node in self._relays:
            os.kill(self._relays.pop(node), SIGKILL)

    @property
    def files(self) -> dict[str, str]:
        """Files of the nodes by path, that tell them of the outside."""
        return {"/etc/resolv.conf": self._uplinks.resolver} if self._uplinks else {}

    def _choose(self, *, rootless: bool) -> Masquerade | Slirp:
        if rootless:
            from .slirp import Slirp

            return Slirp(self._topology)
        from .masquerade import Masquerade

        return Masquerade(self._topology)
