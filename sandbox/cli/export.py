"""`sandbox export`, and what --dump-topology shows: a topology in the words of other programs."""

from __future__ import annotations

import json

from ..errors import RequestError
from ..topology.service import Service
from ..values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lab.setting import Setting
    from ..topology import Topology
    from .requests import ExportRequest


def export(request: ExportRequest) -> str:
    """What was asked for, as the text of a file. Raises RequestError for what the format cannot say."""
    topology = request.topology
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
        case "mermaid":
            from ..picture.mermaid import mermaid

            return mermaid(topology)
        case "dot":
            from ..picture.dot import dot

            return dot(topology)
        case "svg":
            from ..picture.svg import svg

            return svg(topology)
        case "schema":
            from ..labfile.tables import schema

            return json.dumps(schema(), indent=2) + "\n"
    return topology.dump()


def dump(topology: Topology, commands: Sequence[tuple[str, ...]], setting: Setting | None = None) -> str:
    """The lab file that says the same; with commands for its nodes, these are what it runs, with these variables.

    Raises RequestError for what no file can say of commands.
    """
    variables, workdir = (setting.variables, setting.workdir) if setting else ({}, None)
    if setting and (setting.clear or setting.user is not None):
        raise RequestError("--clear-env and --user: not for a lab file to say - leave them out, and write them to run")
    if commands:
        pairs = zip(topology.places, commands, strict=True)
        services = tuple(Service(node, argv, variables, workdir) for node, argv in pairs)
        topology = replace(topology, services=services)
    return topology.dump()
