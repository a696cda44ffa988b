"""`sandbox export`, and what --dump-topology shows: a topology in the words of other programs."""

from __future__ import annotations

import json
from importlib import import_module

from ..service import Service
from ..values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..topology import Topology
    from .arguments import ExportRequest

PICTURES = ("mermaid", "dot", "svg")


def export(request: ExportRequest) -> str:
    """What was asked for, as the text of a file. Raises RequestError for what the format cannot say."""
    topology = request.topology
    if request.format in PICTURES:
        module = import_module(f"sandbox.picture.{request.format}")
        picture: str = getattr(module, request.format)(topology)
        return picture
    match request.format:
        case "json":
            from ..labfile import document

            return json.dumps(document(topology), indent=2) + "\n"
        case "sh":
            from ..explain import script

            return script(topology)
        case "compose":
            from ..compose import compose

            return compose(topology)
        case "schema":
            from ..tables import schema

            return json.dumps(schema(), indent=2) + "\n"
    return topology.dump()


def dump(topology: Topology, commands: Sequence[tuple[str, ...]]) -> str:
    """The lab file that says the same; with commands for its nodes, these are what it runs."""
    if commands:
        services = tuple(Service(node, argv) for node, argv in zip(topology.nodes, commands, strict=True))
        topology = replace(topology, services=services)
    return topology.dump()
