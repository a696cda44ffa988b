"""A lab for docker compose: what it says, and what it refuses to say."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sandbox.compose import compose
from sandbox.errors import RequestError
from sandbox.labfile import yaml as ours
from sandbox.topology import Topology

from .topologies import topologies

LAB = """
[switches.lan]
subnets = ["10.0.0.0/24", "fd00::/64"]
mtu = 1400

[nodes.web]
on = "lan"
aliases = ["www"]
publish = ["127.0.0.1:8080:80", "53:53/udp"]
command = ["sh", "-c", "echo $HOME; exec nginx"]
environment = { PRICE = "5$" }
cwd = "/srv"
ready = { port = 80, timeout = 4.5 }

[nodes.client]
on = "lan:10.0.0.9,fd00::9,mac=02:00:00:00:00:01"
uplink = true
depends_on = ["web"]
command = "curl http://web/"
ready = { command = ["true"] }

[nodes.last]
depends_on = ["client"]
command = ["true"]

[[links]]
ends = ["client:192.168.9.1", "far:192.168.9.2"]
"""


def parsed(text: str) -> Any:
    return yaml.safe_load(compose(Topology.loads(text)))


def test_a_lab_as_compose_says_it() -> None:
    file = parsed(LAB.replace("uplink = true", ""))
    web, client, last, far = (file["services"][node] for node in ("web", "client", "last", "far"))
    assert web["command"] == ["sh", "-c", "echo $$HOME; exec nginx"]
    assert web["environment"] == {"PRICE": "5$$"}
    assert (web["hostname"], web["working_dir"]) == ("web", "/srv")
    assert web["ports"] == ["127.0.0.1:8080:80", "53:53/udp"]
    assert ":0050 " in web["healthcheck"]["test"][1]
    assert web["healthcheck"]["retries"] == 5
    assert client["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert last["depends_on"] == {"client": {"condition": "service_healthy"}}
    assert client["command"] == ["/bin/sh", "-c", "curl http://web/"]
    assert client["networks"]["lan"] == {
        "ipv4_address": "10.0.0.9",
        "ipv6_address": "fd00::9",
        "mac_address": "02:00:00:00:00:01",
        "aliases": ["client.lab"],
        "priority": 1,
    }
    assert client["networks"]["client-far"]["priority"] == 0
    assert web["networks"]["lan"]["aliases"] == ["web.lab", "www"]
    assert web["networks"]["published"] == {"priority": -1}
    assert (far["command"], last["network_mode"]) == (["sleep", "infinity"], "none")
    assert file["networks"]["lan"] == {
        "internal": True,
        "enable_ipv6": True,
        "ipam": {
            "config": [
                {"subnet": "10.0.0.0/24", "gateway": "10.0.0.254"},
                {"subnet": "fd00::/64", "gateway": "fd00::ffff:ffff:ffff:ffff"},
            ]
        },
        "driver_opts": {"com.docker.network.driver.mtu": "1400"},
    }
    assert set(file["networks"]) == {"lan", "client-far", "published"}


def test_an_uplink_is_a_network_with_a_way_out() -> None:
    file = parsed("[switches.s]\nsubnets = '10.0.0.0/24'\n[nodes.a]\non = 's'\nuplink = true")
    assert file["services"]["a"]["networks"]["uplink"] == {"priority": -1}
    assert not file["networks"]["uplink"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (LAB.replace("uplink", "router"), "a route of 'web' through 10.0.0.9"),
        ("[nodes.a]\ncommand = 'x'\nready = { log = 'up' }", "that 'a' is ready once it prints 'up'"),
        ("[switches.s]\n[nodes.a]\non = 's'", "'a' on 's' without an address"),
        ("[switches.s]\n[nodes]\na.on = 's:10.0.0.1'\nb.on = 's:10.0.1.1'", "two IPv4 subnets on 's'"),
        ("[switches.s]\n[nodes.a]\non = ['s:10.0.0.1', 's:10.0.1.1']", "two interfaces of 'a' on 's'"),
        ("[switches.s]\n[nodes.a]\non = 's:10.0.0.1,10.0.0.2'", "two IPv4 addresses of 'a' on 's'"),
        ("[contain]\nrootfs = 'r'\n[nodes.a]", "rootfs 'r'"),
        ("[contain]\nbind = '.'\n[nodes.a]", "where '.' is to be"),
        ("[[links]]\nends = ['a:10.0.0.1/31', 'b:10.0.0.0/31']", "every address is taken"),
        ("[[links]]\nends = ['a:10.0.0.1,mtu=1400', 'b:10.0.0.2,mtu=1300']", "two MTUs on 'a-b'"),
    ],
)
def test_what_compose_cannot_say_is_refused_by_name(text: str, what: str) -> None:
    with pytest.raises(RequestError) as caught:
        compose(Topology.loads(text))
    said = str(caught.value)
    assert said.startswith("compose cannot say ")
    assert what in said
    assert " - " in said


def test_a_container_is_one_of_docker_s_that_is_as_tight() -> None:
    text = "bind = ['.:/srv', '/data']\ntmpfs = '/x:1M'\ntmp_size = 9\ncap_add = 'chown'\nseccomp = false"
    service = parsed(f"[contain]\n{text}\n[nodes.a]")["services"]["a"]
    assert service["read_only"] is True
    assert (service["cap_drop"], service["cap_add"]) == (["ALL"], ["CHOWN"])
    assert service["security_opt"] == ["no-new-privileges:true", "seccomp=unconfined"]
    assert service["tmpfs"] == ["/tmp:size=9", "/run:size=9", "/home:size=9", "/x:size=1048576"]
    assert [(each["source"], each["target"], each["read_only"]) for each in service["volumes"]] == [
        (".", "/srv", False),
        ("/data", "/data", False),
    ]


def test_a_router_without_static_routes_forwards() -> None:
    file = parsed("routes = false\n[nodes.r]\nrouter = true\n[[links]]\nends = ['a:10.0.0.1', 'r:10.0.0.2']")
    assert file["services"]["r"]["sysctls"]["net.ipv4.ip_forward"] == "1"


@given(topologies())
def test_any_topology_is_said_whole_or_refused(topology: Topology) -> None:
    try:
        text = compose(topology)
    except RequestError:
        return
    file = yaml.safe_load(text)
    assert list(file["services"]) == list(topology.nodes)
    said = {
        (node, place.get(key))
        for node, service in file["services"].items()
        for place in service.get("networks", {}).values()
        for key in ("ipv4_address", "ipv6_address")
        if key in place
    }
    assert said == {(end.node, address.ip) for link in topology.links for end in link.ends for address in end.addresses}
    for network in file["networks"].values():
        for config in (network or {}).get("ipam", {}).get("config", []):
            assert ipaddress.ip_address(config["gateway"]) in ipaddress.ip_network(config["subnet"])
            assert config["gateway"] not in {ip for _, ip in said}


TEXTS = st.text(st.characters(codec="utf-8")) | st.sampled_from(["on", "No", "y", "null", "1e3", "a-b", ".inf", "x: y"])
LEAVES = TEXTS | st.integers() | st.booleans() | st.lists(TEXTS) | st.none()


@given(st.recursive(st.dictionaries(TEXTS, LEAVES), lambda inner: st.dictionaries(TEXTS, inner | LEAVES), max_leaves=9))
def test_any_document_is_written_as_yaml_is_read(document: dict[str, object]) -> None:
    assert (yaml.safe_load(ours.write(document)) or {}) == document


def test_limits_are_said_as_compose_has_them() -> None:
    limits = 'memory = "64M"\npids = 9\ncpus = 0.5\nulimits = { nofile = "64:128" }'
    service = yaml.safe_load(compose(Topology.loads(f"[nodes.a]\n{limits}")))["services"]["a"]
    assert (service["mem_limit"], service["memswap_limit"], service["pids_limit"]) == (64 << 20, 64 << 20, 9)
    assert (service["cpus"], service["ulimits"]) == (0.5, {"nofile": {"soft": 64, "hard": 128}})


def test_a_limit_that_docker_has_not_is_refused() -> None:
    with pytest.raises(RequestError, match="compose cannot say the ulimit as - limit memory instead"):
        compose(Topology.loads("[nodes.a]\nulimits = { as = 1000000000 }"))
