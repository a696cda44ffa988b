"""What is refused, what is accepted, and where interfaces appear. The first table of behaviour.md, whole."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from ipaddress import IPv4Interface, ip_address, ip_interface

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.address import Address
from sandbox.endpoint import Endpoint, Link, check_name
from sandbox.errors import RequestError
from sandbox.interface import Interface
from sandbox.switch import Switch
from sandbox.topology import Topology

NOT_AN_ADDRESS = [
    "",
    "192.168.1",
    "192.168.1.256",
    "192.168.01.1",
    "0xC0A80101",
    "3232235777",
    "192.168.1.1 ",
    " 192.168.1.1",
    "192.168.1.1\n",
    "192.168.1.1\t",
    "192.168.1.1 /24",
    "\uff11\uff19\uff12.168.1.1",  # full-width digits, which int() takes
    "\u0661\u0669\u0662.168.1.1",  # arabic-indic digits
    "192.168.1.1.1",
    "fd00::g",
    "fd00::1::2",
    "[fd00::1]",
    "example.com",
]

WRITE_24 = [
    "/33",
    "/-1",
    "/+24",
    "/024",
    "/24/24",
    "/255.255.255.0",
    "/0.0.0.255",
    "/",
    "/ 24",
    "/24 ",
    "/2_4",
    "/\uff12\uff14",
    "/\u00b2",  # superscript two: a digit to isdigit(), and no number to int()
    "/24\n",
    "/1e1",
    "/" + "1" * 5000,
]

CLASS_OF_ADDRESS = [
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "this network"),
    ("255.255.255.255", "broadcast"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("127.0.0.1", "loopback"),
    ("127.255.1.1", "loopback"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.254", "reserved"),
    ("ff02::1", "multicast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("fe80::1%eth0", "scope"),
    ("fe80::1", "link-local"),
    ("::ffff:1.2.3.4", "IPv4-mapped"),
]

NOT_A_NAME = [
    ".",
    "..",
    "a/b",
    "../x",
    " ",
    "a b",
    " a",
    "a\t",
    "a\n",
    "\x1b[31m",
    "\u00e9",
    "\u0661",  # a digit, but not of ours
    "eth%d",
    "-a",
    "-",
    "a" * 64,
    "a" * 10_000,
    "\udcff",  # what invalid UTF-8 on a command line becomes
    "A",
    "aB",
    "a_b",
    "a.b",
    "localhost",
    "ip6-localhost",
]


def refusal(parse: object, *arguments: object) -> str:
    """The one line with which `parse` refuses its arguments: what is wrong, ' - ' and how to fix it."""
    with pytest.raises(RequestError) as caught:
        parse(*arguments)  # type: ignore[operator]
    said = str(caught.value)
    what, dash, fix = said.partition(" - ")
    assert what, said
    assert dash, said
    assert fix, said
    assert said.splitlines() == [said], "more than one line"
    assert said.isprintable(), "user text is shown with repr"
    assert not said.endswith("."), said
    return said


@pytest.mark.parametrize("text", NOT_AN_ADDRESS)
def test_what_is_not_an_ip_address_is_refused(text: str) -> None:
    said = refusal(Endpoint.parse, f"a:{text}")
    assert "not an IP address" in said
    assert repr(text.partition("/")[0]) in said


@pytest.mark.parametrize("prefix", WRITE_24)
def test_a_prefix_that_is_no_plain_number_is_refused(prefix: str) -> None:
    assert refusal(Endpoint.parse, f"a:192.168.1.1{prefix}").endswith("write /24")


@pytest.mark.parametrize("prefix", ["/129", "/-1", "/064", "/", "/64/64", "/ffff::"])
def test_an_ipv6_prefix_that_is_no_plain_number_is_refused(prefix: str) -> None:
    assert refusal(Endpoint.parse, f"a:fd00::1{prefix}").endswith("write /64")


@pytest.mark.parametrize("address", ["192.168.1.1/0", "192.168.1.1/32", "fd00::1/0", "fd00::1/128"])
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


@pytest.mark.parametrize(
    ("address", "kind", "instead"),
    [
        ("192.168.1.0", "network address of 192.168.1.0/24", "192.168.1.1"),
        ("192.168.1.0/24", "network address of 192.168.1.0/24", "192.168.1.1"),
        ("192.168.1.255/24", "broadcast address of 192.168.1.0/24", "192.168.1.1"),
        ("10.255.255.255/8", "broadcast address of 10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.4/30", "network address of 10.0.0.4/30", "10.0.0.5"),
        ("fd00::", "network address of fd00::/64", "fd00::1"),
    ],
)
def test_network_and_broadcast_addresses_are_refused(address: str, kind: str, instead: str) -> None:
    said = refusal(Endpoint.parse, f"a:{address}")
    assert kind in said
    assert said.endswith(f"use one such as {instead}")


@pytest.mark.parametrize(
    ("first", "second", "what", "fix"),
    [
        ("a:192.168.1.1", "b:192.168.1.1", "the same address twice", "change one of them"),
        ("a:fd00::1", "b:fd00:0::1", "the same address twice", "change one of them"),
        ("a:192.168.1.1", "b:192.168.2.1", "different subnets", "take both from 192.168.1.0/24"),
        ("a:fd00::1", "b:fd01::1", "different subnets", "take both from fd00::/64"),
        ("a:192.168.1.1/24", "b:192.168.1.2/16", "different prefixes", "write /24 on both"),
        ("a:192.168.1.1", "b:fd00::1", "IPv4 on one end and IPv6", "use one family for both"),
        ("a:192.168.1.1", "a:192.168.1.2", "a pair joins two different nodes", "rename one of them"),
    ],
)
def test_ends_that_cannot_reach_each_other_are_refused(first: str, second: str, what: str, fix: str) -> None:
    said = refusal(Topology.parse, [(first, second)])
    assert what in said
    assert said.endswith(fix)
    for end in (first, second):
        assert str(Endpoint.parse(end)) in said


@pytest.mark.parametrize("text", ["", "a", "192.168.1.1", "a192.168.1.1/24", ":1.2.3.4", ":", "a:b:1.2.3.4", "a::1"])
def test_what_is_no_endpoint_is_shown_how_to_write_one(text: str) -> None:
    said = refusal(Endpoint.parse, text)
    assert "NAME:ADDRESS" in said
    assert repr(text) in said


@pytest.mark.parametrize("name", NOT_A_NAME)
def test_what_is_no_name_is_refused(name: str) -> None:
    said = refusal(Endpoint.parse, f"{name}:192.168.1.1")
    assert repr(name) in said
    if "localhost" in name:
        assert "choose another name" in said
    else:
        assert "a-z, 0-9 and '-'" in said
        assert "at most 63 characters" in said
    assert refusal(Topology, (name,)) == said


def test_an_empty_name_is_refused_wherever_it_comes_from() -> None:
    refusal(Endpoint.parse, ":192.168.1.1")
    assert "a-z, 0-9 and '-'" in refusal(check_name, "")
    assert "a-z, 0-9 and '-'" in refusal(Endpoint, "", Address.parse("192.168.1.1/24"))


@pytest.mark.parametrize("value", [3232235777, 1, True, None, b"a:192.168.1.1", ["a:192.168.1.1"], 1.5])
def test_what_is_not_text_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        Endpoint.parse(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Topology.parse([("a:192.168.1.1", value)])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        Endpoint("a", (value,))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Topology((value,))  # type: ignore[arg-type]


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
    (link,) = Topology.parse([pair]).links
    assert link.ends == (Endpoint.parse(pair[0]), Endpoint.parse(pair[1]))


def test_the_host_s_own_subnet_is_accepted() -> None:
    # The sandbox's network is not the host's: no address of the machine is looked at.
    assert Topology.parse([("a:10.0.2.15", "b:10.0.2.2")]).nodes == ("a", "b")
    assert Topology.parse([("a:172.17.0.1/16", "b:172.17.0.2/16")]).nodes == ("a", "b")


def test_an_endpoint_given_ready_made_is_taken_as_it_is() -> None:
    first, second = Endpoint.parse("a:10.0.0.1"), Endpoint.parse("b:10.0.0.2")
    assert Topology.parse([(first, "b:10.0.0.2")]) == Topology(("a", "b"), (Link(first, second),))


def test_nodes_and_interfaces_are_numbered_in_order_of_declaration() -> None:
    chain = Topology.parse([("b:10.0.1.1", "a:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2"), ("c:fd00::1", "b:fd00::2")])
    assert chain.nodes == ("b", "a", "c")
    assert chain.wires == (
        (
            Interface("b", "eth0", 2, (Address.parse("10.0.1.1/24"),)),
            Interface("a", "eth0", 2, (Address.parse("10.0.1.2/24"),)),
        ),
        (
            Interface("b", "eth1", 3, (Address.parse("10.0.2.1/24"),)),
            Interface("c", "eth0", 2, (Address.parse("10.0.2.2/24"),)),
        ),
        (
            Interface("c", "eth1", 3, (Address.parse("fd00::1/64"),)),
            Interface("b", "eth2", 4, (Address.parse("fd00::2/64"),)),
        ),
    )


def test_a_node_alone_has_no_link() -> None:
    assert Topology.alone() == Topology(("sandbox",), ())
    assert Topology.alone("x").nodes == ("x",)
    assert Topology.alone().wires == ()


@pytest.mark.parametrize(
    ("pairs", "what"),
    [
        ([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.1.1")], "different subnets"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("c:10.0.1.2", "d:10.0.1.3")], "the same address twice"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("a:10.0.1.3", "b:10.0.1.4")], "a subnet of its own"),
        ([("a:10.0.1.1", "b:10.0.1.2"), ("a:10.0.1.3", "c:10.0.1.4")], "a subnet of its own"),
        ([("a:10.0.1.1/8", "b:10.0.1.2/8"), ("a:10.9.1.3", "c:10.9.1.4")], "a subnet of its own"),
        ([("a:10.9.1.3", "c:10.9.1.4"), ("a:10.0.1.1/8", "b:10.0.1.2/8")], "a subnet of its own"),
    ],
)
def test_pairs_that_contradict_each_other_are_refused(pairs: list[tuple[str, str]], what: str) -> None:
    assert what in refusal(Topology.parse, pairs)


@pytest.mark.parametrize(
    ("nodes", "what"),
    [
        (("a",), "'b'"),
        ((), "'a'"),
        (("a", "b", "a"), "'a'"),
    ],
)
def test_links_between_nodes_that_are_not_declared_once_are_refused(nodes: tuple[str, ...], what: str) -> None:
    link = Link(Endpoint.parse("a:10.0.0.1"), Endpoint.parse("b:10.0.0.2"))
    assert what in refusal(Topology, nodes, (link,))


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
NEARLY_ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.from_regex(r"[0-9a-f:.%/ ]{0,24}", fullmatch=True),
    st.tuples(st.ip_addresses(), st.integers(-1, 130)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
)
NEARLY_ENDPOINTS = st.one_of(
    ANY_TEXT,
    st.tuples(ANY_TEXT, ANY_TEXT).map(":".join),
    st.tuples(st.from_regex(r"[a-z0-9-]{1,5}", fullmatch=True), NEARLY_ADDRESSES).map(":".join),
)


@given(NEARLY_ENDPOINTS)
@example("a:fe80::1%%/64")
@example("a:fd00::1%1/64")
def test_any_text_is_refused_or_comes_back_as_it_was_understood(text: str) -> None:
    try:
        end = Endpoint.parse(text)
    except RequestError as error:
        said = str(error)
        assert " - " in said
        assert said.isprintable()
    else:
        assert Endpoint.parse(str(end)) == end
        assert str(Endpoint.parse(str(end))) == str(end)


@given(NEARLY_ENDPOINTS, NEARLY_ENDPOINTS)
def test_any_two_texts_are_refused_or_make_a_pair(first: str, second: str) -> None:
    try:
        topology = Topology.parse([(first, second)])
    except RequestError:
        return
    (link,) = topology.links
    assert Topology.parse([(str(link.first), str(link.second))]) == topology


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["10.0.0", "10.0.1", "10.128.0", "11.0.0", "fd00:"]),
            st.sampled_from([8, 9, 16, 23, 24, 25]),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_subnets_of_a_node_overlap_as_they_do_one_by_one(drawn: list[tuple[str, int, bool]]) -> None:
    """The check sorts them: held against the same question asked of every two."""
    written: list[list[str]] = []
    for number, (start, prefix, again) in enumerate(drawn, start=1):
        address = f"fd00::{number}:0:0:1/{prefix + 64}" if ":" in start else f"{start}.{number}/{prefix}"
        if again and written:
            written[-1].append(address)
        else:
            written.append([address])
    networks = [[ip_interface(text).network for text in words] for words in written]
    two = itertools.combinations(networks, 2)
    overlap = any(
        one.version == other.version and one.overlaps(other)  # type: ignore[arg-type]
        for ours, theirs in two
        for one in ours
        for other in theirs
    )
    switches = [Switch(f"s{at}") for at in range(len(written))]
    ends = [Endpoint("a", tuple(map(Address.parse, words))) for words in written]
    links = [Link(end, Endpoint(switch.name)) for end, switch in zip(ends, switches, strict=True)]
    with pytest.raises(RequestError, match="a subnet of its own") if overlap else nullcontext():
        Topology(("a",), tuple(links), tuple(switches))
