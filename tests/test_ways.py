"""The ways out and in, as steps: complete, in order, and never in the lab's own way."""

from __future__ import annotations

import subprocess

import pytest

from sandbox.errors import RequestError
from sandbox.explain import as_records, explain, script
from sandbox.plan.beyond import AddRoute
from sandbox.plan.routes import routes
from sandbox.plan.ways import RANGES, TRIED, Publish, Translate, Uplink, host_name, subnets, target, ways
from sandbox.topology import Topology
from sandbox.topology.address import Address
from sandbox.topology.draft import Draft
from sandbox.topology.publication import Publication


def of_a_switch() -> Topology:
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    draft.node("a")
    draft.uplink("lan")
    draft.publish("8080:a:80")
    draft.publish("[::1]:53:a:5353/udp")
    return draft.topology()


def alone(**ways_: object) -> Topology:
    return Topology(("a",), **ways_)  # type: ignore[arg-type]


def test_a_lab_without_them_has_no_ways() -> None:
    assert ways(Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])) == ()


def test_an_uplink_is_a_cable_a_default_route_and_a_translation() -> None:
    *cable, translation = ways(alone(uplinks=("a",)))
    assert isinstance(translation, Translate)
    assert "masquerade" in str(translation)
    assert "ct state != { established, related } drop" in str(translation)
    commands = [str(step) for step in cable]
    assert commands[0].startswith("ip link add name sb-$$-0 ")
    assert "type veth peer netns a name uplink " in commands[0]
    assert AddRoute("a", None, Address.parse("100.64.0.2")) in cable
    assert "ip -n a address add 100.64.0.100/24 dev uplink" in commands
    assert "ip address add 100.64.0.2/24 dev sb-$$-0" in commands


def test_only_a_node_that_forwards_translates_by_itself() -> None:
    here = [step.node for step in ways(of_a_switch()) if isinstance(step, Translate)]
    assert here == ["the host", "lan-gateway"]
    assert [step.node for step in ways(alone(uplinks=("a",))) if isinstance(step, Translate)] == ["the host"]


def test_publications_are_led_to_the_first_address() -> None:
    published = [step for step in ways(of_a_switch()) if isinstance(step, Publish)]
    assert [step.target for step in published] == ["10.0.0.1", "10.0.0.1"]
    assert "TCP:10.0.0.1:80" in str(published[0])
    assert "ipv6only=0" in str(published[0])
    assert "bind=[::1]" in str(published[1])
    assert published[1].why == "port 53 of ::1 leads to port 5353 of a"


def test_a_node_without_an_address_is_reached_on_loopback() -> None:
    assert target(alone(), "a") == "127.0.0.1"


def test_an_ipv6_target_stands_in_brackets() -> None:
    topology = Topology.parse([("a:fd00::1", "b:fd00::2")])
    assert "TCP:[fd00::2]:80" in str(Publish(Publication.parse("8080:b:80"), target(topology, "b")))


@pytest.mark.parametrize("show", [explain, script])
def test_they_are_explained_after_the_plan(show: object) -> None:
    text = show(of_a_switch())  # type: ignore[operator]
    assert [line for line in text.splitlines() if line in {str(step) for step in ways(of_a_switch())}] == [
        str(step) for step in ways(of_a_switch())
    ]
    assert [each["step"] for each in as_records(of_a_switch())][-2:] == ["Publish", "Publish"]


def test_the_script_is_one_for_a_shell() -> None:
    subprocess.run(["sh", "-n"], input=script(of_a_switch()), text=True, check=True)


def test_a_subnet_of_the_labs_own_is_no_uplinks() -> None:
    topology = Topology.parse([("a:100.64.0.1", "b:100.64.0.2"), ("a:198.18.0.1/15", "b:198.18.0.2/15")])
    found = list(subnets(topology))
    assert str(found[0]) == "100.64.1.0/24"
    assert len(found) == TRIED - 1


def test_subnets_stay_in_their_ranges() -> None:
    for first in (0, 1, 300, 16383, 4194304):
        found = list(subnets(alone(), first))
        assert len(set(found)) == len(found) == TRIED * len(RANGES)
        assert all(any(each.host(1) in whole for whole in RANGES) for each in found)


def test_the_names_of_the_longest_pids_fit_an_interface() -> None:
    assert len(host_name(4194304, 9999)) <= 15


def test_two_uplinks_have_nothing_in_common() -> None:
    first, second = (
        Uplink(node, subnet, host_name(1, number))
        for number, (node, subnet) in enumerate(zip("ab", subnets(alone()), strict=False))
    )
    assert first.subnet != second.subnet
    assert first.host_name != second.host_name


def test_an_uplink_is_a_nodes_only_default_route() -> None:
    # The one router nearby would be its way to everywhere else.
    draft = Draft()
    draft.pair("a:10.0.1.1", "r:10.0.1.2")
    draft.pair("r:10.0.2.1", "b:10.0.2.2")
    draft.router("r")
    draft.uplink("a")
    assert [str(route.to) for route in routes(draft.topology()) if route.node == "a"] == ["10.0.2.0/24"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("80:a:80", "80:a:81"),
        ("80:a:80", "127.0.0.1:80:a:81"),
        ("[::1]:80:a:80", "80:a:80"),
        ("80:a:1/udp", "80:a:2/udp"),
    ],
)
def test_a_port_of_the_host_leads_to_one_place(one: str, other: str) -> None:
    with pytest.raises(RequestError, match="twice"):
        alone(publications=(Publication.parse(one), Publication.parse(other)))


def test_ports_of_two_addresses_or_protocols_are_two() -> None:
    for one, other in (("80:a:80", "80:a:80/udp"), ("127.0.0.1:80:a:80", "127.0.0.2:80:a:80")):
        alone(publications=(Publication.parse(one), Publication.parse(other)))
