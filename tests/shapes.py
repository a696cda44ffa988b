"""Topologies at random, for tests that hold something against all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from sandbox.topology import Topology
from sandbox.topology.address import Subnet
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.space import Space
from sandbox.topology.switch import Switch

WHOLE = {4: "10.0.0.0/16", 6: "fd00::/64"}


@st.composite
def topologies(draw: st.DrawFn, *, most_nodes: int = 9) -> Topology:
    """Nodes on cables and switches, connected or not, some of them routers; one IP version or both on each segment."""
    nodes = [f"n{number}" for number in range(draw(st.integers(1, most_nodes)))]
    spaces = {version: Space(Subnet.parse(whole)) for version, whole in WHOLE.items()}
    links: list[Link] = []
    switches: list[Switch] = []
    for members in draw(st.lists(st.lists(st.sampled_from(nodes), min_size=1, max_size=5, unique=True), max_size=10)):
        versions = draw(st.sampled_from([(4,), (4,), (6,), (4, 6)]))
        subnets = [spaces[version].take(max(2, len(members) + draw(st.integers(0, 3)))) for version in versions]
        ends = [Endpoint(node, tuple(each.host(at + 1) for each in subnets)) for at, node in enumerate(members)]
        if len(ends) == 2:
            links.append(Link(*ends))
            continue
        names = [f"s{len(switches)}", f"s{len(switches) + 1}"][: draw(st.integers(1, 2))]
        switches += [Switch(name, tuple(subnets)) for name in names]
        links += [Link(end, Endpoint(draw(st.sampled_from(names)))) for end in ends]
        if len(names) == 2:
            links.append(Link(*map(Endpoint, names)))
    forwarding = draw(st.sets(st.sampled_from(nodes)))
    routers = tuple(node for node in nodes if node in forwarding)
    order = draw(st.permutations(links))
    return Topology(tuple(nodes), tuple(order), tuple(switches), routers)
