"""The words of the commands beside `run` that declare a topology as well, as requests. No launch loads them."""

from __future__ import annotations

from ..errors import RequestError
from ..topology import Topology
from ..topology.endpoint import check_name
from ..values import value
from .arguments import HELP, Grammar, is_file, meant
from .surroundings import OF_COMMANDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lab.setting import Setting

EXPLAIN_USAGE = "usage: sandbox explain [LAB.toml] [--pair A B]... [--sh | --json]"
UP_USAGE = "usage: sandbox up [LAB.toml] [--pair A B]... [--name NAME] [-d]"
EXPORT_USAGE = "usage: sandbox export [LAB.toml] [--pair A B]... --format FORMAT"
FORMATS = ("toml", "json", "sh", "compose", "mermaid", "dot", "svg", "schema")

UP = Grammar(
    UP_USAGE,
    flags={"-d": "detach", "--detach": "detach", "--as-root": "as_root"},
    with_node={"--name": "name"},
    more=OF_COMMANDS,
)
EXPLAIN = Grammar(EXPLAIN_USAGE, flags={"--sh": "sh", "--json": "json", "--dump-topology": "dump"})
EXPORT = Grammar(EXPORT_USAGE, flags={}, with_node={"--format": "format", "-f": "format"})


@value
class ExplainRequest:
    """What `sandbox explain` was asked for."""

    topology: Topology
    sh: bool = False
    json: bool = False
    dump: bool = False

    def __post_init__(self) -> None:
        if self.sh and self.json:
            raise RequestError(f"--sh and --json exclude each other - {EXPLAIN_USAGE}")


@value
class ExportRequest:
    """What `sandbox export` was asked for; the schema is of no topology in particular."""

    topology: Topology
    format: str = "toml"

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            fix = meant(self.format, FORMATS) or f"write one of {', '.join(FORMATS)}"
            raise RequestError(f"--format {self.format!r}: no such format - {fix}")


@value
class UpRequest:
    """What `sandbox up` was asked for: a topology, and the name by which it is found; `setting` is of its services."""

    topology: Topology
    name: str = "lab"
    detach: bool = False
    as_root: bool = False
    setting: Setting | None = None


def parse_explain(words: Sequence[str]) -> ExplainRequest | None:
    """The request in `words`, which follow `explain`; None when they ask for help. Raises RequestError."""
    if any(word in HELP for word in words):
        return None
    topology, chosen = EXPLAIN.read(words)
    return ExplainRequest(topology, **chosen)


def parse_export(words: Sequence[str]) -> ExportRequest | None:
    """The request in `words`, which follow `export`; None when they ask for help. Raises RequestError."""
    if any(word in HELP for word in words):
        return None
    topology, chosen = EXPORT.read(words)
    return ExportRequest(topology, **chosen)


def parse_up(words: Sequence[str]) -> UpRequest | None:
    """The request in `words`, which follow `up`; None when they ask for help. Raises RequestError."""
    if any(word in HELP for word in words):
        return None
    topology, chosen = UP.read(words)
    return UpRequest(topology, **{"name": _stem(words), **chosen})


def _stem(words: Sequence[str]) -> str:
    """How a lab is called that is given no name: as its file, where that can be."""
    file = next(filter(is_file, words), "")
    stem = file.rpartition("/")[2].removesuffix(".toml").lower()
    try:
        check_name(stem)
    except RequestError:
        return "lab"
    return stem
