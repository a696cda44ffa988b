"""Reads what the kernel tells of places, through an access to them; each place once, until it is to be read anew."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from ..kernel import nftables, sockdiag
from ..kernel.rtnetlink import netconf
from ..kernel.rtnetlink.iproute import open_iproute
from .access import Access
from .facts import IP, Address, Interface, Listener, Neighbour, Network, Place, Route, as_address

if TYPE_CHECKING:
    from typing import Self

    from pyroute2 import IPRoute

    Settings = dict[int, tuple[bool, int]]

IFF_UP, IFF_LOOPBACK, IFF_NOARP, IFF_LOWER_UP = 0x1, 0x8, 0x80, 0x1_0000  # netdevice(7)
IFA_F_DADFAILED = 0x08
BRIDGE_PORT_FORWARDS = 3  # BR_STATE_FORWARDING in include/uapi/linux/if_bridge.h
NO_NSID = 0xFFFF_FFFF
RTM_F_FIB_MATCH = 0x2000
STATES = {  # include/uapi/linux/neighbour.h
    0x01: "INCOMPLETE",
    0x02: "REACHABLE",
    0x04: "STALE",
    0x08: "DELAY",
    0x10: "PROBE",
    0x20: "FAILED",
    0x40: "NOARP",
    0x80: "PERMANENT",
}
KINDS = {1: "unicast", 2: "local", 6: "blackhole", 7: "unreachable", 8: "prohibit"}  # RTN_* of rtnetlink(7)
FORBIDDING = (6, 7, 8)
# What the kernel answers where a route forbids, or there is none: ip-route(8). From a route of a kind it is the kind.
REFUSALS = {
    errno.ENETUNREACH: "none",
    errno.ESRCH: "none",
    errno.EHOSTUNREACH: "unreachable",
    errno.EACCES: "prohibit",
    errno.EINVAL: "blackhole",
}


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
            addresses = _addresses(iproute)
            wires = _Wires(self, name, iproute)
            links = [_interface(name, link, addresses, four, wires) for link in iproute.get_links()]
            neighbours = tuple(_neighbours(iproute))
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
            kind = _refusal(error)
            return Route(kind if arriving is None else "refused", entry=self._entry(name, to))
        route = _route(answer, None)
        if not route.goes and arriving is not None:
            return Route("refused")
        return _route(answer, self._entry(name, to) if route.kind == "unicast" else None)

    def _entry(self, name: str, to: IP) -> Network | None:
        """The entry of the routing table that is for `to`: ip route get fibmatch."""
        family = socket.AF_INET if to.version == 4 else socket.AF_INET6
        try:
            (answer, *_) = self.iproute(name).route("get", dst=str(to), family=family, flags=RTM_F_FIB_MATCH)
        except Exception as error:
            _refusal(error)
            return self._forbidding_entry(name, to)
        return _network_of(answer)

    def _forbidding_entry(self, name: str, to: IP) -> Network | None:
        """The entry for `to` that leads nowhere, of which a lookup tells only that."""
        family = socket.AF_INET if to.version == 4 else socket.AF_INET6
        forbidding = (each for each in self.iproute(name).get_routes(family=family) if each["type"] in FORBIDDING)
        found = [network for network in map(_network_of, forbidding) if to in network]
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
        if not index or _kind(link) != "veth":
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


def _network_of(route: Any) -> Network:
    zero = "0.0.0.0" if route["family"] == socket.AF_INET else "::"
    return ip_network(f"{route.get_attr('RTA_DST') or zero}/{route['dst_len']}")


def _interface(
    place: str, link: Any, addresses: dict[int, list[Address]], settings: Settings, wires: _Wires
) -> Interface:
    flags, index = link["flags"], link["index"]
    forwards, rp_filter = settings.get(index, (False, 0))
    _, of_all = settings.get(netconf.ALL, (False, 0))
    state = _port_state(link)
    return Interface(
        place,
        link.get_attr("IFLA_IFNAME"),
        index,
        "loopback" if flags & IFF_LOOPBACK else _kind(link),
        bool(flags & IFF_UP),
        bool(flags & IFF_LOWER_UP),
        link.get_attr("IFLA_MTU"),
        link.get_attr("IFLA_ADDRESS") or "",
        tuple(addresses.get(index, ())),
        wires.peer(link),
        link.get_attr("IFLA_MASTER"),
        state in (None, BRIDGE_PORT_FORWARDS) or not flags & IFF_LOWER_UP,
        forwards,
        max(rp_filter, of_all),
        not flags & IFF_NOARP,
    )


def _kind(link: Any) -> str:
    info = link.get_attr("IFLA_LINKINFO")
    return (info.get_attr("IFLA_INFO_KIND") if info else None) or ""


def _port_state(link: Any) -> int | None:
    info: Any = link.get_attr("IFLA_LINKINFO")
    data: Any = info.get_attr("IFLA_INFO_SLAVE_DATA") if info else None
    return data.get_attr("IFLA_BRPORT_STATE") if hasattr(data, "get_attr") else None


def _addresses(iproute: IPRoute) -> dict[int, list[Address]]:
    found: dict[int, list[Address]] = {}
    for each in iproute.get_addr():
        if (each.get_attr("IFA_FLAGS") or 0) & IFA_F_DADFAILED:
            continue  # somebody else has it: rfc4862, 5.4.5
        # For IPv4 IFA_ADDRESS is the other end's address where there is one.
        text = each.get_attr("IFA_LOCAL") or each.get_attr("IFA_ADDRESS")
        found.setdefault(each["index"], []).append(as_address(f"{text}/{each['prefixlen']}"))
    return found


def _neighbours(iproute: IPRoute) -> Iterator[Neighbour]:
    for each in iproute.get_neighbours():
        ip = each.get_attr("NDA_DST")
        if ip is not None and each["family"] in (socket.AF_INET, socket.AF_INET6):
            mac = each.get_attr("NDA_LLADDR")
            yield Neighbour(each["ifindex"], ip_address(ip), mac, STATES.get(each["state"], "NONE"))


def _route(answer: Any, entry: Network | None) -> Route:
    metrics = answer.get_attr("RTA_METRICS")
    gateway, source = answer.get_attr("RTA_GATEWAY"), answer.get_attr("RTA_PREFSRC")
    return Route(
        KINDS.get(answer["type"], "none"),
        answer.get_attr("RTA_OIF") or 0,
        ip_address(gateway) if gateway else None,
        ip_address(source) if source else None,
        metrics.get_attr("RTAX_MTU") if metrics else None,
        entry,
    )


def _refusal(error: Exception) -> str:
    """What kind of route it is that the kernel refuses by. Raises anything that is no answer of the kernel's."""
    code = getattr(error, "code", None)
    if code is None:
        raise error
    return REFUSALS.get(code, "none")
