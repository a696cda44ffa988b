"""Topologies to draw: the usual ones, the awkward ones, and any."""

from __future__ import annotations

from itertools import combinations, count

from hypothesis import strategies as st

from sandbox.topology import Topology
from sandbox.topology.address import Address
from sandbox.topology.draft import Draft
from sandbox.topology.endpoint import Endpoint

LONGEST = 63  # characters of a name


class Cables:
    """Declares cables between routers and hosts, each with a subnet of its own."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._subnets = count()

    def cable(self, first: str, second: str) -> None:
        number = next(self._subnets)
        subnet = f"10.{number // 256}.{number % 256}"
        self.draft.pair(f"{first}:{subnet}.1", f"{second}:{subnet}.2")


def chain(length: int) -> Topology:
    cables = Cables()
    for number in range(1, length):
        cables.cable(f"n{number}", f"n{number + 1}")
    for number in range(2, length):
        cables.draft.router(f"n{number}")
    return cables.draft.topology()


def star(size: int) -> Topology:
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    for number in range(1, size + 1):
        draft.node(f"n{number}")
    return draft.topology()


def ring(size: int) -> Topology:
    cables = Cables()
    for number in range(size):
        cables.cable(f"r{number + 1}", f"r{(number + 1) % size + 1}")
        cables.draft.router(f"r{number + 1}")
    return cables.draft.topology()


def mesh(size: int) -> Topology:
    cables = Cables()
    for one, other in combinations(range(1, size + 1), 2):
        cables.cable(f"m{one}", f"m{other}")
    return cables.draft.topology()


def tree(depth: int, fanout: int) -> Topology:
    """Of switches, the nodes at its leaves."""
    draft = Draft()
    draft.switch("s1:10.0.0.0/16")
    level, switches, hosts = ["s1"], count(2), count(1)
    for _ in range(depth - 1):
        above, level = level, []
        for parent in above:
            for _ in range(fanout):
                level.append(f"s{next(switches)}")
                draft.switch(level[-1])
                draft.link(Endpoint(parent), Endpoint(level[-1]))
    for parent in level:
        for _ in range(fanout):
            number = next(hosts)
            draft.node(f"h{number}:10.0.{number}.1/16", switch=parent)
    return draft.topology()


def routed_tree(depth: int, fanout: int) -> Topology:
    cables = Cables()
    level, routers, hosts = ["r1"], count(2), count(1)
    cables.draft.router("r1")
    for _ in range(depth - 1):
        above, level = level, []
        for parent in above:
            for _ in range(fanout):
                level.append(f"r{next(routers)}")
                cables.draft.router(level[-1])
                cables.cable(parent, level[-1])
    for parent in level:
        for _ in range(fanout):
            cables.cable(parent, f"h{next(hosts)}")
    return cables.draft.topology()


def fat_tree(k: int) -> Topology:
    cables, half = Cables(), k // 2
    for core in range(half * half):
        for pod in range(k):
            cables.cable(f"core{core + 1}", f"agg{pod * half + core // half + 1}")
    for pod in range(k):
        for agg in range(pod * half, (pod + 1) * half):
            for edge in range(pod * half, (pod + 1) * half):
                cables.cable(f"agg{agg + 1}", f"edge{edge + 1}")
    for edge in range(k * half):
        for host in range(half):
            cables.cable(f"edge{edge + 1}", f"host{edge * half + host + 1}")
    for kind, number in (("core", half * half), ("agg", k * half), ("edge", k * half)):
        for router in range(number):
            cables.draft.router(f"{kind}{router + 1}")
    return cables.draft.topology()


def dumbbell(left: int, right: int) -> Topology:
    cables = Cables()
    cables.cable("west", "east")
    for side, size in (("west", left), ("east", right)):
        cables.draft.router(side)
        for number in range(size):
            cables.cable(f"{side}{number + 1}", side)
    return cables.draft.topology()


def office() -> Topology:
    """Two switches and a router; ways out and in, an alias, two stacks."""
    draft = Draft()
    draft.switch("lan:10.0.0.0/24,fd00:1::/64")
    for node in ("alice", "bob", "printer", "gw:10.0.0.254,fd00:1::fe"):
        draft.node(node)
    draft.switch("dmz:10.0.1.0/24,mtu=1400")
    for node in ("gw:10.0.1.254", "web", "mail"):
        draft.node(node)
    draft.router("gw")
    draft.uplink("gw")
    for publication in ("8080:web:80", "127.0.0.1:8443:web:443", "[::1]:53:mail:53/udp"):
        draft.publish(publication)
    draft.alias("www", "web")
    return draft.topology()


def two_cables() -> Topology:
    """Two cables between two nodes, and a node without any."""
    draft = Draft()
    draft.pair("a:10.0.0.1,fd00::1", "b:10.0.0.2,fd00::2")
    draft.pair("a:10.0.1.1", "b:10.0.1.2")
    draft.node("lonely")
    return draft.topology()


def long_names() -> Topology:
    draft = Draft()
    one, other, switch = ("a" * LONGEST, "b" * LONGEST, "c" * LONGEST)
    draft.pair(f"{one}:10.0.0.1", f"{other}:10.0.0.2")
    draft.switch(f"{switch}:10.0.1.0/24")
    for node in (one, "x", "d" * LONGEST):
        draft.node(node)
    return draft.topology()


def two_networks(size: int) -> Topology:
    """Every node on both switches."""
    draft = Draft()
    draft.switch("front:10.0.0.0/24")
    draft.switch("back:10.9.0.0/24")
    for number in range(size):
        draft.node(f"n{number}", switch="front")
        draft.node(f"n{number}", switch="back")
    return draft.topology()


GALLERY = {
    "pair": Topology.parse([("a:192.168.1.1", "b:192.168.1.2")]),
    "pair of IPv6": Topology.parse([("a:fd00:1:2:3:4:5:6:7", "b:fd00:1:2:3:4:5:6:8")]),
    "alone": Topology.alone(),
    "star(2)": star(2),
    "star(3)": star(3),
    "star(8)": star(8),
    "star(40)": star(40),
    "chain(3)": chain(3),
    "chain(8)": chain(8),
    "chain(40)": chain(40),
    "ring(3)": ring(3),
    "ring(5)": ring(5),
    "ring(8)": ring(8),
    "ring(16)": ring(16),
    "mesh(4)": mesh(4),
    "mesh(6)": mesh(6),
    "mesh(20)": mesh(20),
    "tree(2,3)": tree(2, 3),
    "tree(3,3)": tree(3, 3),
    "routed tree(3,3)": routed_tree(3, 3),
    "fat_tree(4)": fat_tree(4),
    "dumbbell(3,5)": dumbbell(3, 5),
    "office": office(),
    "two cables": two_cables(),
    "two networks": two_networks(6),
    "20 pairs": Topology.parse([(f"a{n}:10.0.{n}.1", f"b{n}:10.0.{n}.2") for n in range(20)]),
    "long names": long_names(),
}


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Any topology of up to ten nodes and four switches, some with very long names."""
    nodes = [f"n{number}" * draw(st.sampled_from((1, 1, 5, 31))) for number in range(draw(st.integers(1, 10)))]
    switches = [f"s{number}" * draw(st.sampled_from((1, 1, 20))) for number in range(draw(st.integers(0, 4)))]
    draft = Draft()
    for number, switch in enumerate(switches):
        draft.switch(
            f"{switch}:10.{100 + number}.0.0/16{draw(st.sampled_from(('', f',fd01:{number}::/64', ',mtu=1300')))}"
        )
        if number and draw(st.booleans()):  # never a circle
            draft.link(Endpoint(switch), Endpoint(switches[draw(st.integers(0, number - 1))]))
    for node in nodes:
        draft.node(node, switch=draw(st.sampled_from(switches))) if switches else draft.node(node)
    for number in range(draw(st.integers(0, 16)) if len(nodes) > 1 else 0):
        one, other = draw(st.lists(st.sampled_from(nodes), min_size=2, max_size=2, unique=True))
        dual = draw(st.booleans())
        ends = [
            Endpoint(node, tuple(map(Address.parse, (f"10.0.{number}.{at}", f"fd00:{number}::{at}")[: 1 + dual])))
            for at, node in ((1, one), (2, other))
        ]
        draft.link(*ends)
    for node in draw(st.sets(st.sampled_from(nodes))):
        draft.router(node)
    for node in draw(st.sets(st.sampled_from(nodes), max_size=2)):
        draft.uplink(node)
    for number, node in enumerate(draw(st.lists(st.sampled_from(nodes), max_size=3))):
        draft.publish(f"{8080 + number}:{node}:80")
    return draft.topology()
