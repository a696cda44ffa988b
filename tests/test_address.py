"""Addresses, held against the module ipaddress, which takes too long to import for a launch."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.address import Address
from sandbox.errors import RequestError

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


@pytest.mark.parametrize("text", ["10.1.2.3/8", "192.168.1.1/31", "172.16.5.5/30", "fd00::5/64", "fd00::1/127"])
def test_a_subnet_spans_what_it_does_to_ipaddress(text: str) -> None:
    network = ipaddress.ip_interface(text).network
    assert Address.parse(text).subnet_span == (int(network[0]), int(network[-1]))
