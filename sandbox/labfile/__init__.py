"""A topology as a file: TOML in, TOML out. What was read is declared in a Draft, as the words of a command line are."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from difflib import get_close_matches

import msgspec

from ..errors import RequestError
from ..sizes import spell_size
from ..topology.address import Subnet
from ..topology.draft import Draft
from ..topology.endpoint import Endpoint
from ..topology.limits import NONE, Limits, spell_pair
from ..topology.publication import Publication
from ..topology.service import SHELL, Ready, Service
from ..topology.switch import Switch
from .contain import contain_table, containment
from .tables import LabTable, LinkTable, NodeTable, ReadyTable, SwitchTable, read
from .toml import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, TypeVar

    from msgspec import UnsetType

    from ..topology import Topology
    from ..topology.endpoint import Link

    T = TypeVar("T")


def load(path: str) -> Topology:
    """The topology in the file at `path`. Raises RequestError, and OSError where it cannot be read."""
    draft = Draft()
    declare(draft, read_text(path), source=path)
    with _at(path):
        return draft.topology()


def loads(text: str) -> Topology:
    """The topology written as `text`. Raises RequestError."""
    draft = Draft()
    declare(draft, text)
    return draft.topology()


def read_text(path: str) -> str:
    """The text of the file at `path`. Raises RequestError where it is none, and OSError."""
    with open(path, encoding="utf-8") as file, _at(path):
        try:
            return file.read()
        except UnicodeDecodeError as error:
            raise RequestError(f"byte {error.start} is no UTF-8 - a lab file is text in TOML") from None


def declare(draft: Draft, text: str, *, source: str = "") -> None:
    """Declare in `draft` what is written as `text`. Raises RequestError, which names `source` and the place in it."""
    with _at(source):
        _declare(draft, read(_parse(text)))


def dumps(topology: Topology) -> str:
    """The file of which loads() makes `topology`. Raises RequestError for a command that is no text."""
    try:
        return write(document(topology))
    except UnicodeEncodeError as error:
        what = f"{error.object!r} is no text, and cannot stand in a file"
        raise RequestError(f"{what} - write it in UTF-8") from None


def document(topology: Topology) -> dict[str, Any]:
    """The file of `topology` as plain values: what TOML is made of, and JSON."""
    plugs = _plugs_first(topology)
    links = topology.links[sum(map(len, plugs.values())) :]
    nodes = {name: _node(topology, name, plugs.get(name, ())) for name in topology.nodes}
    tables = LabTable(
        routes=topology.static_routes,
        contain=contain_table(topology.containment) if topology.containment else False,
        switches={switch.name: _switch(switch) for switch in topology.switches},
        nodes=_needed(nodes, links, topology.switch_names),
        links=[LinkTable(ends=(str(link.first), str(link.second))) for link in links],
    )
    plain: dict[str, Any] = msgspec.to_builtins(tables)
    return plain


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).rstrip(")").partition(" (at ")
        raise RequestError(f"{place}: {what[0].lower()}{what[1:]} - check the quotes, brackets and = there") from None
    except RecursionError:
        raise RequestError("lists or tables too deep in each other - check the brackets") from None


def _declare(draft: Draft, tables: LabTable) -> None:
    """Switches come first, then each node with its place on them, then the links: so are interfaces counted."""
    for name, switch in tables.switches.items():
        with _at(f"switches.{name}"):
            draft.switch(Switch(name, tuple(map(Subnet.parse, _list(switch.subnets))), _given(switch.mtu)))
    plugs = {name: list(_plugs(name, table, tables)) for name, table in tables.nodes.items()}
    links = [tuple(_ends(at, table)) for at, table in enumerate(tables.links)]
    for name, table in tables.nodes.items():
        with _at(f"nodes.{name}"):
            _declare_node(draft, name, table, plugs[name])
    for at, (first, second) in enumerate(links):
        with _at(f"links[{at}]"):
            draft.link(first, second)
    for name in (name for name, switch in tables.switches.items() if switch.uplink):
        draft.uplink(name)
    if not tables.routes:
        draft.no_routes()
    if tables.contain:
        with _at("contain"):
            draft.contain(containment(tables.contain))


def _plugs(name: str, table: NodeTable, tables: LabTable) -> Iterator[Endpoint]:
    """Where a node is `on`: each an endpoint that bears the switch's name."""
    with _at(f"nodes.{name}.on"):
        for text in _list(table.on):
            plug = Endpoint.parse_bare(text)
            if plug.node not in tables.switches:
                raise RequestError(f"{plug.node!r}: no such switch - {_switch_meant(plug.node, tables)}")
            yield plug


def _switch_meant(name: str, tables: LabTable) -> str:
    if name in tables.nodes or not tables.switches:
        return "two nodes are joined by [[links]]"
    close = get_close_matches(name, tables.switches, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(tables.switches)}"


def _ends(at: int, table: LinkTable) -> Iterator[Endpoint]:
    with _at(f"links[{at}].ends"):
        yield from map(Endpoint.parse_bare, table.ends)


def _declare_node(draft: Draft, name: str, table: NodeTable, plugs: Sequence[Endpoint]) -> None:
    draft.bare_node(name)
    for plug in plugs:
        draft.node(Endpoint(name, plug.addresses, plug.mtu, plug.mac), switch=plug.node)
    if table.router:
        draft.router(name)
    if table.uplink:
        draft.uplink(name)
    for alias in _list(table.aliases):
        draft.alias(alias, name)
    for text in _list(table.publish):
        draft.publish(_publication(name, text))
    memory = None if isinstance(table.memory, msgspec.UnsetType) else table.memory
    draft.limit(name, Limits(memory, _given(table.pids), _given(table.cpus), table.ulimits))
    if isinstance(table.command, str | list):
        draft.serve(_service(name, table, table.command))
    else:
        for key in ("environment", "cwd", "depends_on", "ready"):
            if _given(getattr(table, key)):
                raise RequestError(f"{key}: of no command - write command as well")


def _publication(node: str, text: str) -> Publication:
    host, colon, port = text.rpartition(":")
    if not colon:
        raise RequestError(f"publish: {text!r}: not two ports - write [ADDRESS:]PORT:PORT[/udp], such as 8080:80")
    return Publication.parse(f"{host}:{node}:{port}")


def _service(node: str, table: NodeTable, command: str | list[str]) -> Service:
    return Service(
        node,
        _argv(command),
        environment=table.environment,
        cwd=_given(table.cwd),
        depends_on=tuple(_list(table.depends_on)),
        ready=_ready(table.ready) if isinstance(table.ready, ReadyTable) else None,
    )


def _ready(table: ReadyTable) -> Ready:
    command = _argv(table.command) if isinstance(table.command, str | list) else None
    return Ready(_given(table.port), _given(table.log), command, table.timeout)


def _argv(command: str | list[str]) -> tuple[str, ...]:
    if isinstance(command, str):
        return (*SHELL, command) if command else ()
    return tuple(command)


def _list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _given(value: T | UnsetType) -> T | None:
    return None if value is msgspec.UNSET else value


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Whatever is refused in here is refused with its place."""
    try:
        yield
    except RequestError as error:
        if not place:
            raise
        raise RequestError(f"{place}: {error}") from None


def _plugs_first(topology: Topology) -> dict[str, list[Endpoint]]:
    """Where each node is `on`, for as many of the first links as can be said that way, in the order of nodes."""
    subnets = {switch.name: switch.subnets for switch in topology.switches}
    place = {node: at for at, node in enumerate(topology.nodes)}
    plugs: dict[str, list[Endpoint]] = {}
    last = 0
    for first, second in (link.ends for link in topology.links):
        is_plug = first.node in place and second == Endpoint(second.node) and second.node in subnets
        # Without an address it would be given one of the switch's.
        if not is_plug or place[first.node] < last or not (first.addresses or not subnets[second.node]):
            break
        last = place[first.node]
        plug = Endpoint(second.node, first.addresses, first.mtu, first.mac)
        plugs.setdefault(first.node, []).append(plug)
    return plugs


def _needed(nodes: Mapping[str, NodeTable], links: Sequence[Link], switches: Sequence[str]) -> dict[str, NodeTable]:
    """Without the last of the nodes that links name in the same order, if there is nothing to say of them."""
    names = list(nodes)
    length = max((at + 1 for at, name in enumerate(names) if nodes[name] != NodeTable()), default=0)
    declared = {*names[:length], *switches}
    mentioned = dict.fromkeys(end.node for link in links for end in link.ends if end.node not in declared)
    kept = names[:length] if list(mentioned) == names[length:] else names
    return {name: nodes[name] for name in kept}


def _switch(switch: Switch) -> SwitchTable:
    return SwitchTable(subnets=list(map(str, switch.subnets)), mtu=_or_unset(switch.mtu))


def _node(topology: Topology, name: str, plugs: Sequence[Endpoint]) -> NodeTable:
    on = list(map(str, plugs))
    service = next((each for each in topology.services if each.node == name), None)
    published = (str(each).rpartition(f":{name}:") for each in topology.publications if each.node == name)
    table = NodeTable(
        on=on[0] if len(on) == 1 else on,
        router=name in topology.routers,
        uplink=name in topology.uplinks,
        aliases=[alias for alias, node in topology.aliases if node == name],
        publish=[f"{host}:{port}" for host, _, port in published],
        **_limits(dict(topology.limits).get(name, NONE)),
    )
    if service:
        table.command = _command(service.argv)
        table.environment = dict(service.environment)
        table.cwd = _or_unset(service.cwd)
        table.depends_on = list(service.depends_on)
        table.ready = _ready_table(service.ready) if service.ready else msgspec.UNSET
    return table


def _limits(limits: Limits) -> dict[str, Any]:
    """The keys that say them."""
    size = None if limits.memory_bytes is None else spell_size(limits.memory_bytes)
    return {
        "memory": _or_unset(size),
        "pids": _or_unset(limits.pids),
        "cpus": _or_unset(limits.cpus),
        "ulimits": {
            name: soft if soft == hard and soft >= 0 else spell_pair((soft, hard))
            for name, (soft, hard) in limits.rlimits.items()
        },
    }


def _ready_table(ready: Ready) -> ReadyTable:
    command = _command(ready.command) if ready.command else msgspec.UNSET
    return ReadyTable(_or_unset(ready.port), _or_unset(ready.log), command, ready.timeout_s)


def _command(argv: tuple[str, ...]) -> str | list[str]:
    return argv[-1] if argv[:-1] == SHELL and argv[-1] else list(argv)


def _or_unset(value: T | None) -> T | UnsetType:
    return msgspec.UNSET if value is None else value
