"""What an endpoint may be, and which two make a link: every refusal, and what is accepted."""

from __future__ import annotations

from ipaddress import IPv4Interface, ip_address

import pytest
from hypothesis import example, given

from reliability.nearly import NEARLY_ENDPOINTS
from reliability.refusals import (
    CLASS_OF_ADDRESS,
    LOOPBACK_NAMES,
    NETWORK_OR_BROADCAST,
    NO_ROOM,
    NOT_A_NAME,
    NOT_AN_ADDRESS,
    NOT_AN_ENDPOINT,
    UNREACHABLE,
    WRITE_24,
    WRITE_64,
)
from sandbox.errors import RequestError
from sandbox.topology import Topology
from sandbox.topology.address import Address, Subnet
from sandbox.topology.endpoint import Endpoint, Link, check_alias, check_name

from .refusal import refusal


@pytest.mark.parametrize("text", NOT_AN_ADDRESS)
def test_what_is_not_an_ip_address_is_refused(text: str) -> None:
    said = refusal(Endpoint.parse, f"a:{text}")
    assert "not an IP address" in said
    assert repr(text.partition("/")[0]) in said


@pytest.mark.parametrize("prefix", WRITE_24)
def test_a_prefix_that_is_no_plain_number_is_refused(prefix: str) -> None:
    assert refusal(Endpoint.parse, f"a:192.168.1.1{prefix}").endswith("write /24")


@pytest.mark.parametrize("prefix", WRITE_64)
def test_an_ipv6_prefix_that_is_no_plain_number_is_refused(prefix: str) -> None:
    assert refusal(Endpoint.parse, f"a:fd00::1{prefix}").endswith("write /64")


@pytest.mark.parametrize("address", NO_ROOM)
def test_a_prefix_without_room_for_a_peer_is_refused(address: str) -> None:
    said = refusal(Endpoint.parse, f"a:{address}")
    assert "no room for a peer" in said
    assert said.endswith("write /24" if "." in address else "write /64")


@pytest.mark.parametrize(("address", "kind"), CLASS_OF_ADDRESS)
@pytest.mark.parametrize("prefix", ["", "/24"])
def test_an_address_that_no_host_can_have_is_refused_by_its_class(address: str, kind: str, prefix: str) -> None:
    said = refusal(Endpoint.parse, f"a:{address}{prefix}")
    assert kind in said
    assert str(ip_address(address)) in said


@pytest.mark.parametrize(("address", "kind", "instead"), NETWORK_OR_BROADCAST)
def test_network_and_broadcast_addresses_are_refused(address: str, kind: str, instead: str) -> None:
    said = refusal(Endpoint.parse, f"a:{address}")
    assert kind in said
    assert said.endswith(f"use one such as {instead}")


@pytest.mark.parametrize("text", NOT_AN_ENDPOINT)
def test_what_is_no_endpoint_is_shown_how_to_write_one(text: str) -> None:
    said = refusal(Endpoint.parse, text)
    assert "NAME:ADDRESS" in said
    assert repr(text) in said


@pytest.mark.parametrize("name", [*NOT_A_NAME, *LOOPBACK_NAMES])
def test_what_is_no_name_is_refused(name: str) -> None:
    said = refusal(Endpoint.parse, f"{name}:192.168.1.1")
    assert repr(name) in said
    if "localhost" in name:
        assert "choose another name" in said
    else:
        assert "a-z, 0-9 and '-'" in said
        assert "at most 63 characters" in said
    assert refusal(check_name, name) == said


def test_an_empty_name_is_refused_wherever_it_comes_from() -> None:
    refusal(Endpoint.parse, ":192.168.1.1")
    assert "a-z, 0-9 and '-'" in refusal(check_name, "")
    assert "a-z, 0-9 and '-'" in refusal(Endpoint, "", Address.parse("192.168.1.1/24"))


@pytest.mark.parametrize("value", [3232235777, 1, True, None, b"a:192.168.1.1", ["a:192.168.1.1"], 1.5])
def test_what_is_not_text_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        Endpoint.parse(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Endpoint("a", (value,))  # type: ignore[arg-type]
    for check in (check_name, check_alias):
        with pytest.raises(TypeError):
            check(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["192.168.1.1/24", IPv4Interface("192.168.1.1/24")])
def test_the_address_of_an_endpoint_is_an_address_not_a_text(address: object) -> None:
    with pytest.raises(TypeError):
        Endpoint("a", (address,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("a:192.168.1.1", "a", Address.parse("192.168.1.1/24")),
        ("a:192.168.1.1/8", "a", Address.parse("192.168.1.1/8")),
        ("a:10.0.0.1/30", "a", Address.parse("10.0.0.1/30")),
        ("a:10.0.0.0/31", "a", Address.parse("10.0.0.0/31")),
        ("a:10.0.0.1/31", "a", Address.parse("10.0.0.1/31")),
        ("a:10.1.0.0/8", "a", Address.parse("10.1.0.0/8")),
        ("a:169.254.1.1", "a", Address.parse("169.254.1.1/24")),
        ("a:fd00::1", "a", Address.parse("fd00::1/64")),
        ("a:fd00::1/64", "a", Address.parse("fd00::1/64")),
        ("a:2001:db8:1:2:3:4:5:6/48", "a", Address.parse("2001:db8:1:2:3:4:5:6/48")),
        ("a:fd00::/127", "a", Address.parse("fd00::/127")),
        ("a:FD00::A", "a", Address.parse("fd00::a/64")),
        ("all:10.0.0.1", "all", Address.parse("10.0.0.1/24")),
        ("default:10.0.0.1", "default", Address.parse("10.0.0.1/24")),
        ("0:10.0.0.1", "0", Address.parse("10.0.0.1/24")),
        ("a-:10.0.0.1", "a-", Address.parse("10.0.0.1/24")),
        ("x" * 63 + ":10.0.0.1", "x" * 63, Address.parse("10.0.0.1/24")),
    ],
)
def test_what_is_accepted_is_understood(text: str, name: str, address: object) -> None:
    assert Endpoint.parse(text) == Endpoint(name, (address,))  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second", "what", "fix"), UNREACHABLE)
def test_ends_that_cannot_reach_each_other_are_refused(first: str, second: str, what: str, fix: str) -> None:
    said = refusal(Topology.parse, [(first, second)])
    assert what in said
    assert said.endswith(fix)
    for end in (first, second):
        assert str(Endpoint.parse(end)) in said


@pytest.mark.parametrize(
    "pair",
    [
        ("a:10.0.0.0/31", "b:10.0.0.1/31"),
        ("a:fd00::/127", "b:fd00::1/127"),
        ("a:169.254.1.1", "b:169.254.1.2"),
        ("a:192.168.0.1/16", "b:192.168.255.1/16"),
        ("all:10.0.0.1", "default:10.0.0.2"),
    ],
)
def test_pairs_that_can_reach_each_other_are_accepted(pair: tuple[str, str]) -> None:
    first, second = map(Endpoint.parse, pair)
    assert Link(first, second).ends == (first, second)


# --- more than a name and an address


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a:10.0.0.1,fd00::1", Endpoint("a", (Address.parse("10.0.0.1/24"), Address.parse("fd00::1/64")))),
        ("a:10.0.0.1/8,10.0.0.2/8", Endpoint("a", (Address.parse("10.0.0.1/8"), Address.parse("10.0.0.2/8")))),
        ("a:10.0.0.1,mtu=1400", Endpoint("a", (Address.parse("10.0.0.1/24"),), 1400)),
        ("a:mtu=68,10.0.0.1", Endpoint("a", (Address.parse("10.0.0.1/24"),), 68)),
        ("a:10.0.0.1,mtu=65535", Endpoint("a", (Address.parse("10.0.0.1/24"),), 65535)),
        ("a:fd00::1,mtu=1280", Endpoint("a", (Address.parse("fd00::1/64"),), 1280)),
        ("a:10.0.0.1,mac=02:00:00:00:00:01", Endpoint("a", (Address.parse("10.0.0.1"),), None, "02:00:00:00:00:01")),
        ("a:10.0.0.1,mac=FE:00:00:00:00:0A", Endpoint("a", (Address.parse("10.0.0.1"),), None, "fe:00:00:00:00:0a")),
        (
            "a:mac=00:00:00:00:00:01,fd00::1,mtu=9000",
            Endpoint("a", (Address.parse("fd00::1"),), 9000, "00:00:00:00:00:01"),
        ),
    ],
)
def test_addresses_mtu_and_mac_follow_each_other_after_commas(text: str, end: Endpoint) -> None:
    assert Endpoint.parse(text) == Endpoint.parse_bare(text) == end
    assert Endpoint.parse(str(end)) == end


@pytest.mark.parametrize("text", ["a", "a:mtu=1400", "a:mac=02:00:00:00:00:01", "a:mtu=1400,mac=02:00:00:00:00:01"])
def test_only_a_bare_endpoint_may_be_without_an_address(text: str) -> None:
    assert Endpoint.parse_bare(text).addresses == ()
    assert str(Endpoint.parse_bare(text)) == text
    assert "NAME:ADDRESS" in refusal(Endpoint.parse, text)


def test_an_address_without_a_prefix_takes_that_of_the_subnet_it_is_in() -> None:
    subnets = (Subnet.parse("10.0.0.0/16"), Subnet.parse("fd00::/48"))

    def prefixes(text: str) -> list[int]:
        return [address.prefix for address in Endpoint.parse_bare(text, subnets).addresses]

    assert prefixes("a:10.0.7.0,fd00::7:0:0:0:0") == [16, 48]
    assert prefixes("a:10.0.0.9/24,fd00::9/64") == [24, 64], "what was written stands"
    assert prefixes("a:10.1.0.9,fd01::9") == [24, 64], "in none of them"


@pytest.mark.parametrize(
    ("rest", "what"),
    [
        ("10.0.0.1,", "not an IP address"),
        (",10.0.0.1", "not an IP address"),
        ("10.0.0.1,,mtu=1400", "not an IP address"),
        ("10.0.0.1 ,mtu=1400", "not an IP address"),
        ("10.0.0.1, mtu=1400", "no setting of an endpoint"),
        ("10.0.0.1,mtu", "not an IP address"),
        ("10.0.0.1,=", "no setting of an endpoint"),
        ("10.0.0.1,MTU=1400", "no setting of an endpoint"),
        ("10.0.0.1,mtu=1400,mtu=1400", "once"),
        ("10.0.0.1,mac=02:00:00:00:00:01,mac=02:00:00:00:00:01", "once"),
        ("10.0.0.1,\x1b=1", "no setting of an endpoint"),
        ("10.0.0.1,10.0.0.1", "the same address twice"),
        ("10.0.0.1,10.0.0.1/16", "the same address twice"),
        ("fd00::1,fd00:0::1", "the same address twice"),
        ("10.0.0.1,b:10.0.0.2", "not an endpoint"),
    ],
)
def test_what_follows_and_is_none_of_these_is_refused(rest: str, what: str) -> None:
    assert what in refusal(Endpoint.parse, f"a:{rest}")


@pytest.mark.parametrize(
    "mtu",
    ["", "0", "67", "65536", "70000", "-1500", "+1500", "01500", "1_500", " 1500", "1500 ", "1e3", "1500.0", "0x5dc"],
)
def test_what_is_no_mtu_is_refused(mtu: str) -> None:
    assert refusal(Endpoint.parse, f"a:10.0.0.1,mtu={mtu}").endswith("write a number from 68 to 65535")


@pytest.mark.parametrize("mtu", ["9" * 5000, "\u0661\u0665\u0660\u0660", "\u00b2", "\uff11\uff15\uff10\uff10"])
def test_a_number_of_another_script_or_without_end_is_no_mtu(mtu: str) -> None:
    assert refusal(Endpoint.parse, f"a:10.0.0.1,mtu={mtu}").endswith("write a number from 68 to 65535")


@pytest.mark.parametrize("mtu", ["68", "1279"])
def test_an_mtu_that_takes_ipv6_off_the_interface_is_refused_with_an_ipv6_address(mtu: str) -> None:
    assert Endpoint.parse(f"a:10.0.0.1,mtu={mtu}").mtu == int(mtu)
    assert refusal(Endpoint.parse, f"a:10.0.0.1,fd00::1,mtu={mtu}").endswith("write a number from 1280 to 65535")


@pytest.mark.parametrize("mtu", ["1400", 1400.0, True, b"1400"])
def test_an_mtu_that_is_no_number_is_a_type_error(mtu: object) -> None:
    with pytest.raises(TypeError, match="an MTU is a number"):
        Endpoint("a", (), mtu)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mac", "what"),
    [
        ("", "not a MAC address"),
        ("02", "not a MAC address"),
        ("02:00:00:00:00", "not a MAC address"),
        ("02:00:00:00:00:00:01", "not a MAC address"),
        ("02-00-00-00-00-01", "not a MAC address"),
        ("2:0:0:0:0:1", "not a MAC address"),
        ("02:00:00:00:00:0g", "not a MAC address"),
        ("02:00:00:00:00: 1", "not a MAC address"),
        ("02:00:00:00:00:+1", "not a MAC address"),
        ("02:00:00:00:00:01 ", "not a MAC address"),
        ("\u0660\u0662:00:00:00:00:01", "not a MAC address"),
        ("ff:ff:ff:ff:ff:ff", "not one interface's"),
        ("FF:FF:FF:FF:FF:FF", "not one interface's"),
        ("01:00:5e:00:00:01", "not one interface's"),
        ("33:33:00:00:00:01", "not one interface's"),
        ("00:00:00:00:00:00", "not one interface's"),
    ],
)
def test_what_is_no_interface_s_mac_address_is_refused(mac: str, what: str) -> None:
    assert what in refusal(Endpoint.parse, f"a:10.0.0.1,mac={mac}")


def test_a_mac_address_that_is_no_text_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="a MAC address is text"):
        Endpoint("a", (), None, b"\2\0\0\0\0\1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ("a:10.0.0.1,fd00::1", "b:10.0.0.2", "nobody to reach from fd00::1/64 - give b an address in fd00::/64"),
        ("a:10.0.0.1", "b:10.0.0.2,fd00::2", "nobody to reach from fd00::2/64 - give a an address in fd00::/64"),
        ("a:10.0.0.1,10.0.1.1", "b:10.0.0.2,10.0.2.1", "nobody to reach from 10.0.1.1/24"),
        ("a:10.0.0.1,fd00::1", "b:10.0.0.2/25,fd00::2", "nobody to reach from 10.0.0.1/24"),
    ],
)
def test_each_of_several_addresses_needs_somebody_to_reach(first: str, second: str, what: str) -> None:
    assert what in refusal(Link, Endpoint.parse(first), Endpoint.parse(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a:10.0.0.1,fd00::1", "b:fd00::2,10.0.0.2"),
        ("a:10.0.0.1,10.0.0.3", "b:10.0.0.2"),
        ("a:10.0.0.1", "b"),
        ("a", "b:10.0.0.1"),
        ("a", "b"),
        ("a:10.0.0.1,mtu=1400", "b:10.0.0.2,mtu=1500"),
    ],
)
def test_links_whose_ends_can_reach_each_other_or_are_yet_to_find_an_address_are_accepted(
    first: str, second: str
) -> None:
    link = Link(Endpoint.parse_bare(first), Endpoint.parse_bare(second))
    assert [str(end).partition(":")[0] for end in link.ends] == ["a", "b"]
    assert str(link) == f"{link.first} {link.second}"


@pytest.mark.parametrize("alias", ["www", "www.example.com", "a.b", "0", "x" * 63, ".".join(["x" * 62] * 4)])
def test_an_alias_may_be_names_joined_by_dots(alias: str) -> None:
    check_alias(alias)


@pytest.mark.parametrize(
    "alias", ["", ".", "a.", ".a", "a..b", "A.b", "a b", "a\tb", "a_b", "localhost", "x" * 64, ".".join(["x" * 62] * 5)]
)
def test_an_alias_that_is_no_host_s_name_is_refused(alias: str) -> None:
    refusal(check_alias, alias)


# --- any text


@given(NEARLY_ENDPOINTS)
@example("a:fe80::1%%/64")
@example("a:fd00::1%1/64")
def test_any_text_is_refused_or_comes_back_as_it_was_understood(text: str) -> None:
    try:
        end = Endpoint.parse(text)
    except RequestError:
        refusal(Endpoint.parse, text)
    else:
        assert Endpoint.parse(str(end)) == end
        assert str(Endpoint.parse(str(end))) == str(end)
