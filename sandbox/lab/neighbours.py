"""The neighbours that nodes know: kept few while many talk to many.

The kernel keeps 1024 of them (gc_thresh3 in arp(7)) for all networks of the machine together, and none that is less
than five seconds old is given up for a new one. 33 nodes on one switch that talk to each other at once are too many.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack

from ..kernel.rtnetlink import packed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from ..topology.address import Address
    from . import Lab

MANY = 400


class Neighbours:
    """The neighbours by which packets go from nodes to addresses; forgotten where asked, if they are many."""

    def __init__(self, lab: Lab, ways: Mapping[tuple[str, str], Address]) -> None:
        self._lab = lab
        self._stack = ExitStack()
        self._sockets: dict[str, socket.socket] = {}
        # Of each node the index of its interface in a subnet.
        self._interfaces = {
            (end.node, address.subnet): end.index
            for link in lab.links
            for end in link.ends
            for address in end.addresses
        }
        near = sum((node, address.subnet) in self._interfaces for (node, _), address in ways.items())
        self.are_many = near > MANY

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def forget(self, node: str, address: Address) -> None:
        """Have `node` forget who has this address. When it next sends there, it asks again."""
        index = self._interfaces.get((node, address.subnet))
        if index is None or not self.are_many:
            return
        if node not in self._sockets:
            rtnetlink = self._lab[node].socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            self._sockets[node] = self._stack.enter_context(rtnetlink)
        self._sockets[node].send(packed.delete_neighbour(index, address.packed))
