"""Subnets given out one behind the other."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import RequestError
from sandbox.topology.address import Subnet
from sandbox.topology.space import Space


def test_cables_lie_directly_behind_each_other() -> None:
    space = Space(Subnet.parse("10.0.0.0/8"))
    assert [str(space.take(2)) for _ in range(3)] == ["10.0.0.0/30", "10.0.0.4/30", "10.0.0.8/30"]


@pytest.mark.parametrize(
    ("hosts", "prefix"), [(1, 30), (2, 30), (3, 29), (6, 29), (7, 28), (14, 28), (15, 27), (254, 24)]
)
def test_a_subnet_is_as_large_as_it_must_be(hosts: int, prefix: int) -> None:
    assert Space(Subnet.parse("10.0.0.0/8")).take(hosts).prefix == prefix


def test_what_is_taken_already_is_left_out() -> None:
    taken = [Subnet.parse(text) for text in ("10.0.0.4/31", "10.0.0.16/28", "fd00::/64")]
    space = Space(Subnet.parse("10.0.0.0/24"), taken)
    assert [str(space.take(2)) for _ in range(4)] == ["10.0.0.0/30", "10.0.0.8/30", "10.0.0.12/30", "10.0.0.32/30"]


def test_a_space_that_is_used_up_says_so() -> None:
    space = Space(Subnet.parse("10.0.0.0/29"))
    space.take(2)
    space.take(2)
    with pytest.raises(RequestError, match=r"'10\.0\.0\.0/29': too small .* - take a larger one"):
        space.take(2)


@given(st.lists(st.integers(1, 300), max_size=12), st.lists(st.sampled_from(range(16)), unique=True, max_size=5))
def test_no_two_subnets_overlap(sizes: list[int], blocks: list[int]) -> None:
    taken = [Subnet.parse(f"10.0.{block}.0/24") for block in blocks]
    space = Space(Subnet.parse("10.0.0.0/8"), taken)
    given_out = [space.take(size) for size in sizes]
    networks = [ip_network(str(subnet)) for subnet in (*taken, *given_out)]
    assert not any(one.overlaps(other) for at, one in enumerate(networks) for other in networks[:at])
    assert all(subnet.size >= size for subnet, size in zip(given_out, sizes, strict=True))
    assert [subnet.number for subnet in given_out] == sorted(subnet.number for subnet in given_out)
