"""The kernel's answers, as pyroute2 has them, told as facts."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from ..kernel.rtnetlink import netconf
from .facts import IP, Address, Interface, Neighbour, Network, Route, as_address

if TYPE_CHECKING:
    from pyroute2 import IPRoute

    Settings = dict[int, tuple[bool, int]]

IFF_UP, IFF_LOOPBACK, IFF_NOARP, IFF_LOWER_UP = 0x1, 0x8, 0x80, 0x1_0000  # netdevice(7)
IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x08, 0x40  # include/uapi/linux/if_addr.h
BRIDGE_PORT_FORWARDS = 3  # BR_STATE_FORWARDING in include/uapi/linux/if_bridge.h
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


def network_of(route: Any) -> Network:
    """What a route is for."""
    zero = "0.0.0.0" if route["family"] == socket.AF_INET else "::"
    return ip_network(f"{route.get_attr('RTA_DST') or zero}/{route['dst_len']}")


def interface(
    place: str, link: Any, addresses: dict[int, Addresses], settings: Settings, peer: tuple[str, int] | None
) -> Interface:
    """A link of a place, with the addresses and settings of that place by index; `peer` is where its other end is."""
    flags, index = link["flags"], link["index"]
    forwards, rp_filter = settings.get(index, (False, 0))
    _, of_all = settings.get(netconf.ALL, (False, 0))
    own = addresses.get(index, Addresses())
    state = _port_state(link)
    return Interface(
        place,
        link.get_attr("IFLA_IFNAME"),
        index,
        "loopback" if flags & IFF_LOOPBACK else kind(link),
        bool(flags & IFF_UP),
        bool(flags & IFF_LOWER_UP),
        link.get_attr("IFLA_MTU"),
        link.get_attr("IFLA_ADDRESS") or "",
        tuple(own.all),
        peer,
        link.get_attr("IFLA_MASTER"),
        state in (None, BRIDGE_PORT_FORWARDS) or not flags & IFF_LOWER_UP,
        forwards,
        max(rp_filter, of_all),
        not flags & IFF_NOARP,
        frozenset(own.tentative),
        frozenset(own.duplicate),
    )


def kind(link: Any) -> str:
    """What `ip -d link` calls it: veth, bridge... Empty for what has no kind."""
    info = link.get_attr("IFLA_LINKINFO")
    return (info.get_attr("IFLA_INFO_KIND") if info else None) or ""


def _port_state(link: Any) -> int | None:
    info: Any = link.get_attr("IFLA_LINKINFO")
    data: Any = info.get_attr("IFLA_INFO_SLAVE_DATA") if info else None
    return data.get_attr("IFLA_BRPORT_STATE") if hasattr(data, "get_attr") else None


@dataclass(slots=True)
class Addresses:
    """The addresses of an interface, and which of them may not be used."""

    all: list[Address] = field(default_factory=list)
    tentative: list[IP] = field(default_factory=list)
    duplicate: list[IP] = field(default_factory=list)


def addresses(iproute: IPRoute) -> dict[int, Addresses]:
    """The addresses of each interface, by its index."""
    found: dict[int, Addresses] = {}
    for each in iproute.get_addr():
        flags = each.get_attr("IFA_FLAGS") or 0
        # For IPv4 IFA_ADDRESS is the other end's address where there is one.
        text = each.get_attr("IFA_LOCAL") or each.get_attr("IFA_ADDRESS")
        own = found.setdefault(each["index"], Addresses())
        own.all.append(as_address(f"{text}/{each['prefixlen']}"))
        if flags & IFA_F_DADFAILED:
            own.duplicate.append(own.all[-1].ip)
        elif flags & IFA_F_TENTATIVE:
            own.tentative.append(own.all[-1].ip)
    return found


def neighbours(iproute: IPRoute) -> Iterator[Neighbour]:
    """Every entry of a place's neighbour tables."""
    for each in iproute.get_neighbours():
        ip = each.get_attr("NDA_DST")
        if ip is not None and each["family"] in (socket.AF_INET, socket.AF_INET6):
            mac = each.get_attr("NDA_LLADDR")
            yield Neighbour(each["ifindex"], ip_address(ip), mac, STATES.get(each["state"], "NONE"))


def route(answer: Any, entry: Network | None) -> Route:
    """The route that a lookup has found by this entry of the table."""
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


def refusal(error: Exception) -> str:
    """What kind of route it is that the kernel refuses by. Raises anything that is no answer of the kernel's."""
    code = getattr(error, "code", None)
    if code is None:
        raise error
    return REFUSALS.get(code, "none")
