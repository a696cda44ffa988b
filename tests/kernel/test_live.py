"""A lab changed while it runs: what the kernel has afterwards, and that a change refused changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sandbox
from reliability.census import wait_for
from sandbox.topology.draft import Draft

from .conftest import Cli


@pytest.fixture
def lab() -> Iterator[sandbox.Lab]:
    """a and b on a switch, b and c joined by a cable, b a router."""
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    draft.node("a")
    draft.node("b")
    draft.pair("b:10.1.0.1", "c:10.1.0.2")
    draft.router("b")
    with sandbox.Lab(draft.topology()) as lab:
        yield lab


def ip(node: sandbox.Node, *words: str) -> Any:
    done = node.run(["ip", "-j", *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout or "[]")


def names(node: sandbox.Node) -> list[str]:
    return [link["ifname"] for link in ip(node, "link")]


def routes(node: sandbox.Node) -> dict[str, str | None]:
    return {route["dst"]: route.get("gateway") for route in ip(node, "route")}


def reaches(node: sandbox.Node, target: str) -> bool:
    return node.run(["ping", "-c", "1", "-W", "1", target], capture_output=True).returncode == 0


@pytest.mark.parametrize("family", ["10.9.0.1 10.9.0.2", "fd09::1 fd09::2"])
def test_a_link_comes_works_at_once_and_goes(lab: sandbox.Lab, family: str) -> None:
    one, other = family.split()
    link = lab.link(f"a:{one}", f"c:{other}")
    assert [(end.node, end.name) for end in link.ends] == [("a", "eth1"), ("c", "eth1")]
    assert reaches(lab["a"], other)
    assert names(lab["c"]) == ["lo", "eth0", "eth1"]
    link.remove()
    assert names(lab["a"]) == names(lab["c"]) == ["lo", "eth0"]
    with pytest.raises(sandbox.RequestError):
        link.remove()


def test_a_number_is_not_used_twice(lab: sandbox.Lab) -> None:
    lab.link("a:10.9.0.1", "c:10.9.0.2").remove()
    assert [end.name for end in lab.link("a:10.9.0.1", "c:10.9.0.2").ends] == ["eth2", "eth2"]


def test_names_are_known_to_commands_that_start_afterwards(lab: sandbox.Lab) -> None:
    lab.add_node("d", switch="lan")
    assert reaches(lab["a"], "d.lab")
    lab.remove_node("d")
    assert "d.lab" not in lab["a"].run(["cat", "/etc/hosts"], capture_output=True, text=True).stdout


def test_a_node_comes_to_a_switch_with_the_first_free_address_and_the_routes_of_the_others(lab: sandbox.Lab) -> None:
    node = lab.add_node("d", switch="lan")
    assert node.ip == "10.0.0.3"
    assert routes(node)["default"] == "10.0.0.2"
    assert reaches(node, "c")
    assert reaches(lab["c"], "d")


def test_a_node_goes_with_its_commands_and_its_links(lab: sandbox.Lab) -> None:
    sleeping = lab["c"].popen(["sleep", "99"])
    lab["c"].run(["sh", "-c", "setsid sleep 98 & true"], check=True)
    lab.remove_node("c")
    assert sleeping.wait(2) == -9
    wait_for(lambda: not lab.processes(), within=2, what="those that nobody waits for end as well")
    assert names(lab["b"]) == ["lo", "eth0"]
    assert "default" not in routes(lab["a"]), "the way to what is gone"
    with pytest.raises(KeyError):
        lab["c"]


def test_a_node_that_is_gone_is_refused_and_costs_nobody_the_lab(lab: sandbox.Lab) -> None:
    gone = lab["c"]
    lab.remove_node("c")
    with pytest.raises(sandbox.RequestError, match="no such node"):
        gone.socket()
    with pytest.raises(sandbox.StepFailed, match="cannot start in c"):
        gone.run(["true"])
    assert reaches(lab["a"], "b")


def test_routes_follow_links(lab: sandbox.Lab) -> None:
    assert routes(lab["c"]) == {"default": "10.1.0.1", "10.1.0.0/24": None}
    lab.add_node("d")
    link = lab.link("b:10.2.0.1", "d:10.2.0.2")
    assert reaches(lab["d"], "a")
    assert reaches(lab["c"], "d")
    link.remove()
    assert set(routes(lab["d"])) == set()
    assert not reaches(lab["c"], "10.2.0.2")


def test_an_interface_down_and_up_has_its_addresses_and_routes_again() -> None:
    draft = Draft()
    draft.pair("a:10.1.0.1,fd01::1", "r:10.1.0.2,fd01::2")
    draft.pair("r:10.2.0.1,fd02::1", "b:10.2.0.2,fd02::2")
    draft.router("r")
    with sandbox.Lab(draft.topology()) as lab:
        before = (ip(lab["a"], "address"), routes(lab["a"]), ip(lab["a"], "-6", "route"))
        interface = lab.links[0].ends[0]
        for _ in range(3):
            interface.down()
            assert not reaches(lab["a"], "10.2.0.2")
            interface.up()
            assert reaches(lab["a"], "10.2.0.2")
            assert reaches(lab["a"], "fd02::2")
        addresses, four, six = (ip(lab["a"], "address"), routes(lab["a"]), ip(lab["a"], "-6", "route"))
        assert [each["addr_info"] for each in addresses] == [each["addr_info"] for each in before[0]]
        assert four == before[1]
        assert sorted(route["dst"] for route in six) == sorted(route["dst"] for route in before[2])


def test_the_peer_of_an_interface_that_is_down_loses_its_carrier(lab: sandbox.Lab) -> None:
    (link,) = (each for each in lab.links if {end.node for end in each.ends} == {"b", "c"})
    link.ends[0].down()
    (eth0,) = ip(lab["c"], "link", "show", "dev", "eth0")
    assert "NO-CARRIER" in eth0["flags"]
    assert eth0["operstate"] in ("LOWERLAYERDOWN", "DOWN")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a:10.0.0.1", "c:10.0.0.9"),
        ("a:10.9.0.1", "c:10.8.0.2"),
        ("a:10.9.0.1", "nobody:10.9.0.2"),
        ("a:10.9.0.1", "a:10.9.0.2"),
        ("a:10.0.0.77", "c:10.0.0.78"),
        ("a", "lan"),
    ],
)
def test_a_link_that_cannot_be_changes_nothing(lab: sandbox.Lab, first: str, second: str) -> None:
    before = lab.topology
    if (first, second) == ("a", "lan"):
        lab.link(first, second).remove()  # an interface without an address can be
    else:
        with pytest.raises(sandbox.RequestError):
            lab.link(first, second)
    assert lab.topology == before
    assert [link.ends[0].node for link in lab.links] == [link.first.node for link in before.links]
    assert names(lab["a"]) == ["lo", "eth0"]


def test_a_step_that_the_kernel_refuses_takes_the_whole_change_back(lab: sandbox.Lab) -> None:
    # Somebody took the index that the next interface of c is to have.
    lab["c"].run(["ip", "link", "add", "name", "mine", "index", "3", "type", "bridge"], check=True)
    with pytest.raises(sandbox.StepFailed, match="busy"):
        lab.link("a:10.9.0.1", "c:10.9.0.2")
    assert names(lab["a"]) == ["lo", "eth0"]
    assert lab.link("a:10.9.0.1", "c:10.9.0.2").ends[1].name == "eth2"


def test_changes_from_several_threads(lab: sandbox.Lab) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as several:
        nodes = list(several.map(lambda number: lab.add_node(f"n{number}"), range(16)))
    assert len({node.name for node in nodes}) == 16
    assert len(lab.nodes) == 19


# --- networks that were there before


@pytest.fixture
def container() -> Iterator[subprocess.Popen[str]]:
    """A process in a network of its own, as a container's, with an eth0 already."""
    words = ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-Urn"]
    script = "ip link add eth0 type bridge; ip link set eth0 up; echo ready; exec sleep 99"
    with subprocess.Popen([*words, "sh", "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def links_of(process: subprocess.Popen[str]) -> list[str]:
    lines = Path(f"/proc/{process.pid}/net/dev").read_text().splitlines()[2:]
    return [line.partition(":")[0].strip() for line in lines]


@pytest.mark.skipif(os.getuid() != 0, reason="the network of another user namespace is not ours to enter")
@pytest.mark.parametrize("let_go", ["remove", "close"])
def test_a_containers_network_becomes_a_node_and_is_let_go_without_a_trace(
    lab: sandbox.Lab, container: subprocess.Popen[str], let_go: str
) -> None:
    before = links_of(container)
    assert "eth0" in before
    node = lab.attach(container.pid, "box")
    link = lab.link("box:10.9.0.1", "a:10.9.0.2")
    assert link.ends[0].name not in before
    assert reaches(lab["a"], "10.9.0.1")
    assert reaches(node, "a")
    if let_go == "remove":
        lab.remove_node("box")
    else:
        lab.close()
    wait_for(lambda: links_of(container) == before, within=2, what="the container is as before")
    assert container.poll() is None


@pytest.mark.skipif(os.getuid() == 0, reason="root may")
def test_a_network_that_is_not_ours_is_refused(lab: sandbox.Lab, container: subprocess.Popen[str]) -> None:
    with pytest.raises(sandbox.NotAllowed, match="not ours to enter"):
        lab.attach(container.pid, "box")
    assert [node.name for node in lab] == ["a", "b", "c"]


def test_the_network_of_a_process_of_the_lab_itself(lab: sandbox.Lab) -> None:
    with lab["a"].popen(["sleep", "99"]) as sleeping:
        again = lab.attach(sleeping.pid, "twin")
        assert names(again) == ["lo", "eth0"]
        sleeping.kill()


@pytest.mark.usefixtures("links_of_the_host")
def test_the_host_hears_nothing_of_changes(lab: sandbox.Lab) -> None:
    lab.add_node("d", switch="lan")
    lab.link("a:10.9.0.1", "d:10.9.0.2").remove()
    lab.remove_node("d")


PROGRAM = """
import sandbox
from sandbox.topology.draft import Draft
draft = Draft()
draft.switch("lan:10.0.0.0/24")
draft.node("a")
draft.node("b")
with sandbox.Lab(draft.topology()) as lab:
    print("begun", flush=True)
    while True:
        lab.add_node("c", switch="lan").popen(["sleep", "999"])
        lab.link("a:fd00::1", "c:fd00::2").ends[0].down()
        lab.remove_node("c")
"""


def test_a_program_that_changes_its_lab_is_killed_and_leaves_nothing(cli: Cli) -> None:
    import random

    chance = random.Random(5)
    cli.command = (sys.executable, "-c", PROGRAM)
    for _ in range(10):
        process = cli.start()
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.01, 0.2))  # time that passes, to hit any instant
        process.kill()
        process.wait(5)
        cli.await_nothing_left(within=1)
