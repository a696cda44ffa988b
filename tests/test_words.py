"""A topology as words and back: the same, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given

from sandbox.messages import decode, encode
from sandbox.plan import plan
from sandbox.topology import Topology
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.words import read, read_link, spell

from .refusal import refusal
from .topologies import topologies

# A pair in the words of 0.1: the first line that was ever spelled.
PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])


@given(topologies(with_services=False))
def test_what_was_spelled_is_read_as_it_was(topology: Topology) -> None:
    assert read(spell(topology)) == topology


@given(topologies(with_services=False))
def test_it_survives_the_way_to_init(topology: Topology) -> None:
    assert read(decode(encode(spell(topology)))) == topology


@given(topologies(with_services=False))
def test_both_sides_make_the_same_plan_of_it(topology: Topology) -> None:
    # init tells of a step by its position alone.
    assert plan(read(spell(topology))) == plan(topology)


def test_it_is_spelled_as_the_command_line_takes_it() -> None:
    assert spell(PAIR) == {
        "node": ["a", "b"],
        "switch": [],
        "link": ["a:192.168.1.1/24 b:192.168.1.2/24"],
        "router": [],
        "alias": [],
        "uplink": [],
        "publish": [],
        "no routes": [],
        "contain": [],
        "limit": [],
    }


def test_words_that_are_missing_say_nothing() -> None:
    assert read({"node": ["a"]}) == Topology(("a",))


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("a:10.0.0.1/24 b:10.0.0.2/24", (Endpoint.parse("a:10.0.0.1"), Endpoint.parse("b:10.0.0.2"))),
        ("a lan", (Endpoint("a"), Endpoint("lan"))),
        ("a:mtu=1400 lan:mtu=9000", (Endpoint("a", (), 1400), Endpoint("lan", (), 9000))),
    ],
)
def test_a_link_is_its_two_ends(line: str, ends: tuple[Endpoint, Endpoint]) -> None:
    assert read_link(line) == Link(*ends)
    assert str(Link(*ends)) == line


@pytest.mark.parametrize("line", ["", " ", "a", "a ", " a", "a b c", "a  b", "a a"])
def test_what_is_no_link_is_refused(line: str) -> None:
    refusal(read_link, line)
