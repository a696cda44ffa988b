"""The way out that a user has: slirp4netns speaks for a node as an ordinary program does, with the user's sockets.

It takes no privilege over the host, and dies with the lab.
"""

from __future__ import annotations

import errno
import os

from . import nft, resolver
from .errors import NotAllowed
from .kernel import caps
from .tool import NETNS_FD, Tool, find
from .ways import NAME, RESOLVER, Uplink, subnets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .topology import Topology

TUN = "/dev/net/tun"
MTU = 65520


class Slirp:
    """Uplinks of `topology`, whose nodes are still to be built; this process is in the caller's network."""

    def __init__(self, topology: Topology) -> None:
        slirp = find("slirp4netns", package="slirp4netns", purpose="an uplink without root")
        _check_tun()
        # One subnet for all, here and in other labs: none of them knows of another.
        self._subnet = next(subnets(topology))
        routers = topology.routers
        self._uplinks = [Uplink(node, self._subnet, NAME, forwards=node in routers) for node in topology.uplinks]
        self._nft = nft.find() if any(uplink.forwards for uplink in self._uplinks) else ""
        self._tools = {uplink.node: Tool(_words(slirp, uplink), caps.TO_ENTER) for uplink in self._uplinks}

    def open(self, namespaces: Mapping[str, int]) -> None:
        """Start them, each in its node, and wait until they are ready. Raises NotAllowed."""
        for uplink in self._uplinks:
            tool = self._tools[uplink.node]
            tool.begin(namespaces[uplink.node])
            said, is_ready = tool.hear(lambda said: said.endswith("1"))
            if not is_ready:
                words = said.splitlines()[-1] if said else "no answer within ten seconds"
                raise NotAllowed(f"no way out of {uplink.node}: slirp4netns: {words}", "see sandbox doctor")
            for step in uplink.inner_translations:
                nft.translate(self._nft, step, namespaces[uplink.node])

    def close(self, node: str) -> None:
        """End that of a node."""
        if tool := self._tools.pop(node, None):
            tool.kill()

    @property
    def resolver(self) -> str:
        """The nodes' /etc/resolv.conf: slirp4netns asks whom the host asks."""
        return resolver.at([self._subnet.host(RESOLVER).ip])


def _words(slirp: str, uplink: Uplink) -> list[str]:
    return [
        slirp,
        "--configure",
        f"--mtu={MTU}",
        f"--cidr={uplink.subnet}",
        "--disable-host-loopback",
        "--ready-fd=1",  # it writes a 1
        "--netns-type=path",
        f"/proc/self/fd/{NETNS_FD}",
        NAME,
    ]


def _check_tun() -> None:
    try:
        os.close(os.open(TUN, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        fix = f"sudo chmod 666 {TUN}" if error.errno in (errno.EACCES, errno.EPERM) else "sudo modprobe tun"
        raise NotAllowed(f"an uplink without root takes {TUN}: {os.strerror(error.errno or 0)}", fix) from None
