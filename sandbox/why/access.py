"""How the places of a diagnosis are reached: sockets made inside of each, and nft run there."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ..kernel import namespace
from ..lab import Lab
from ..lab.node import Node
from ..plan.names import addresses
from .facts import Address, Words, as_address

if TYPE_CHECKING:
    from ..lab.live import LiveInterface

PROGRAMS_OF_ROOT = "/usr/local/sbin:/usr/sbin:/sbin"


class Access(Protocol):
    """A way into every place that may be on the way; names are those that the places have here."""

    @property
    def names(self) -> tuple[str, ...]:
        """The places."""
        ...

    def near(self, name: str) -> tuple[str, ...]:
        """Those that are probably joined to this one; they are tried first."""
        ...

    def network(self, name: str) -> int:
        """A descriptor of the network namespace of a place; it is for the caller to close. Raises OSError."""
        ...

    def socket(self, name: str, family: int, kind: int, protocol: int) -> socket.socket:
        """A socket in a place. Raises OSError where the kernel refuses it."""
        ...

    def run(self, name: str, argv: Sequence[str]) -> str | None:
        """What a program prints that is run in a place; None where it cannot be run, or fails."""
        ...

    def declared(self, name: str) -> tuple[Address, ...]:
        """The addresses that a place was given when it was made."""
        ...

    def words(self, name: str) -> Words:
        """How commands for a place are written."""
        ...


def with_programs_of_root() -> dict[str, str]:
    """This program's environment, with a PATH on which nft is found by users as well."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{PROGRAMS_OF_ROOT}"}


class LabAccess:
    """The nodes and switches of a lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._topology = lab.topology
        self._kept = getattr(lab, "name", "")
        self._ends: list[LiveInterface] | None = None
        self._joined: dict[str, set[str]] = {}
        for link in self._topology.links:
            first, second = link.first.node, link.second.node
            self._joined.setdefault(first, set()).add(second)
            self._joined.setdefault(second, set()).add(first)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self._topology.nodes, *self._topology.switch_names)

    def near(self, name: str) -> tuple[str, ...]:
        return tuple(self._joined.get(name, ()))

    def network(self, name: str) -> int:
        with self.socket(name, socket.AF_UNIX, socket.SOCK_DGRAM, 0) as inside:
            return namespace.network_of(inside.fileno())

    def socket(self, name: str, family: int, kind: int, protocol: int) -> socket.socket:
        return Node(self._lab, name).socket(family, kind, protocol)

    def run(self, name: str, argv: Sequence[str]) -> str | None:
        import subprocess

        if name not in self._topology.places:
            return None  # a switch, in which nothing is ever run
        try:
            done = self._lab[name].run(
                argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd="/", env=with_programs_of_root()
            )
        except OSError:
            return None
        return done.stdout if done.returncode == 0 else None

    def declared(self, name: str) -> tuple[Address, ...]:
        ends = [end for link in self._topology.links for end in link.ends if end.node == name]
        return tuple(as_address(str(address)) for end in ends for address in end.addresses)

    def words(self, name: str) -> Words:
        if not self._kept:
            return Words(ip=f"ip -n {name}", enter=f"ip netns exec {name}")
        up = f"sandbox interface {self._kept}/{name} {{}} up"
        if name not in self._topology.nodes:
            return Words(up=up, switchable=self._interfaces(name))  # nothing is ever run in a switch
        enter = f"sandbox exec {self._kept}/{name} --"
        return Words(f"{enter} ip", enter, up, self._interfaces(name))

    def _interfaces(self, name: str) -> frozenset[str]:
        """The interfaces of a place that are the lab's."""
        if self._ends is None:
            self._ends = [end for link in self._lab.links for end in link.ends]
        return frozenset(end.name for end in self._ends if end.node == name)

    def meant(self, text: str) -> str:
        """The node that is called so, an alias told apart; what is none is left as it is."""
        return dict(self._topology.aliases).get(text, text)

    def known_as(self, asker: str, name: str) -> tuple[Address, ...]:
        """The addresses by which a node knows another, the nearest first: those of its /etc/hosts."""
        found = [address for each, address in addresses(self._topology, asker) if each == name]
        return tuple(as_address(str(address)) for address in found)
