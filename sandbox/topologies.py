"""Topologies of well-known shapes, with all of their addresses.

Nodes are called by what they are: hosts h1, h2..., routers r1, r2..., switches s1, s2... What is said to be routed has
routers that forward, a subnet of its own for each cable, and routes from everywhere to everywhere. `subnet` is where
the addresses come from: one subnet, or with a comma between them one of IPv4 and one of IPv6 for both on every link.
All raise RequestError for a number that is too small, or too large for the subnet or for any lab.
"""

from __future__ import annotations

from itertools import pairwise

from .errors import RequestError
from .topology.address import Subnet
from .topology.draft import Draft
from .topology.endpoint import Endpoint
from .topology.graphs import from_networkx, to_networkx
from .topology.space import Space

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .topology import Topology

__all__ = [
    "dumbbell",
    "fat_tree",
    "from_networkx",
    "linear",
    "mesh",
    "parse",
    "ring",
    "star",
    "to_networkx",
    "tree",
]

SUBNET = "10.0.0.0/8"
# Of nodes, and of cables. A process has that many at most by default, and a namespace takes half a millisecond.
MOST = 32_768


def linear(n: int, *, subnet: str = SUBNET) -> Topology:
    """`n` nodes in a row, h1 to hN. Routed: those between two others forward."""
    _check("linear", n, least=2, cables=n - 1)
    nodes = _names("h", n)
    cabling = _Cabling(subnet, nodes, routers=nodes[1:-1])
    cabling.join(pairwise(nodes))
    return cabling.topology()


def ring(n: int, *, subnet: str = SUBNET) -> Topology:
    """`n` routers in a circle, r1 to rN, each joined to the next one and the last to the first. Routed."""
    _check("ring", n, least=3, cables=n)
    nodes = _names("r", n)
    cabling = _Cabling(subnet, nodes, routers=nodes)
    cabling.join(zip(nodes, (*nodes[1:], nodes[0]), strict=True))
    return cabling.topology()


def mesh(n: int, *, subnet: str = SUBNET) -> Topology:
    """`n` routers, r1 to rN, each joined to each other one. Routed."""
    _check("mesh", n, least=2, cables=n * (n - 1) // 2)
    nodes = _names("r", n)
    cabling = _Cabling(subnet, nodes, routers=nodes)
    cabling.join((one, other) for at, one in enumerate(nodes) for other in nodes[at + 1 :])
    return cabling.topology()


def star(n: int, *, subnet: str = SUBNET) -> Topology:
    """`n` nodes, h1 to hN, on one switch, s1: Mininet's `single`."""
    _check("star", n, least=1, cables=n)
    draft = Draft()
    draft.switch(f"s1:{subnet}")
    for host in _names("h", n):
        draft.node(host)
    return draft.topology()


def tree(depth: int, fanout: int, *, subnet: str = SUBNET) -> Topology:
    """A tree of `depth` levels of switches, each with `fanout` below it: Mininet's `tree`.

    The leaves are the nodes, h1 on, all in one subnet. Switches are numbered from the root, s1, branch by branch.
    """
    _check("tree", depth, fanout, least=1, cables=_branches(depth, fanout))
    draft = Draft()
    _grow(draft, subnet, depth, fanout)
    return draft.topology()


def dumbbell(left: int, right: int, *, subnet: str = SUBNET) -> Topology:
    """Two routers joined by the one cable that all share: `left` hosts at r1, then `right` hosts at r2. Routed."""
    _check("dumbbell", left, right, least=1, cables=left + right + 1)
    hosts = _names("h", left + right)
    cabling = _Cabling(subnet, (*hosts, "r1", "r2"), routers=("r1", "r2"))
    cabling.join((host, "r1" if at < left else "r2") for at, host in enumerate(hosts))
    cabling.join([("r1", "r2")])
    return cabling.topology()


def fat_tree(k: int, *, subnet: str = SUBNET) -> Topology:
    """The Clos network of Al-Fares (SIGCOMM 2008), of routers with `k` ports each; `k` is even. Routed.

    `k` pods of k/2 edge routers, e1 on, with k/2 hosts each, and of k/2 aggregation routers, a1 on; (k/2)^2 core
    routers, c1 on. They are routers, as bridges may not be joined to circles. Of several ways one is taken, always.
    """
    _check("fat_tree", k, least=2, cables=3 * k**3 // 4)
    if k % 2:
        raise RequestError(f"fat_tree({k}): half of the ports go up and half down - take an even number")
    half = k // 2
    hosts, edges, aggregations = _names("h", k * half**2), _names("e", k * half), _names("a", k * half)
    routers = (*edges, *aggregations, *(cores := _names("c", half**2)))
    cabling = _Cabling(subnet, (*hosts, *routers), routers=routers)
    cabling.join((host, edges[at // half]) for at, host in enumerate(hosts))
    for at, edge in enumerate(edges):
        pod = at - at % half
        cabling.join((edge, aggregation) for aggregation in aggregations[pod : pod + half])
    for at, aggregation in enumerate(aggregations):
        group = at % half * half
        cabling.join((aggregation, core) for core in cores[group : group + half])
    return cabling.topology()


GENERATORS: dict[str, tuple[Callable[..., Topology], str]] = {
    "linear": (linear, "N"),
    "star": (star, "N"),
    "ring": (ring, "N"),
    "tree": (tree, "DEPTH,FANOUT"),
    "mesh": (mesh, "N"),
    "dumbbell": (dumbbell, "LEFT,RIGHT"),
    "fat_tree": (fat_tree, "K"),
}


def parse(text: str) -> Topology:
    """The topology written `SHAPE:NUMBER[,NUMBER][,SUBNET]...`, such as tree:2,3 or ring:8,fd00::/48."""
    name, _, rest = text.partition(":")
    shape = name.replace("-", "_")
    if shape not in GENERATORS:
        raise RequestError(f"{text!r}: no such topology - {_suggestion(shape)}")
    generate, numbers = GENERATORS[shape]
    words = rest.split(",") if rest else []
    plain = [word for word in words if "/" not in word]
    if len(plain) != numbers.count(",") + 1 or not all(map(_is_number, plain)):
        raise RequestError(f"{text!r}: not as a {name} is described - write {name}:{numbers}[,SUBNET]")
    subnet = ",".join(word for word in words if "/" in word)
    return generate(*map(int, plain), subnet=subnet or SUBNET)


class _Cabling:
    """A draft in which every cable is a subnet of its own, the next one."""

    def __init__(self, subnet: str, nodes: Iterable[str], *, routers: Iterable[str]) -> None:
        self._draft = Draft()
        self._spaces = [Space(Subnet.parse(each)) for each in subnet.split(",")]
        for node in nodes:
            self._draft.node(node)
        for router in routers:
            self._draft.router(router)

    def join(self, pairs: Iterable[tuple[str, str]]) -> None:
        for first, second in pairs:
            subnets = [space.take(2) for space in self._spaces]
            ends = (Endpoint(node, tuple(each.host(at) for each in subnets)) for at, node in ((1, first), (2, second)))
            self._draft.link(*ends)

    def topology(self) -> Topology:
        return self._draft.topology()


def _grow(draft: Draft, subnet: str, depth: int, fanout: int) -> None:
    """Add the switches branch by branch from the root, and the nodes below the last of each."""
    switches = hosts = 0
    left: list[tuple[int, str | None]] = [(0, None)]
    while left:
        level, above = left.pop()
        if level == depth:
            hosts += 1
            draft.node(f"h{hosts}", switch=above)
            continue
        switches += 1
        draft.switch(f"s{switches}:{subnet}")
        if above:
            draft.link(Endpoint(above), Endpoint(f"s{switches}"))
        left += [(level + 1, f"s{switches}")] * fanout


def _branches(depth: int, fanout: int) -> int:
    """How many cables a tree has; no exact number where that is beyond any lab."""
    cables = 0
    for _ in range(depth):
        if cables > MOST:
            break
        cables = (cables + 1) * fanout
    return cables


def _names(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}{number}" for number in range(1, count + 1))


def _check(shape: str, *numbers: int, least: int, cables: int) -> None:
    called = f"{shape}({', '.join(map(repr, numbers))})"
    for number in numbers:
        if number < least:
            raise RequestError(f"{called}: {number} is too few - write {least} or more")
    if cables > MOST:
        raise RequestError(f"{called}: more than {MOST} cables - write less")


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= len(str(MOST))


def _suggestion(shape: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(shape, GENERATORS, n=1)
    known = ", ".join(f"{name}:{numbers}" for name, (_, numbers) in GENERATORS.items())
    return f"did you mean {close[0]}?" if close else f"write one of {known}"
