"""Mininet as a contestant: run by the system's Python, in namespaces of its own.

mininet_lab.py pairs|switch|chain N    answers each line of its input with the microseconds that building took,
                                       and those that stopping took
"""

from __future__ import annotations

import resource
import sys
from time import perf_counter

from mininet.log import setLogLevel  # type: ignore[import-not-found]
from mininet.net import Mininet  # type: ignore[import-not-found]
from mininet.nodelib import LinuxBridge  # type: ignore[import-not-found]
from mininet.topo import Topo  # type: ignore[import-not-found]


class Lab(Topo):  # type: ignore[misc]
    """The topologies of shapes.py: nodes with their addresses, no controller."""

    def build(self, shape: str, n: int) -> None:
        """What Topo calls with its own arguments."""
        getattr(self, shape)(n)

    def pairs(self, n: int) -> None:
        """N cables between two nodes each."""
        for i in range(n):
            self.addLink(
                self.addHost(f"a{i}", ip=f"10.{i >> 8}.{i & 255}.1/24"),
                self.addHost(f"b{i}", ip=f"10.{i >> 8}.{i & 255}.2/24"),
            )

    def switch(self, n: int) -> None:
        """N nodes on one bridge."""
        self.addSwitch("s1", cls=LinuxBridge)
        for i in range(1, n + 1):
            self.addLink("s1", self.addHost(f"n{i}", ip=f"10.0.{i >> 8}.{i & 255}/16"))

    def chain(self, n: int) -> None:
        """N nodes, each joined to the next. The first address is its node's, the second one its interface's."""
        last = self.addHost("n0", ip="10.0.0.1/24")
        for i in range(1, n):
            subnet = f"10.{i - 1 >> 8}.{i - 1 & 255}"
            node = self.addHost(f"n{i}", ip=f"{subnet}.2/24")
            self.addLink(last, node, params1={"ip": f"{subnet}.1/24"} if i > 1 else {})
            last = node


def main() -> None:
    """Serve until the input ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    setLogLevel("error")
    Mininet.inited = True  # else it raises limits of the whole machine
    shape, n = sys.argv[1], int(sys.argv[2])
    for _ in sys.stdin:
        begun = perf_counter()
        net = Mininet(Lab(shape, n), controller=None)
        net.start()
        up = perf_counter()
        net.stop()
        print((up - begun) * 1e6, (perf_counter() - up) * 1e6, flush=True)


main()
