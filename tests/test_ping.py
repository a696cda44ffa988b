"""Who reached whom, to read; and the words of `sandbox ping`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import topologies
from sandbox.cli.ping import USAGE, PingRequest, parse_ping
from sandbox.errors import RequestError
from sandbox.lab.ping import WIDEST_TABLE, Reachability
from sandbox.topology import Topology


def all_but(*lost: tuple[str, str], nodes: tuple[str, ...]) -> Reachability:
    """Everyone reached everyone in 50 microseconds, but for these."""
    ways = [(one, other) for one in nodes for other in nodes if one != other]
    return Reachability(nodes, {way: None if way in lost else 0.00005 for way in ways})


def test_a_small_table_shows_milliseconds() -> None:
    reached = all_but(("a", "router"), nodes=("a", "b", "router"))
    assert str(reached).splitlines() == [
        "             a       b  router",
        "a            .    0.05       X",
        "b         0.05       .    0.05",
        "router    0.05    0.05       .",
        "3 nodes, 6 pings: 1 lost, 0.05 to 0.05 ms",
    ]


def test_a_large_table_has_marks_under_upright_names() -> None:
    nodes = tuple(f"h{number}" for number in range(1, 21))
    *table, summary = str(all_but(("h2", "h11"), nodes=nodes)).splitlines()
    assert table[:5] == [
        "    h h h h h h h h h h h h h h h h h h h h",
        "    1 2 3 4 5 6 7 8 9 1 1 1 1 1 1 1 1 1 1 2",
        "                      0 1 2 3 4 5 6 7 8 9 0",
        "h1  . o o o o o o o o o o o o o o o o o o o",
        "h2  o . o o o o o o o o X o o o o o o o o o",
    ]
    assert summary == "20 nodes, 380 pings: 1 lost, 0.05 to 0.05 ms"
    assert max(map(len, table)) < WIDEST_TABLE


def test_what_was_lost_is_told_and_all_can_be_asked_for() -> None:
    reached = all_but(("a", "b"), nodes=("a", "b"))
    assert reached.lost == (("a", "b"),)
    assert not reached.is_complete
    assert reached["a", "b"] is None
    assert reached["b", "a"] == 0.00005
    assert reached.as_records() == [
        {"from": "a", "to": "b", "seconds": None},
        {"from": "b", "to": "a", "seconds": 0.00005},
    ]
    assert all_but(nodes=("a", "b")).is_complete


def test_where_all_is_lost_there_is_no_time() -> None:
    assert str(all_but(("a", "b"), ("b", "a"), nodes=("a", "b"))).splitlines()[-1] == "2 nodes, 2 pings: 2 lost"


@given(st.lists(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True), min_size=2, max_size=30, unique=True))
def test_every_table_has_a_row_for_each_node(names: list[str]) -> None:
    lines = str(all_but(nodes=tuple(names))).splitlines()
    rows = lines[-1 - len(names) : -1]
    assert [row.split()[0] for row in rows] == names
    assert [row.split()[1 + at] for at, row in enumerate(rows)] == ["."] * len(names)


RING = topologies.ring(3)


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (["x"], PingRequest("x")),
        (["x", "--timeout", "0.5", "-6", "--json"], PingRequest("x", timeout=0.5, version=6, json=True)),
        (["--topology", "ring:3"], PingRequest(topology=RING)),
        (["--topology=ring:3", "--timeout=2", "-4", "--as-root"], PingRequest(None, RING, 2, 4, as_root=True)),
        (
            ["--pair", "a:10.0.0.1", "b:10.0.0.2"],
            PingRequest(topology=Topology.parse([("a:10.0.0.1", "b:10.0.0.2")])),
        ),
    ],
)
def test_words_become_a_request(words: list[str], request_: PingRequest) -> None:
    assert parse_ping(words) == request_


@pytest.mark.parametrize("words", [["-h"], ["x", "--help"], ["--topology", "-h"]])
def test_help_is_no_request(words: list[str]) -> None:
    assert parse_ping(words) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nobody to ping"),
        (["--json"], "nobody to ping"),
        ([""], "not an option"),
        (["x", "y"], "'y': not an option"),
        (["x", "--topology", "ring:3"], "one to be built"),
        (["x", "-4", "-6"], "exclude each other"),
        (["x", "--timeout"], "--timeout wants a number of seconds"),
        (["x", "--timeout", "soon"], "write seconds"),
        (["x", "--tiemout", "1"], "did you mean --timeout?"),
        (["--topology", "rng:3"], "did you mean ring?"),
    ],
)
def test_words_that_make_no_request_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_ping(words)
    assert said in str(caught.value)
    assert " - " in str(caught.value)
    assert USAGE.startswith("usage: sandbox ping")
