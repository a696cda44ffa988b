"""The way out that a user has: slirp4netns, or pasta, speaks for a node with the user's own sockets.

It takes no privilege over the host, and dies with the lab.
"""

from __future__ import annotations

import errno
import os

from ..errors import NotAllowed
from ..kernel import caps
from ..plan.ways import GATEWAY, NAME, NODE, RESOLVER, Uplink, subnets
from . import nft, resolver
from .tool import NETNS_FD, Tool, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..topology import Topology
    from ..topology.address import Subnet

TUN = "/dev/net/tun"
MTU = 65520
NETNS = f"/proc/self/fd/{NETNS_FD}"


class Slirp:
    """Uplinks of `topology`, whose nodes are still to be built; this process is in the caller's network."""

    def __init__(self, topology: Topology) -> None:
        path = _find()
        _check_tun()
        # One subnet for all, here and in other labs: none of them knows of another.
        self._subnet = next(subnets(topology))
        routers = topology.routers
        self._uplinks = [Uplink(node, self._subnet, NAME, forwards=node in routers) for node in topology.uplinks]
        self._nft = nft.find() if any(uplink.forwards for uplink in self._uplinks) else ""
        self._program = os.path.basename(path)
        options = OPTIONS[self._program](self._subnet)
        # To pasta an ignored SIGPIPE is a failure to ignore it.
        pasta = self._program == "pasta"
        argv = [path, *options]
        self._tools = {node: Tool(argv, caps.TO_ENTER, minds_signals=pasta) for node in topology.uplinks}

    def open(self, namespaces: Mapping[str, int]) -> None:
        """Start them, each in its node, and wait until they are ready. Raises NotAllowed."""
        for uplink in self._uplinks:
            tool = self._tools[uplink.node]
            tool.begin(namespaces[uplink.node])
            # When it is ready, slirp4netns says 1, and pasta its pid.
            said, is_ready = tool.hear(lambda said: said.rstrip().rpartition("\n")[2].isdecimal())
            if not is_ready:
                words = said.splitlines()[-1] if said else "no answer within ten seconds"
                raise NotAllowed(f"no way out of {uplink.node}: {self._program}: {words}", "see sandbox doctor")
            for step in uplink.inner_translations:
                nft.translate(self._nft, step, namespaces[uplink.node])

    def close(self, node: str) -> None:
        """End that of a node."""
        if tool := self._tools.pop(node, None):
            tool.kill()

    @property
    def resolver(self) -> str:
        """The nodes' /etc/resolv.conf: there the program asks whom the host asks."""
        return resolver.at([self._subnet.host(RESOLVER).ip])


def _find() -> str:
    """The path of the one that is installed. Raises NotAllowed."""
    try:
        return find("slirp4netns", package="slirp4netns", purpose="an uplink without root")
    except NotAllowed as missing:
        try:
            return find("pasta", package="passt", purpose="an uplink without root")
        except NotAllowed:
            raise missing from None


def _of_slirp4netns(subnet: Subnet) -> list[str]:
    return [
        "--configure",
        f"--mtu={MTU}",
        f"--cidr={subnet}",
        "--disable-host-loopback",
        "--ready-fd=1",
        "--netns-type=path",
        NETNS,
        NAME,
    ]


def _of_pasta(subnet: Subnet) -> list[str]:
    addresses = {"-a": NODE, "-g": GATEWAY, "--dns-forward": RESOLVER}
    return [
        "--foreground",
        "--quiet",
        "--pid=/proc/self/fd/1",
        "--config-net",
        "--netns-only",
        f"--netns={NETNS}",
        f"--ns-ifname={NAME}",
        f"--mtu={MTU}",
        *(word for option, place in addresses.items() for word in (option, subnet.host(place).ip)),
        f"--netmask={subnet.prefix}",
        "-4",
        "--no-map-gw",
        # No ports of the host's lead in, and none of its loopback's out.
        *("-t", "none", "-u", "none", "-T", "none", "-U", "none"),
    ]


OPTIONS = {"slirp4netns": _of_slirp4netns, "pasta": _of_pasta}


def _check_tun() -> None:
    try:
        os.close(os.open(TUN, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        fix = f"sudo chmod 666 {TUN}" if error.errno in (errno.EACCES, errno.EPERM) else "sudo modprobe tun"
        raise NotAllowed(f"an uplink without root takes {TUN}: {os.strerror(error.errno or 0)}", fix) from None
