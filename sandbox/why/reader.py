"""Reads what the kernel tells of places, through an access to them; each place once, until it is to be read anew."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from ..kernel import nftables, sockdiag
from ..kernel.rtnetlink import netconf
from ..kernel.rtnetlink.iproute import open_iproute
from . import answers
from .access import Access
from .facts import IP, Listener, Network, Place, Route

if TYPE_CHECKING:
    from typing import Self

    from pyroute2 import IPRoute

    Settings = dict[int, tuple[bool, int]]

NO_NSID = 0xFFFF_FFFF
RTM_F_FIB_MATCH = 0x2000


class Reader:
    """A look at the places that an access leads to: see facts.Look. A context, for it holds sockets."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._places: dict[str, Place] = {}
        self._routes: dict[tuple[str, IP, IP | None, int | None], Route] = {}
        self._stack = ExitStack()
        self._iproutes: dict[str, IPRoute] = {}
        self._networks: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def place(self, name: str) -> Place:
        """What is there, read when it is first asked for."""
        if name not in self._places:
            self._places[name] = self._read(name)
        return self._places[name]

    def forget(self) -> None:
        """Read everything anew that is asked for from now on."""
        self._places.clear()
        self._routes.clear()

    def route(self, place: str, to: IP, source: IP | None = None, arriving: int | None = None) -> Route:
        """What the kernel there would do with a packet."""
        key = (place, to, source, arriving)
        if key not in self._routes:
            self._routes[key] = self._ask_for_route(*key)
        return self._routes[key]

    def iproute(self, name: str) -> IPRoute:
        """An IPRoute that speaks to a place, open as long as this is."""
        if name not in self._iproutes:
            self._iproutes[name] = self._stack.enter_context(open_iproute(self._opener(name)))
        return self._iproutes[name]

    def _opener(self, name: str) -> Callable[[int, int, int], socket.socket]:
        return lambda family, kind, protocol: self.access.socket(name, family, kind, protocol)

    def _read(self, name: str) -> Place:
        with open_iproute(self._opener(name)) as iproute:
            four, six = self._settings(name, socket.AF_INET), self._settings(name, socket.AF_INET6)
            addresses = answers.addresses(iproute)
            wires = _Wires(self, name, iproute)
            links = [answers.interface(name, link, addresses, four, wires.peer(link)) for link in iproute.get_links()]
            neighbours = tuple(answers.neighbours(iproute))
        return Place(
            name,
            tuple(links),
            neighbours,
            tuple(self._listeners(name)),
            self._rules(name),
            four.get(netconf.ALL, (False, 0))[0],
            six.get(netconf.ALL, (False, 0))[0],
            self.access.declared(name),
            self.access.words(name),
        )

    def _settings(self, name: str, family: int) -> Settings:
        with self._netlink(name, socket.NETLINK_ROUTE) as rtnetlink:
            try:
                return netconf.settings(rtnetlink, family)
            except OSError:
                return {}  # a kernel without IPv6

    def _listeners(self, name: str) -> Iterator[Listener]:
        with self._netlink(name, sockdiag.NETLINK_SOCK_DIAG) as sock_diag:
            try:
                for each in sockdiag.waiting(sock_diag):
                    ip = ip_address(each.packed)
                    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
                    yield Listener(each.protocol, mapped or ip, each.port, each.only_ipv6)
            except FileNotFoundError:
                return  # a kernel without inet_diag: the probe will tell

    def _rules(self, name: str) -> list[dict[str, Any]] | None:
        try:
            with self._netlink(name, nftables.NETLINK_NETFILTER) as nfnetlink:
                if not nftables.has_tables(nfnetlink):
                    return []
        except PermissionError:
            return None
        except OSError:
            return []  # a kernel without nftables
        said = self.access.run(name, ["nft", "-j", "list", "ruleset"])
        return None if said is None else json.loads(said)["nftables"]

    def _netlink(self, name: str, protocol: int) -> socket.socket:
        return self.access.socket(name, socket.AF_NETLINK, socket.SOCK_RAW, protocol)

    def _ask_for_route(self, name: str, to: IP, source: IP | None, arriving: int | None) -> Route:
        asked: dict[str, Any] = {"dst": str(to), "family": socket.AF_INET if to.version == 4 else socket.AF_INET6}
        if source is not None:
            asked["src"] = str(source)
        if arriving is not None:
            asked["iif"] = arriving
        try:
            (answer, *_) = self.iproute(name).route("get", **asked)
        except Exception as error:
            kind = answers.refusal(error)
            return Route(kind if arriving is None else "refused", entry=self._entry(name, to))
        route = answers.route(answer, None)
        if not route.goes and arriving is not None:
            return Route("refused")
        return answers.route(answer, self._entry(name, to) if route.kind == "unicast" else None)

    def _entry(self, name: str, to: IP) -> Network | None:
        """The entry of the routing table that is for `to`: ip route get fibmatch."""
        family = socket.AF_INET if to.version == 4 else socket.AF_INET6
        try:
            (answer, *_) = self.iproute(name).route("get", dst=str(to), family=family, flags=RTM_F_FIB_MATCH)
        except Exception as error:
            answers.refusal(error)
            return self._forbidding_entry(name, to)
        return answers.network_of(answer)

    def _forbidding_entry(self, name: str, to: IP) -> Network | None:
        """The entry for `to` that leads nowhere, of which a lookup tells only that."""
        family = socket.AF_INET if to.version == 4 else socket.AF_INET6
        routes = self.iproute(name).get_routes(family=family)
        networks = (answers.network_of(each) for each in routes if each["type"] in answers.FORBIDDING)
        found = [network for network in networks if to in network]
        return max(found, key=lambda network: network.prefixlen, default=None)

    def network(self, name: str) -> int:
        """A descriptor of the network namespace of a place."""
        if name not in self._networks:
            netns_fd = self.access.network(name)
            self._stack.callback(os.close, netns_fd)
            self._networks[name] = netns_fd
        return self._networks[name]


class _Wires:
    """Where the other ends of a place's cables are: by the numbers that namespaces have in it, NETNSA_NSID."""

    def __init__(self, reader: Reader, name: str, iproute: IPRoute) -> None:
        self._reader = reader
        self._name = name
        self._iproute = iproute
        access = reader.access
        others = [each for each in access.names if each != name]
        near = set(access.near(name))
        self._untried = sorted(others, key=lambda each: each not in near)
        self._known: dict[int, str] = {}

    def peer(self, link: Any) -> tuple[str, int] | None:
        """The place and index of a veth's other end; None where it is in no place that is known here."""
        index = link.get_attr("IFLA_LINK")
        if not index or answers.kind(link) != "veth":
            return None
        nsid = link.get_attr("IFLA_LINK_NETNSID")
        if nsid is None:
            return self._name, index
        while nsid not in self._known and self._untried:
            other = self._untried.pop(0)
            self._known[self._number(other)] = other
        return (self._known[nsid], index) if nsid in self._known else None

    def _number(self, other: str) -> int:
        try:
            number: int = self._iproute.get_netnsid(fd=self._reader.network(other))["nsid"]
        except OSError:
            return -1
        return -1 if number == NO_NSID else number
