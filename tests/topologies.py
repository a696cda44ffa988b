"""Topologies of every kind, for tests that hold whatever the topology is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import strategies as st

from sandbox.capabilities import NAMES as NAMES_OF_CAPABILITIES
from sandbox.containment import Containment, Tmpfs
from sandbox.topology import Topology
from sandbox.topology.address import Address, Subnet
from sandbox.topology.endpoint import LOOPBACK_NAMES, Endpoint, Link
from sandbox.topology.limits import ULIMITS, Limits
from sandbox.topology.publication import Publication
from sandbox.topology.service import Ready, Service
from sandbox.topology.switch import Switch
from sandbox.values import replace

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]

NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,11}", fullmatch=True).filter(lambda name: name not in LOOPBACK_NAMES)
MTUS = st.none() | st.integers(1280, 65535)
MACS = st.none() | st.integers(1, 2**40 - 1).map(lambda number: "02:" + number.to_bytes(5, "big").hex(":"))
# What can be in an argument vector and in a file: text without surrogates, and without NUL.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
WORDS = TEXTS.filter(bool)
LINES = WORDS.filter(lambda text: "\n" not in text)


@st.composite
def topologies(draw: Draw[Any], *, with_services: bool = True) -> Topology:
    """A topology that can be built: at most 6 nodes, 3 switches and 8 links."""
    names = draw(st.lists(NAMES, min_size=1, max_size=9, unique=True))
    switches = [
        _switch(draw, name, at) for at, name in enumerate(names[: draw(st.integers(0, min(3, len(names) - 1)))])
    ]
    nodes = draw(st.permutations(names[len(switches) :]))[:6]
    links = _links(draw, nodes, switches)
    return Topology(
        nodes=tuple(nodes),
        links=tuple(links),
        switches=tuple(switches),
        routers=_some(draw, nodes),
        aliases=_aliases(draw, nodes, names),
        uplinks=_some(draw, nodes),
        publications=_publications(draw, nodes),
        static_routes=draw(st.booleans()),
        services=_services(draw, nodes) if with_services else (),
        containment=draw(st.none() | containments()),
        limits=_limits(draw, nodes),
    )


def containments() -> st.SearchStrategy[Containment]:
    """A container of any kind; it is never made."""
    parts = WORDS.filter(lambda text: "/" not in text and text not in (".", "..", "proc", "sys", "dev"))
    places = st.lists(parts, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
    apart = st.lists(places, unique=True, max_size=4)
    sizes = st.integers(1, 2**50)

    def containment(draw: Draw[Any]) -> Containment:
        targets = draw(apart)
        binds = [(draw(WORDS.filter(lambda text: not text.startswith("/")) | places), target) for target in targets]
        at = draw(st.integers(0, 4))
        rooms = draw(apart.map(lambda all: [each for each in all if each not in targets and ":" not in each]))
        root = draw(st.sampled_from(["rootfs", "rootfs_rw"]))
        return Containment(
            bind=binds[:at],
            ro_bind=binds[at:],
            tmpfs=[Tmpfs(each, draw(st.none() | sizes)) for each in rooms],
            **{root: draw(st.none() | WORDS)},
            tmp_size=draw(sizes),
            cap_add=draw(st.lists(st.sampled_from(NAMES_OF_CAPABILITIES.split()), max_size=3)),
            seccomp=draw(st.booleans()),
        )

    return st.composite(containment)()


def services(node: str, dependencies: tuple[str, ...] = ()) -> st.SearchStrategy[Service]:
    """A service of `node`; it is never started."""
    return st.builds(
        Service,
        st.just(node),
        _argvs(),
        environment=st.dictionaries(LINES.filter(lambda key: "=" not in key), TEXTS, max_size=3),
        cwd=st.none() | WORDS,
        depends_on=st.just(dependencies),
        ready=st.none() | _readies(),
    )


def _switch(draw: Draw[Any], name: str, at: int) -> Switch:
    subnets = (Subnet.parse(f"10.{at}.0.0/16"), Subnet.parse(f"fd00:{at}::/64"))
    return Switch(name, draw(st.sampled_from([(), subnets[:1], subnets[1:], subnets])), draw(MTUS))


def _links(draw: Draw[Any], nodes: list[str], switches: list[Switch]) -> list[Link]:
    """Cables of every kind. Each has subnets of its own; switches are joined to a tree."""
    plugs = [(node, switch) for node in nodes for switch in switches]
    pairs = [(one, other) for at, one in enumerate(nodes) for other in nodes[at + 1 :]]
    links = [_plug(draw, node, switch, nodes) for node, switch in _few(draw, plugs)]
    links += [
        _pair(draw, one, other, at) for at, (one, other) in enumerate(_few(draw, pairs) * draw(st.integers(1, 2)))
    ]
    trunks = [Link(Endpoint(one.name), Endpoint(other.name)) for one, other in pairwise(switches)]
    links += trunks if draw(st.booleans()) else []
    links = _each_mac_once(links)
    return draw(st.permutations(links)) if draw(st.booleans()) else links


def _each_mac_once(links: list[Link]) -> list[Link]:
    seen: set[str | None] = set()

    def once(end: Endpoint) -> Endpoint:
        if end.mac in seen:
            return replace(end, mac=None)
        seen.add(end.mac)
        return end

    return [Link(*map(once, link.ends)) for link in links]


def _plug(draw: Draw[Any], node: str, switch: Switch, nodes: list[str]) -> Link:
    addresses = tuple(subnet.host(1 + nodes.index(node)) for subnet in switch.subnets)
    end = Endpoint(node, draw(st.sampled_from([addresses, ()])), draw(MTUS), draw(MACS))
    ends = (end, Endpoint(switch.name, (), draw(st.none() | MTUS), None))
    return Link(*(ends if draw(st.booleans()) else ends[::-1]))


def _pair(draw: Draw[Any], one: str, other: str, at: int) -> Link:
    addresses = [
        tuple(Address.parse(text) for text in (f"192.168.{at}.{host}", f"fd01:{at}::{host}")) for host in (1, 2)
    ]
    kind = draw(st.sampled_from([slice(0), slice(1), slice(1, 2), slice(2)]))
    return Link(
        *(Endpoint(node, addresses[end][kind], draw(MTUS), draw(MACS)) for end, node in enumerate((one, other)))
    )


def _aliases(draw: Draw[Any], nodes: list[str], taken: list[str]) -> tuple[tuple[str, str], ...]:
    others = draw(st.lists(NAMES.filter(lambda name: name not in taken), max_size=3, unique=True))
    return tuple((alias, draw(st.sampled_from(nodes))) for alias in others)


def _publications(draw: Draw[Any], nodes: list[str]) -> tuple[Publication, ...]:
    ports = draw(st.lists(st.integers(1, 65535), max_size=3, unique=True))
    addresses = st.sampled_from([None, "127.0.0.1", "::1", "fd00:80::1"])
    kinds = st.sampled_from(["tcp", "udp"])
    return tuple(
        Publication(port, draw(st.sampled_from(nodes)), draw(st.integers(1, 65535)), draw(kinds), draw(addresses))
        for port in ports
    )


def _limits(draw: Draw[Any], nodes: list[str]) -> tuple[tuple[str, Limits], ...]:
    numbers = st.integers(0, 1 << 40)
    return tuple(
        (
            node,
            Limits(
                memory=draw(st.none() | st.integers(1 << 20, 1 << 50)),
                pids=draw(st.none() | st.integers(1, 1 << 22)),
                cpus=draw(st.none() | st.floats(0.01, 8192)),
                ulimits=draw(
                    st.dictionaries(
                        st.sampled_from(ULIMITS),
                        st.just("unlimited")
                        | numbers
                        | st.tuples(numbers, numbers).map(lambda pair: tuple(sorted(pair))),
                        max_size=3,
                    )
                ),
            ),
        )
        for node in _some(draw, nodes)
    )


def _services(draw: Draw[Any], nodes: list[str]) -> tuple[Service, ...]:
    serving = draw(st.permutations(_some(draw, nodes)))
    return tuple(draw(services(node, _some(draw, serving[:at]))) for at, node in enumerate(serving))


def _argvs() -> st.SearchStrategy[tuple[str, ...]]:
    lists = st.tuples(WORDS, st.lists(TEXTS, max_size=3)).map(lambda words: (words[0], *words[1]))
    return lists | TEXTS.map(lambda text: ("/bin/sh", "-c", text))


def _readies() -> st.SearchStrategy[Ready]:
    checks = st.one_of(
        st.fixed_dictionaries({"port": st.integers(1, 65535)}),
        st.fixed_dictionaries({"log": LINES}),
        st.fixed_dictionaries({"command": _argvs()}),
    )
    timeouts = st.floats(0, 1e6, exclude_min=True)
    return st.tuples(checks, timeouts).map(lambda pair: Ready(**pair[0], timeout_s=pair[1]))


def _some(draw: Draw[Any], names: Any) -> tuple[str, ...]:
    return tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=3))) if names else ()


def _few(draw: Draw[Any], pairs: list[Any]) -> list[Any]:
    return draw(st.lists(st.sampled_from(pairs), max_size=4, unique_by=repr)) if pairs else []
