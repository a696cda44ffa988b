"""munet as a contestant: run by the bench's own venv, in namespaces of its own.

python -m benchmarks.peers.munet_lab pairs|switch|chain N
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Callable

from munet.base import BaseMunet  # type: ignore[import-not-found]

from .cables import SWITCH, cables, nodes
from .serving import serve


def lab() -> tuple[Callable[[], object], Callable[[], object]]:
    """A network of hosts with addresses."""
    shape, n = sys.argv[1], int(sys.argv[2])
    net = BaseMunet("lab", rundir=tempfile.mkdtemp(), pid=False)  # as in munet_pair.py
    at = {name: net.add_host(name) for name in nodes(shape, n)}
    if shape == "switch":
        at[SWITCH] = net.add_switch(SWITCH)
    taken: Counter[str] = Counter()
    for cable in cables(shape, n):
        names = [f"{'port' if end.node == SWITCH else 'eth'}{taken[end.node]}" for end in cable]
        taken.update(end.node for end in cable)
        net.add_link(at[cable[0].node], at[cable[1].node], *names)
        for end, name in zip(cable, names, strict=True):
            if end.address:
                at[end.node].cmd_raises(f"ip address add {end.address} dev {name}")
    first = at[nodes(shape, n)[0]]
    return lambda: first.cmd_raises("true"), lambda: asyncio.run(net.async_delete())


logging.disable(logging.WARNING)
serve(lab)
