"""Who hears what an interface sends, and which cables lead from one place to another."""

from __future__ import annotations

from ipaddress import ip_address

from sandbox.why.segment import Segment, Wire, cables, segment

from .places import World, interface, pair, routed, switched


def heard(world: World, name: str, index: int = 2) -> Segment:
    found = world.place(name).interface(index)
    assert found
    return segment(world, found)


def ends(wires: tuple[Wire, ...]) -> list[str]:
    return sorted(str(wire[-1]) for wire in wires)


def test_a_cable_has_one_other_end() -> None:
    found = heard(pair(), "a")
    assert [list(map(str, wire)) for wire in found.wires] == [["eth0 of a", "eth0 of b"]]
    assert found.is_whole


def test_a_bridge_is_heard_itself_and_lets_the_others_hear() -> None:
    found = heard(switched(), "a")
    assert ends(found.wires) == ["br0 of lan", "eth0 of b", "eth0 of c"]
    wire = found.to_place("c")
    assert wire
    assert list(map(str, wire)) == ["eth0 of a", "port0 of lan", "br0 of lan", "port2 of lan", "eth0 of c"]


def test_what_a_bridge_itself_sends_goes_out_of_every_port() -> None:
    assert ends(heard(switched(), "lan").wires) == ["eth0 of a", "eth0 of b", "eth0 of c"]


def test_a_circle_of_bridges_comes_to_an_end() -> None:
    world = World()
    world.add("a", interface("eth0", "10.0.0.1/24", peer="left:3"))
    for name, other in (("left", "right"), ("right", "left")):
        world.add(
            name,
            interface("br0", kind="bridge"),
            interface("port0", peer="a" if name == "left" else "b", index=3, master=2),
            interface("port1", peer=f"{other}:4", index=4, master=2),
            interface("port2", peer=f"{other}:5", index=5, master=2),
        )
    world.add("b", interface("eth0", "10.0.0.2/24", peer="right:3"))
    assert ends(heard(world, "a").wires) == ["br0 of left", "br0 of right", "eth0 of b"]


def test_an_end_that_is_out_of_sight_leaves_the_segment_open() -> None:
    world = switched()
    world.change("lan", 4, peer=None)
    found = heard(world, "a")
    assert ends(found.wires) == ["br0 of lan", "eth0 of c"]
    assert not found.is_whole


def test_of_two_interfaces_of_one_place_the_one_with_the_address_is_meant() -> None:
    world = World()
    world.add("a", interface("eth0", "10.0.0.1/24", peer="lan:3"))
    world.add(
        "b",
        interface("eth0", "10.0.1.2/24", peer="lan:4"),
        interface("eth1", "10.0.0.2/24", peer="lan:5", index=3),
    )
    ports = (interface(f"port{at}", peer=peer, index=at + 3, master=2) for at, peer in enumerate(("a", "b", "b:3")))
    world.add("lan", interface("br0", kind="bridge"), *ports)
    found = heard(world, "a")
    (wire,) = found.towards(world, ip_address("10.0.0.2"))
    assert str(wire[-1]) == "eth1 of b"
    # A place answers for the addresses of its other interfaces as well.
    world.change("lan", 5, peer=None)
    (wire,) = heard(world, "a").towards(world, ip_address("10.0.0.2"))
    assert str(wire[-1]) == "eth0 of b"


def test_cables_lead_the_shortest_way_up_or_down() -> None:
    world = routed()
    world.change("r", 3, is_up=False)
    assert [f"{wire[0]} - {wire[-1]}" for wire in cables(world, "a", "b")] == [
        "eth0 of a - eth0 of r",
        "eth1 of r - eth0 of b",
    ]
    world.add("far")
    assert cables(world, "a", "far") == []
