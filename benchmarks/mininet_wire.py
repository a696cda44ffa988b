"""Mininet's link as a contestant: run by the system's Python, in namespaces of its own.

mininet_wire.py TRAFFIC NEAR FAR    two hosts, the link that addLink() makes, TRAFFIC between them
"""

from __future__ import annotations

import sys

from mininet.log import setLogLevel  # type: ignore[import-not-found]
from mininet.net import Mininet  # type: ignore[import-not-found]


def main() -> None:
    """Serve until the input ends."""
    setLogLevel("error")
    Mininet.inited = True  # else it raises limits of the whole machine
    traffic, near, far = sys.argv[1:]
    net = Mininet(controller=None)
    h1, h2 = net.addHost("h1", ip="10.0.0.1/24"), net.addHost("h2", ip="10.0.0.2/24")
    net.addLink(h1, h2)
    net.start()
    server = h1.popen([traffic, "serve", far], stdout=None, stderr=None)
    client = h2.popen([traffic, "ask", h1.IP(), near], stdin=None, stdout=None, stderr=None)
    client.wait()
    server.kill()
    server.wait()
    net.stop()


main()
