"""NeST as a contestant: run by the bench's own venv, in namespaces of its own.

python -m benchmarks.peers.nest_lab pairs|switch|chain N
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from nest.clean_up import delete_namespaces  # type: ignore[import-not-found]
from nest.topology import Node, Switch, connect  # type: ignore[import-not-found]
from nest.topology_map import TopologyMap  # type: ignore[import-not-found]

from .cables import SWITCH, cables, nodes
from .serving import serve


def lab() -> tuple[Callable[[], object], Callable[[], object]]:
    """A topology with addresses."""
    shape, n = sys.argv[1], int(sys.argv[2])
    at = {name: Node(name) for name in nodes(shape, n)}
    if shape == "switch":
        at[SWITCH] = Switch(SWITCH)
    for cable in cables(shape, n):
        interfaces = connect(at[cable[0].node], at[cable[1].node])
        for end, interface in zip(cable, interfaces, strict=True):
            if end.address:
                interface.set_address(end.address)
    first = at[nodes(shape, n)[0]]

    def spawn() -> None:
        with first:
            subprocess.run(["true"], check=True)

    return spawn, close


def close() -> None:
    """What it does when a program ends; the next lab shall not find the nodes of this one."""
    delete_namespaces()
    TopologyMap.delete_all_mapping()


serve(lab)
