"""Mininet as a contestant: run by the system's Python, in namespaces of its own.

python -m benchmarks.peers.mininet_lab pairs|switch|chain N
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from mininet.log import setLogLevel  # type: ignore[import-not-found]
from mininet.net import Mininet  # type: ignore[import-not-found]
from mininet.nodelib import LinuxBridge  # type: ignore[import-not-found]

from .cables import SWITCH, cables, nodes
from .serving import serve


def lab() -> tuple[Callable[[], object], Callable[[], object]]:
    """A network without a controller, up."""
    shape, n = sys.argv[1], int(sys.argv[2])
    net = Mininet(controller=None)
    at = {name: net.addHost(name, ip=None) for name in nodes(shape, n)}
    if shape == "switch":
        at[SWITCH] = net.addSwitch(SWITCH, cls=LinuxBridge)
    for cable in cables(shape, n):
        first, second = ({"ip": end.address} if end.address else {} for end in cable)
        net.addLink(at[cable[0].node], at[cable[1].node], params1=first, params2=second)
    net.start()
    host = net.hosts[0]
    return lambda: host.cmd("/bin/true"), net.stop  # `true` would be its shell's own


setLogLevel("error")
Mininet.inited = True  # else it raises limits of the whole machine
serve(lab)
