"""Whether an expression of nftables matches a packet, as libnftables-json(5) writes it: yes, no, or not to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from .facts import IP

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "ipv6-icmp": 58}
Sets = Mapping[str, Any]  # the named sets of a table: what is in each


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as a filter sees it: `kind` the type of an ICMP message, `state` what connection tracking says of it.

    Ports are None where they are not known, interfaces where there is none yet.
    """

    protocol: str
    source: IP
    to: IP
    source_port: int | None = None
    port: int | None = None
    kind: str = ""
    state: str = "new"
    comes_by: str | None = None
    goes_by: str | None = None

    @property
    def version(self) -> int:
        return self.to.version

    def content(self, left: Mapping[str, Any]) -> object:
        """What it has in the field that the left side of a match names; None where that is not known."""
        if "payload" in left:
            payload = left["payload"]
            return self._field(str(payload.get("protocol")), str(payload.get("field")))
        if "ct" in left:
            return self.state if left["ct"].get("key") == "state" else None
        if "meta" in left:
            return self._meta(str(left["meta"].get("key")))
        return None

    def _meta(self, key: str) -> object:
        by_key = {
            "iifname": self.comes_by or "",
            "iif": self.comes_by or "",
            "oifname": self.goes_by or "",
            "oif": self.goes_by or "",
            "l4proto": self.protocol,
            "nfproto": f"ipv{self.version}",
            "protocol": "ip" if self.version == 4 else "ip6",
        }
        return by_key.get(key)

    def _field(self, protocol: str, name: str) -> object:
        ours = "ip" if self.version == 4 else "ip6"
        if protocol in ("ip", "ip6"):
            fields = {"saddr": self.source, "daddr": self.to, "protocol": self.protocol, "nexthdr": self.protocol}
            return fields.get(name) if protocol == ours else NOT_THERE
        if protocol == "th" or protocol == self.protocol:
            if self.kind:
                return self.kind if name == "type" else None
            return {"sport": self.source_port, "dport": self.port}.get(name)
        return NOT_THERE if protocol in PROTOCOLS else None


class NotThere:
    """Of a header that the packet does not have: no match with it holds."""


NOT_THERE = NotThere()


def matches(match: Mapping[str, Any], packet: Packet, sets: Sets) -> bool | None:
    """Whether a match holds for the packet, None where that cannot be told."""
    left = match.get("left")
    content = packet.content(left) if isinstance(left, Mapping) else None
    if content is NOT_THERE:
        return False
    if content is None:
        return None
    found = is_among(content, match.get("right"), sets)
    op = match.get("op", "==")
    if op in ("==", "in"):
        return found
    if op == "!=":
        return None if found is None else not found
    return _compare(op, content, match.get("right"))


def is_among(content: object, right: object, sets: Sets) -> bool | None:
    """Whether `content` is what the right side says, or one of it."""
    if isinstance(right, str) and right.startswith("@"):
        return is_among(content, sets[right[1:]], sets) if right[1:] in sets else None
    if isinstance(right, Mapping):
        return _is_in(content, right, sets)
    if isinstance(right, list):
        return any_of([is_among(content, each, sets) for each in right])
    if isinstance(content, str) and isinstance(right, str):
        return _is_word(content, right)
    if isinstance(content, str) and isinstance(right, int):
        return PROTOCOLS[content] == right if content in PROTOCOLS else None
    if isinstance(content, int):
        return content == right if isinstance(right, int) else None
    return _on_addresses(lambda: content == ip_address(str(right)))


def _is_in(content: object, right: Mapping[str, Any], sets: Sets) -> bool | None:
    if "set" in right:
        members = right["set"]
        return is_among(content, members if isinstance(members, list) else [members], sets)
    if "elem" in right:
        return is_among(content, right["elem"].get("val"), sets)
    if "prefix" in right:
        network = f"{right['prefix']['addr']}/{right['prefix']['len']}"
        return _on_addresses(lambda: content in ip_network(network, strict=False))
    if "range" in right:
        low, high = right["range"]
        if isinstance(content, int) and isinstance(low, int) and isinstance(high, int):
            return low <= content <= high
        return _on_addresses(lambda: ip_address(low) <= content <= ip_address(high))  # type: ignore[operator]
    return None


def any_of(answers: list[bool | None]) -> bool | None:
    """Whether one of these is yes."""
    if True in answers:
        return True
    return None if None in answers else False


def _is_word(content: str, right: str) -> bool:
    if right.endswith("*"):
        return content.startswith(right[:-1])
    return PROTOCOLS.get(content, content) == PROTOCOLS.get(right, right)


def _on_addresses(compare: Callable[[], bool]) -> bool | None:
    """None where the right side is no address after all, but a name, say, or of the other IP version."""
    try:
        return compare()
    except (ValueError, TypeError):
        return None


def _compare(op: str, content: object, right: object) -> bool | None:
    if not (isinstance(content, int) and isinstance(right, int)):
        return None
    comparisons = {"<": content < right, ">": content > right, "<=": content <= right, ">=": content >= right}
    return comparisons.get(op)
