"""The network of a running lab, held by init: built from a topology, and changed while it runs."""

from __future__ import annotations

from _socket import socket

from .apply import Builder
from .kernel import namespace
from .plan import plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .topology import Topology


class Network:
    """Namespaces by descriptor, and what is in them. Gone when its process is."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._builder = Builder()

    @property
    def namespaces(self) -> dict[str, int]:
        """The descriptor of each node's namespace, and of each switch's."""
        return self._builder.namespaces

    @property
    def took_s(self) -> list[float]:
        """How long each step of the plan took."""
        return self._builder.seconds

    def build(self) -> None:
        """Carry out the plan. Raises Rejected for the step that the kernel refused."""
        self._builder.apply(plan(self.topology))

    def open_socket(self, node: str, *kind: int) -> socket:
        """A socket in the network of `node`; `kind` are its family, type and protocol. Raises OSError."""
        namespace.enter_network(self.namespaces[node])
        return socket(*kind)
