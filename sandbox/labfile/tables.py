"""The tables of a lab file: which keys there are, what each takes, and the words that explain them to a reader.

msgspec reads TOML's values into them, and makes of them the JSON Schema by which an editor completes and checks.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, convert, json

from ..errors import RequestError
from ..topology.endpoint import LEAST_MTU, MOST_MTU, check_name
from . import toml
from .contain import ContainTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"

Name = Annotated[str, Meta(extra_json_schema={"pattern": NAME})]
Mtu = Annotated[int, Meta(ge=LEAST_MTU, le=MOST_MTU, description="The most bytes in a packet.", examples=[1400])]
Argv = Annotated[
    str | list[str],
    Meta(
        description="What runs in it: a list of words, or one text for sh.",
        examples=[["nginx", "-g", "daemon off;"], "curl -sf http://web/"],
    ),
]


class Table(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What all tables are."""


class SwitchTable(Table):
    """A switch that nodes are plugged into."""

    subnets: Annotated[
        str | list[str],
        Meta(
            description="Where its nodes get their addresses from: one subnet, or one for each IP version.",
            examples=["10.0.0.0/24", ["10.0.0.0/24", "fd00::/64"]],
        ),
    ] = []
    mtu: Mtu | UnsetType = UNSET
    uplink: Annotated[bool, Meta(description="Its nodes have a way out of the machine.", examples=[True])] = False


class ReadyTable(Table):
    """When a command can be used by others: one of port, log and command."""

    port: (
        Annotated[int, Meta(ge=1, le=65535, description="Something listens on this port.", examples=[80])] | UnsetType
    ) = UNSET
    log: Annotated[str, Meta(description="A line of its output has this in it.", examples=["ready"])] | UnsetType = (
        UNSET
    )
    command: (
        Annotated[
            str | list[str],
            Meta(
                description="This succeeds in the node: a list of words, or one text for sh.",
                examples=["redis-cli ping"],
            ),
        ]
        | UnsetType
    ) = UNSET
    timeout: Annotated[float, Meta(gt=0, description="How many seconds that may take.", examples=[30])] = 30.0


class NodeTable(Table):
    """A node, and the command that belongs to it."""

    on: Annotated[
        str | list[str],
        Meta(
            description="The switches it is plugged into, eth0 first. Each with its address there, or the first "
            "free one: SWITCH[:ADDRESS[,ADDRESS]...][,mtu=N][,mac=ADDRESS].",
            examples=["lan", "lan:10.0.0.9", ["lan", "wan:192.0.2.1"]],
        ),
    ] = []
    router: Annotated[bool, Meta(description="It forwards packets between its links.", examples=[True])] = False
    uplink: Annotated[bool, Meta(description="It has a way out of the machine.", examples=[True])] = False
    aliases: Annotated[str | list[str], Meta(description="Its other names.", examples=["www"])] = []
    publish: Annotated[
        str | list[str],
        Meta(
            description="Ports of the host that lead to ports of it: [ADDRESS:]PORT:PORT[/udp].",
            examples=["8080:80", ["127.0.0.1:8080:80", "53:53/udp"]],
        ),
    ] = []
    command: Argv | UnsetType = UNSET
    environment: Annotated[
        dict[str, str],
        Meta(description="Variables for its command, beside your own.", examples=[{"LANG": "C", "PORT": "80"}]),
    ] = {}
    cwd: (
        Annotated[
            str,
            Meta(
                description="The directory its command runs in; by default the current one.",
                examples=["/srv/www"],
            ),
        ]
        | UnsetType
    ) = UNSET
    depends_on: Annotated[
        str | list[str],
        Meta(description="The nodes whose commands have to be ready before its own starts.", examples=["web"]),
    ] = []
    ready: (
        Annotated[
            ReadyTable,
            Meta(
                description="When its command can be used by those that depend on it.",
                examples=[{"port": 80}, {"log": "listening"}, {"command": "redis-cli ping", "timeout": 5}],
            ),
        ]
        | UnsetType
    ) = UNSET

    memory: (
        Annotated[
            int | str,
            Meta(
                description="The most memory of all that runs in it together, in bytes or in K, M, G.",
                examples=["256M"],
            ),
        ]
        | UnsetType
    ) = UNSET
    pids: (
        Annotated[int, Meta(description="The most processes and threads in it at once.", examples=[100])] | UnsetType
    ) = UNSET
    cpus: (
        Annotated[float, Meta(description="The most processors' worth of time it gets.", examples=[0.5])] | UnsetType
    ) = UNSET
    ulimits: Annotated[
        dict[str, int | str],
        Meta(
            description="Limits of each process in it: a number, or SOFT:HARD, each of which may be unlimited.",
            examples=[{"nofile": 64, "core": "0:unlimited"}],
        ),
    ] = {}


class LinkTable(Table):
    """A cable between two nodes, between a node and a switch, or between two switches."""

    ends: Annotated[
        tuple[str, str],
        Meta(
            description="What it joins: NAME[:ADDRESS[,ADDRESS]...][,mtu=N][,mac=ADDRESS] each.",
            examples=[["a:10.0.1.1", "b:10.0.1.2"], ["lan", "office"]],
        ),
    ]


class LabTable(Table):
    """A lab of sandbox: nodes, and what joins them."""

    routes: Annotated[bool, Meta(description="Whether nodes are given the ways through routers.", examples=[False])] = (
        True
    )
    contain: Annotated[
        bool | ContainTable,
        Meta(description="Whether each node is a container, or what that container has.", examples=[True]),
    ] = False
    switches: Annotated[
        dict[Name, SwitchTable], Meta(description="By name.", examples=[{"lan": {"subnets": ["10.0.0.0/24"]}}])
    ] = {}
    nodes: Annotated[
        dict[Name, NodeTable],
        Meta(description="By name. Those that only links name may be left out.", examples=[{"web": {"on": "lan"}}]),
    ] = {}
    links: Annotated[
        list[LinkTable],
        Meta(
            description="Cables, in the order in which interfaces are counted.",
            examples=[[{"ends": ["a:10.0.1.1", "b:10.0.1.2"]}]],
        ),
    ] = []


KINDS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def schema() -> dict[str, Any]:
    """The JSON Schema of a lab file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **json.schema(LabTable)}


def read(document: Mapping[str, Any]) -> LabTable:
    """The document as tables. Raises RequestError, which names the place: what is there, and what should be."""
    _check_names(document)
    try:
        return convert(document, LabTable)
    except ValidationError:
        for name, part in _parts(document):
            try:
                convert(part, LabTable)
            except ValidationError as error:
                raise RequestError(_complaint(str(error), name)) from None
        raise


def _check_names(document: Mapping[str, Any]) -> None:
    for key in ("switches", "nodes"):
        content = document.get(key)
        for name in content if isinstance(content, dict) else ():
            try:
                check_name(name)
            except RequestError as error:
                raise RequestError(f"{key}: {error}") from None


def _parts(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The document piece by piece: msgspec does not tell which of several names has the wrong table."""
    for key, content in document.items():
        if key in ("nodes", "switches") and isinstance(content, dict):
            yield from ((name, {key: {name: table}}) for name, table in content.items())
        else:
            yield "", {key: content}


def _complaint(said: str, name: str) -> str:
    """What msgspec said, in a reader's words: "Expected `int`, got `str` - at `$.nodes[...].ready.port`"."""
    what, _, path = said.partition(" - at ")
    keys = path.strip("`$").replace("[...]", f".{name}", 1).replace("[...]", "").strip(".")
    place = _place(keys)
    if unknown := re.fullmatch("Object contains unknown field `(.*)`", what, re.DOTALL):
        return _unknown(unknown[1], keys, place)
    what = re.sub("`(.*?)`", lambda quoted: " or ".join(KINDS.get(each, each) for each in quoted[1].split(" | ")), what)
    key = re.sub(r".*\.|\[.*", "", keys)
    shown = f"write it such as {key} = {toml.value(place['examples'][0])}" if "examples" in place else "write a table"
    return f"{keys}: {what[0].lower()}{what[1:]} - {shown}"


def _unknown(key: str, keys: str, place: Mapping[str, Any]) -> str:
    known = place.get("properties", {})
    where = f"{keys}.{key}" if keys else key
    close = get_close_matches(key, known, n=1)
    if keys and key in LabTable.__struct_fields__:
        fix = "it stands at the top, before the first [table]"
    elif close:
        fix = f"did you mean {close[0]}?"
    else:
        fix = f"there are {', '.join(known)}"
    return f"{where!r}: no such key - {fix}"


def _place(keys: str) -> Mapping[str, Any]:
    """What the schema says of the place that `keys` lead to."""
    whole = schema()
    place: Mapping[str, Any] = whole
    for key in ("", *re.findall(r"[^.\[\]]+", keys)):
        inside = place.get("properties", {})
        place = inside.get(key) or place.get("additionalProperties") or place.get("items") or place
        for each in (place, *place.get("anyOf", ())):
            if "$ref" in each:
                place = {**whole["$defs"][each["$ref"].rpartition("/")[2]], **place}
    return place
