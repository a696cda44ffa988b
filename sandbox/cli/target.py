"""`x/a`: the node a of the kept lab x, as commands are told which one is meant."""

from __future__ import annotations

from ..errors import RequestError
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lab.kept import KeptLab
    from ..lab.node import Node


@value
class Target:
    """A lab by its name, and (unless None) one of its nodes."""

    lab: str
    node: str | None = None

    def __str__(self) -> str:
        return self.lab if self.node is None else f"{self.lab}/{self.node}"

    @classmethod
    def parse(cls, text: str) -> Target:
        """What is written LAB or LAB/NODE. Raises RequestError."""
        lab, slash, node = text.partition("/")
        if not lab or (slash and not node):
            raise RequestError(f"{text!r}: not a node of a lab - write LAB/NODE, such as x/a")
        return cls(lab, node or None)

    def open(self, *, with_switches: bool = False) -> KeptLab:
        """The lab. Raises RequestError where it is not up, or has no such node; `with_switches`: nor such a switch."""
        from ..lab.kept import KeptLab

        lab = KeptLab(self.lab)
        places = (*lab.topology.nodes, *(lab.topology.switch_names if with_switches else ()))
        if self.node is not None and self.node not in places:
            lab.close()
            known = ", ".join(places)
            raise RequestError(f"{self.node!r}: no such node in {self.lab!r} - the nodes are {known}")
        return lab

    def the_node(self, lab: KeptLab) -> Node:
        """The node that is meant: of a lab with one node it need not be said. Raises RequestError."""
        from ..lab.node import Node

        if self.node is not None:
            return Node(lab, self.node)
        if len(lab.nodes) > 1:
            known = ", ".join(f"{self.lab}/{node.name}" for node in lab.nodes[:4])
            raise RequestError(f"{self.lab!r}: which node - write LAB/NODE: {known}")
        return lab.nodes[0]
