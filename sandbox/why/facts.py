"""What the kernel tells of the places that packets come through: values, so that a diagnosis is a matter of thought.

A place is a network namespace by the name that it has here: a node or a switch of a lab, a name of `ip netns`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_interface
from typing import Any, Protocol

IP = IPv4Address | IPv6Address
Address = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network

ICMP = {4: "icmp", 6: "icmpv6"}


def as_address(text: str) -> Address:
    """An address with its prefix, as in 192.168.1.1/24."""
    return ip_interface(text)


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface: `peer` is the place and index of a veth's other end where that is known, `master` a bridge's index.

    `rp_filter` is what holds for it (the higher of its own and that of `all`), `forwards` whether IPv4 packets that
    come in by it are sent on; `resolves`: whether it takes part in ARP; `passes`: whether, if it is a port of a bridge,
    that lets packets through. Of its `addresses` the `tentative` ones may not be used yet, and the `duplicate` ones
    never, for somebody else has them: RFC 4862, 5.4.
    """

    place: str
    name: str
    index: int
    kind: str = "veth"
    is_up: bool = True
    has_carrier: bool = True
    mtu: int = 1500
    mac: str = ""
    addresses: tuple[Address, ...] = ()
    peer: tuple[str, int] | None = None
    master: int | None = None
    passes: bool = True
    forwards: bool = False
    rp_filter: int = 0
    resolves: bool = True
    tentative: frozenset[IP] = frozenset()
    duplicate: frozenset[IP] = frozenset()

    def __str__(self) -> str:
        return f"{self.name} of {self.place}"

    def of_version(self, version: int) -> tuple[Address, ...]:
        """Its addresses of one IP version that others may use."""
        return tuple(each for each in self.addresses if each.version == version and not each.ip.is_link_local)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What a place believes about who has an address: nothing (None) while it asks, or when nobody answered."""

    interface: int
    ip: IP
    mac: str | None
    state: str  # as ip shows it: REACHABLE, STALE, PERMANENT, FAILED...


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that waits for who comes: `protocol` tcp or udp, at an address (0.0.0.0 or ::: any)."""

    protocol: str
    ip: IP
    port: int
    only_ipv6: bool = False

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if self.ip.version == 6 else f"{self.ip}:{self.port}"

    def hears(self, to: IP) -> bool:
        """Whether what comes for this address is for it."""
        if self.ip == to:
            return True
        return self.ip.is_unspecified and (
            self.ip.version == to.version or (self.ip.version == 6 and not self.only_ipv6)
        )


@dataclass(frozen=True, slots=True)
class Route:
    """What `ip route get` says: by which interface, through whom (None: directly), with which address as the source.

    `kind` is unicast or local; or what keeps packets from going: none, unreachable, prohibit, blackhole, refused (the
    place does not take such a packet from there, although it knows a way). `entry` is the entry of the routing table.
    """

    kind: str
    interface: int = 0
    gateway: IP | None = None
    source: IP | None = None
    mtu: int | None = None
    entry: Network | None = None

    @property
    def goes(self) -> bool:
        """Whether packets go anywhere by it."""
        return self.kind in ("unicast", "local")


@dataclass(frozen=True, slots=True)
class Words:
    """How a command is written that is to be carried out in a place.

    `ip` stands for ip, `enter` before any other command. `up` switches an interface (`{}`) on that is among
    `switchable`, with the routes that it had. `netns` is its name among those of `ip netns`, if it has one.
    """

    ip: str = "ip"
    enter: str = ""
    up: str = ""
    switchable: frozenset[str] = frozenset()
    netns: str = ""

    def run(self, command: str) -> str:
        """The command as one has to type it."""
        return f"{self.enter} {command}".lstrip()

    def switch_on(self, interface: str) -> str:
        """The command that sets an interface up."""
        return self.up.format(interface) if interface in self.switchable else f"{self.ip} link set {interface} up"

    def join(self, other: Words) -> str:
        """How a link to another place is made; empty where no single command does."""
        return f"{self.ip} link add eth0 type veth peer name eth0 netns {other.netns}" if other.netns else ""


@dataclass(frozen=True, slots=True)
class Place:
    """One network namespace. `declared` are the addresses that it was given when it was made, as far as that is known.

    `rules` are what `nft -j list ruleset` tells, None where there is something that could not be read.
    """

    name: str
    interfaces: tuple[Interface, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    listeners: tuple[Listener, ...] = ()
    rules: Sequence[Mapping[str, Any]] | None = ()
    forwards_ipv4: bool = False
    forwards_ipv6: bool = False
    declared: tuple[Address, ...] = ()
    words: Words = field(default_factory=Words)

    def interface(self, index: int) -> Interface | None:
        """The interface of that index."""
        return next((each for each in self.interfaces if each.index == index), None)

    def having(self, ip: IP) -> Interface | None:
        """The interface that has this address, and answers for it."""
        holders = (each for each in self.interfaces if any(own.ip == ip for own in each.addresses))
        return next((each for each in holders if ip not in each.duplicate), None)

    def of_version(self, version: int) -> tuple[Address, ...]:
        """The addresses of its interfaces but lo."""
        return tuple(own for each in self.outward for own in each.of_version(version))

    @property
    def outward(self) -> tuple[Interface, ...]:
        """Its interfaces but lo."""
        return tuple(each for each in self.interfaces if each.kind != "loopback")

    def neighbour(self, interface: int, ip: IP) -> Neighbour | None:
        """What it believes about who has this address, on that interface."""
        return next((each for each in self.neighbours if (each.interface, each.ip) == (interface, ip)), None)


class Look(Protocol):
    """A look at places, by their names; whoever has taken it once is told the same again."""

    def place(self, name: str) -> Place:
        """The place of that name."""
        ...

    def route(self, place: str, to: IP, source: IP | None = None, arriving: int | None = None) -> Route:
        """What the place does with a packet for `to`: its own, or from `source`, arriving by an interface."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks: can `a` reach `to`, an address of `b` (None where nobody known has it); on a port, or at all."""

    a: str
    b: str | None
    to: IP | None
    version: int
    port: int | None = None
    protocol: str = ""  # tcp, udp; with no port: icmp or icmpv6

    @property
    def target(self) -> str:
        """How B is called."""
        return self.b or str(self.to)


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of a real packet: to whom, whether it was answered, and what was seen."""

    to: str
    ok: bool | None
    seen: str


@dataclass(frozen=True, slots=True)
class Probes:
    """Real packets: to B, and if that failed to each hop before it; `large`: as large as the first link lets one be."""

    final: Probe | None = None
    hops: tuple[Probe, ...] = ()
    large: Probe | None = None
