"""Why one node of a lab cannot reach another: the diagnosis as the program that owns the lab asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RequestError
from .access import LabAccess
from .asking import Port
from .asking import diagnose as diagnose_places
from .diagnosis import Diagnosis

if TYPE_CHECKING:
    from ..lab.node import Node


def diagnose(a: Node, b: Node | str, port: int | str | Port | None = None, *, version: int | None = None) -> Diagnosis:
    """What keeps the node `a` from reaching `b`, a node or its name or an address; true if nothing does.

    `port` is 80 or "53/udp", or a port is not asked about. `version`: IP version 4 or 6, if it matters. Takes up to a
    few seconds where packets are lost. Raises RequestError where that cannot be asked.
    """
    if version not in (None, 4, 6):
        raise RequestError(f"version {version!r}: not an IP version - write 4 or 6")
    if not isinstance(port, Port):
        port = Port() if port is None else Port.parse(str(port))
    access = LabAccess(a.lab)
    if isinstance(b, str):
        other = access.meant(b)
    elif b.lab is not a.lab:
        raise RequestError(
            f"{b.name!r}: of another lab than {a.name!r}, and two labs never meet - ask about one of its"
        )
    else:
        other = b.name
    if other in a.lab.topology.switch_names:
        raise RequestError(f"{other!r}: a switch, which has no address - name a node")
    known_as = access.known_as(a.name, other) if other in access.names else ()
    return diagnose_places(access, a.name, other, port, version=version, known_as=known_as)
