"""Two hosts and a link by Mininet's Python API, without a controller.

mininet_pair.py [COMMAND...]     another command than `true`
"""

from __future__ import annotations

import sys

from mininet.net import Mininet  # type: ignore[import-not-found]

Mininet.inited = True  # else it raises limits of the whole machine
net = Mininet(controller=None)
a, b = net.addHost("a", ip="192.168.1.1/24"), net.addHost("b", ip="192.168.1.2/24")
net.addLink(a, b)
net.start()
try:
    statuses = [host.pexec(sys.argv[1:] or ["true"])[2] for host in (a, b)]
finally:
    net.stop()
sys.exit(max(statuses))
