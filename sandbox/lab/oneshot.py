"""The shortest ways to a lab: two nodes joined, and one command with no network at all."""

from __future__ import annotations

from ..topology import Topology
from . import Lab

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from typing import Any

    from ..containment import Containment
    from ..topology.endpoint import Endpoint
    from ..topology.limits import Limits
    from .node import Node, Words

    Bound = Limits | Mapping[str, Limits] | None


class Pair:
    """Two nodes joined by a veth pair: a context that gives both. See pair()."""

    def __init__(self, topology: Topology, *, as_root: bool, contain: bool | Containment | None, limits: Bound) -> None:
        self._topology = topology
        self._as_root = as_root
        self._contain = contain
        self._limits = limits

    def __enter__(self) -> tuple[Node, Node]:
        self._lab = Lab(self._topology, as_root=self._as_root, contain=self._contain, limits=self._limits)
        first, second = self._lab.nodes
        return first, second

    def __exit__(self, *_: object) -> None:
        self._lab.close()


def pair(
    first: str | Endpoint,
    second: str | Endpoint,
    *,
    as_root: bool = False,
    contain: bool | Containment | None = None,
    limits: Bound = None,
) -> Pair:
    """Two nodes joined by a veth pair, as `with pair("a:192.168.1.1", "b:192.168.1.2") as (a, b):`.

    Raises RequestError for endpoints that cannot reach each other, and on entering what Lab raises.
    """
    return Pair(Topology.parse([(first, second)]), as_root=as_root, contain=contain, limits=limits)


def run(
    args: Words,
    *,
    as_root: bool = False,
    contain: bool | Containment | None = None,
    limits: Limits | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Run one command with no network but lo; takes Node.run's arguments and raises its exceptions, and Lab's.

    With `contain` it is in a container as well: run(["make"], contain=Containment(bind=".")). What it leaves running
    in the background is killed when it ends.
    """
    with Lab(Topology.alone(), as_root=as_root, contain=contain, limits=limits) as lab:
        return lab.nodes[0].run(args, last=True, **options)
