"""The ids of a container, as lines of a map."""

from __future__ import annotations

import itertools

import pytest

from sandbox.init.owner import FIRST, Ids


@pytest.mark.parametrize(
    ("uid", "others", "lines"),
    [
        (1000, 0, ["1000 1000 1"]),
        (1000, 500, ["1000 1000 1", f"0 {FIRST} 500"]),
        (1000, 65536, ["1000 1000 1", f"0 {FIRST} 1000", f"1001 {FIRST + 1000} 64535"]),
        (65534, 65536, ["65534 65534 1", f"0 {FIRST} 65534", f"65535 {FIRST + 65534} 1"]),
        (65535, 70000, ["65535 65535 1", f"0 {FIRST} 65535"]),
        (1_000_000, 65536, ["1000000 1000000 1", f"0 {FIRST} 65536"]),
    ],
)
def test_what_was_granted_is_around_ones_own_id(uid: int, others: int, lines: list[str]) -> None:
    ids = Ids((uid, uid), (uid, uid), 1, others)
    assert list(ids._lines(uid, uid)) == lines
    ranges = [tuple(map(int, line.split())) for line in lines]
    inside = sorted((first, first + count) for first, _, count in ranges)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(inside))
