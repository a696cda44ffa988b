"""The first thing that `sandbox run` does: fork init, which then builds the network by itself."""

from __future__ import annotations

import os

from .. import messages
from ..init import launch as launch_init

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

    from ..topology import Topology


def launch(topology: Topology, *, as_root: bool) -> socket:
    """Fork the init of a new lab and return the socket on which it will answer.

    The command line is a process of its own with one thread: it needs no fork server.
    """
    own_pidfd = os.pidfd_open(os.getpid())
    ours, theirs = messages.pair()
    try:
        launch_init(topology, theirs, own_pidfd, as_root=as_root)
    finally:
        theirs.close()
        os.close(own_pidfd)
    return ours
