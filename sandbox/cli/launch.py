"""The first thing that `sandbox run` does: fork init, which builds the network by itself; and the lab it becomes."""

from __future__ import annotations

import os
import sys

from .. import messages
from ..init import launch as launch_init

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

    from ..lab import Lab
    from ..topology import Topology

MANY = 50  # links, from which on it may take long enough to be shown


def launch(topology: Topology, *, as_root: bool) -> socket:
    """Fork the init of a new lab and return the socket on which it will answer.

    The command line is a process of its own with one thread: it needs no fork server. Where its nodes have limits, and
    only systemd can give it cgroups of its own, it starts itself anew there. Raises RequestError for what a container
    is to have and is not there.
    """
    if topology.containment:
        from ..sources import settled

        topology = settled(topology)
    if topology.limits:
        _enter_scope(topology)
    own_pidfd = os.pidfd_open(os.getpid())
    ours, theirs = messages.pair()
    try:
        launch_init(topology, theirs, own_pidfd, as_root=as_root)
    finally:
        theirs.close()
        os.close(own_pidfd)
    return ours


def _enter_scope(topology: Topology) -> None:
    from ..init import places
    from ..kernel import cgroup

    if words := places.scope(topology):
        name = f"--unit={cgroup.PREFIX}{os.getpid()}"
        os.execv(words[0], [*words, name, "--", sys.executable, *sys.orig_argv[1:]])


def open_lab(topology: Topology, init: socket) -> Lab:
    """The lab that `init` builds; on a terminal it is shown how far it is, if that takes long."""
    from ..lab import Lab

    if len(topology.links) < MANY:
        return Lab(topology, launch=lambda: init)
    from .progress import Bar

    with Bar("building") as bar:
        return Lab(topology, launch=lambda: init, progress=bar.update)
