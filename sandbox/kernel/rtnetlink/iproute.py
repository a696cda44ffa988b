"""The door to pyroute2, for everything about rtnetlink beyond wiring a pair.

Its import takes 140 ms, so it happens here and only when asked for. It is given a socket made inside the
namespace: its own `netns=` forks, leaks signal handlers, and creates a namespace for a mistyped name.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from pyroute2 import IPRoute

AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE = 16, 2, 0


def open_iproute(open_socket: Callable[[int, int, int], socket]) -> IPRoute:
    """An IPRoute over a socket that `open_socket(family, type, protocol)` makes in some namespace."""
    from pyroute2 import IPRoute

    return IPRoute(use_socket=open_socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE))
