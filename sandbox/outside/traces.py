"""What labs have on the host: the host's ends of uplinks, links called `sb-PID-N`.

The kernel takes one away with the network at its other end. Only where somebody else holds that network, having
entered it from outside, does a link outlive its lab; the next uplink sweeps it. Which are still owned, an abstract
socket of the same name tells: it is seen in the same network as the link, and is gone with the lab's init.
"""

from __future__ import annotations

import errno
from _socket import AF_UNIX, SOCK_DGRAM, if_nameindex, socket
from contextlib import suppress
from itertools import count

from ..kernel.rtnetlink import packed
from ..kernel.rtnetlink.conversation import Conversation, Refused
from ..plan.ways import host_name
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@value
class Trace:
    """A link on the host: its name and index, the pid of the lab's init, and whether that is gone."""

    name: str
    index: int
    pid: int
    is_stale: bool


def find() -> Iterator[Trace]:
    """What labs have on this host, in the network that this process is in."""
    claimed = _claimed()
    for index, name in if_nameindex():
        _, _, pid_and_number = name.partition("sb-")
        pid, _, number = pid_and_number.partition("-")
        if pid.isdecimal() and number.isdecimal() and name == host_name(pid, int(number)):
            yield Trace(name, index, int(pid), name not in claimed)


def sweep() -> None:
    """Take away what labs that are gone have left. Needs CAP_NET_ADMIN."""
    for trace in find():
        if trace.is_stale:
            host = Conversation()
            with suppress(Refused):  # the kernel, or another lab, was faster
                host.ask([packed.delete_link(trace.index)])
            host.close()


def unclaimed(pid: int) -> Iterator[tuple[int, socket]]:
    """Numbers of names that are free for an init, each with what keeps it: it is owned as long as that is open."""
    for number in count():
        claim = socket(AF_UNIX, SOCK_DGRAM)
        try:
            claim.bind(f"\0{host_name(pid, number)}".encode())
        except OSError as error:
            if error.errno != errno.EADDRINUSE:  # by the same pid of another PID namespace
                raise
        else:
            yield number, claim


def _claimed() -> set[str]:
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as sockets:
        return {line.rpartition("@")[2].strip() for line in sockets if "@" in line}
