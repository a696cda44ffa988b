"""Addresses and subnets, held against the module ipaddress, which takes too long to import for a launch."""

from __future__ import annotations

import ipaddress
from itertools import combinations, islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.errors import RequestError
from sandbox.topology.address import Address, Subnet, overlap

from .refusal import refusal

TEXTS = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.ip_addresses().map(str),
    st.from_regex(r"[0-9a-f:.%/ _+-]{0,24}", fullmatch=True),
    st.lists(st.integers(-1, 300).map(str) | st.sampled_from(["01", "", " 1", "1_0", "\u0661"]), max_size=5).map(
        ".".join
    ),
)


def understood(text: str) -> str | None:
    """The address in `text` to ours, without the prefix; the class and place of it do not matter here."""
    try:
        return Address.parse(f"{text}/31").ip
    except RequestError as error:
        said = str(error)
        return None if "not an IP address" in said or "with a scope" in said or "prefix" in said else text


@given(TEXTS)
@example("192.168.01.1")
@example("1.2.3.4\n")
@example("1.2.3.4.5")
@example("00001.2.3.4")
@example("::ffff:1.2.3.4")
@example("1" * 5000)
def test_an_address_is_one_to_us_if_and_only_if_it_is_to_ipaddress(text: str) -> None:
    try:
        theirs = str(ipaddress.ip_address(text))
    except ValueError:
        assert understood(text) is None
        return
    ours = understood(text)
    # Refused for its class, which comes after it was understood; or for its scope.
    assert ours in (theirs, text) or "%" in text


@given(st.ip_addresses(), st.data())
def test_what_is_accepted_is_a_host_of_its_network_to_ipaddress_as_well(
    ip: ipaddress.IPv4Address, data: st.DataObject
) -> None:
    prefix = data.draw(st.integers(0, ip.max_prefixlen))
    theirs = ipaddress.ip_interface((int(ip), prefix) if ip.version == 4 else f"{ip}/{prefix}")
    try:
        ours = Address(ip.version, int(ip), prefix)
    except RequestError:
        network = theirs.network
        assert (
            prefix in (0, ip.max_prefixlen)
            or ip in (network.network_address, network.broadcast_address)
            or ip.is_multicast
            or ip.is_loopback
            or ip.is_unspecified
            or ip.is_link_local
            or ip.is_reserved
            or getattr(ip, "ipv4_mapped", None)
            or ip in ipaddress.ip_network("0.0.0.0/8")
        )
        return
    assert ours.interface == theirs
    assert str(ours) == str(theirs)
    assert ours.network == str(theirs.network)
    assert ours.packed == theirs.packed
    assert Address.parse(str(ours)) == ours
    assert not ip.is_multicast
    assert not ip.is_loopback
    assert not ip.is_unspecified


NETWORKS = st.one_of(
    st.tuples(st.integers(0, 2**8), st.integers(1, 8)).map(lambda pair: (pair[0] << 24, pair[1])),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 32)),
).map(lambda pair: ipaddress.ip_network((pair[0] & 0xFFFF_FFFF, pair[1]), strict=False))


@given(st.lists(NETWORKS, max_size=6), st.data())
def test_subnets_overlap_as_they_do_to_ipaddress(networks: list[ipaddress.IPv4Network], data: st.DataObject) -> None:
    owners = [data.draw(st.integers(0, 2)) for _ in networks]
    claims = [
        (Subnet(4, int(each.network_address), each.prefixlen), owner)
        for each, owner in zip(networks, owners, strict=True)
    ]
    found = overlap(claims)
    pairs = [
        (one, other)
        for (one, first), (other, second) in combinations(zip(networks, owners, strict=True), 2)
        if first != second and one.overlaps(other)
    ]
    assert bool(found) == bool(pairs)
    if found:
        (one, first), (other, second) = found
        assert first != second
        assert ipaddress.ip_network(str(one)).overlaps(ipaddress.ip_network(str(other)))


def test_subnets_of_two_families_have_nothing_in_common() -> None:
    assert overlap([(Subnet(4, 0, 1), 0), (Subnet(6, 0, 1), 1)]) is None


@given(NETWORKS | st.ip_addresses(v=6).map(lambda ip: ipaddress.ip_network((ip, 64), strict=False)))
def test_a_subnet_is_to_us_what_it_is_to_ipaddress(theirs: ipaddress.IPv4Network) -> None:
    ours = Subnet(theirs.version, int(theirs.network_address), theirs.prefixlen)
    assert str(ours) == str(theirs)
    assert ours.packed == theirs.network_address.packed
    try:
        assert Subnet.parse(str(theirs)) == ours
    except RequestError:
        return
    hosts = islice(theirs.hosts(), 3)
    assert [ours.host(place).ip for place in range(1, 1 + min(ours.size, 3))] == [str(host) for host in hosts]
    assert ours.host(1) in ours
    assert ours.host(1).subnet == ours
    if theirs.version == 4 and theirs.prefixlen >= 8:  # of a wider one the last hosts may be 127.x.x.x
        assert ours.size == theirs.num_addresses - (2 if theirs.prefixlen < 31 else 0)
        assert ours.host(ours.size).interface.ip == (theirs[-2] if theirs.prefixlen < 31 else theirs[-1])


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("", "not a subnet", "10.0.0.0/24"),
        ("10.0.0.0", "not a subnet", "10.0.0.0/24"),
        ("fd00::", "not a subnet", "fd00::/64"),
        ("10.0.0/24", "not a subnet", "10.0.0.0/24"),
        (" 10.0.0.0/24", "not a subnet", "10.0.0.0/24"),
        ("lan", "not a subnet", "10.0.0.0/24"),
        ("10.0.0.0/24 ", "not a prefix", "write /24"),
        ("10.0.0.0/", "not a prefix", "write /24"),
        ("10.0.0.0/33", "not a prefix", "write /24"),
        ("10.0.0.0/255.255.255.0", "not a prefix", "write /24"),
        ("10.0.0.0/\u0662\u0664", "not a prefix", "write /24"),
        ("10.0.0.0/" + "9" * 5000, "not a prefix", "write /24"),
        ("fd00::/129", "not a prefix", "write /64"),
        ("10.0.0.0/0", "no room for a peer", "write /24"),
        ("0.0.0.0/0", "no room for a peer", "write /24"),
        ("10.0.0.1/32", "no room for a peer", "write /24"),
        ("fd00::1/128", "no room for a peer", "write /64"),
        ("10.0.0.5/24", "an address in a subnet, not a subnet", "write 10.0.0.0/24"),
        ("10.0.1.0/16", "an address in a subnet, not a subnet", "write 10.0.0.0/16"),
        ("fd00::1/64", "an address in a subnet, not a subnet", "write fd00::/64"),
        ("0.0.0.0/8", "of an address of 'this network'", "10.0.0.0/24"),
        ("127.0.0.0/8", "of a loopback address", "10.0.0.0/24"),
        ("224.0.0.0/24", "of a multicast address", "10.0.0.0/24"),
        ("240.0.0.0/24", "of a reserved address", "10.0.0.0/24"),
        ("255.255.255.0/24", "of a reserved address", "10.0.0.0/24"),
        ("ff02::/64", "of a multicast address", "fd00::/64"),
        ("fe80::/64", "of a link-local address", "fd00::/64"),
        ("::ffff:0:0/96", "of an IPv4-mapped address", "fd00::/64"),
    ],
)
def test_what_is_no_subnet_of_hosts_is_refused(text: str, what: str, fix: str) -> None:
    said = refusal(Subnet.parse, text)
    assert what in said
    assert said.endswith(fix) or f"{fix} or" in said
    assert repr(text) in said


@pytest.mark.parametrize(
    ("text", "size"), [("10.0.0.0/31", 2), ("10.0.0.0/30", 2), ("10.0.0.0/29", 6), ("fd00::/127", 2)]
)
def test_a_full_subnet_says_how_many_fit(text: str, size: int) -> None:
    subnet = Subnet.parse(text)
    hosts = [subnet.host(place) for place in range(1, size + 1)]
    assert len(set(hosts)) == size
    assert f"full with {size} hosts" in refusal(subnet.host, size + 1)


@pytest.mark.parametrize("value", [3232235777, True, None, b"10.0.0.0/24", ["10.0.0.0/24"]])
def test_what_is_not_text_is_a_type_error(value: object) -> None:
    for parse in (Address.parse, Subnet.parse):
        with pytest.raises(TypeError):
            parse(value)  # type: ignore[arg-type]


def test_an_address_without_a_prefix_takes_that_of_the_subnet_it_is_in() -> None:
    subnets = (Subnet.parse("10.0.0.0/16"), Subnet.parse("fd00::/48"))
    assert Address.parse("10.0.1.0", subnets).prefix == 16
    assert Address.parse("fd00::7:0:0:0:0", subnets).prefix == 48
    assert Address.parse("10.1.0.1", subnets).prefix == 24
    assert Address.parse("10.0.0.1/24", subnets).prefix == 24
    assert "network address of 10.0.0.0/16" in refusal(Address.parse, "10.0.0.0", subnets)
