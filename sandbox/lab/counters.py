"""What the interfaces of a lab have carried: bytes, packets, drops; and how fast, between two looks."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from .carrier import links

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from . import Lab

FIELDS = ("rx_bytes", "rx_packets", "rx_dropped", "tx_bytes", "tx_packets", "tx_dropped")


@dataclass(frozen=True)
class Counters:
    """Of one interface since it was made: bytes, packets and drops, received (rx) and sent (tx); `state` as ip has it.

    Source: IFLA_STATS64, rtnl_link_stats64 in include/uapi/linux/if_link.h.
    """

    state: str
    rx_bytes: int
    rx_packets: int
    rx_dropped: int
    tx_bytes: int
    tx_packets: int
    tx_dropped: int


@dataclass(frozen=True)
class Reading:
    """The counters of every interface of a lab but lo, by node and name, at one moment."""

    counters: Mapping[tuple[str, str], Counters]
    at_s: float

    @classmethod
    def take(cls, lab: Lab) -> Reading:
        """Ask the kernel. Raises RequestError for a node that is removed meanwhile."""
        found = {place: _counters(link) for place, link in links(lab, lab.topology.nodes)}
        return cls(found, monotonic())

    def rates_since(self, before: Reading) -> dict[tuple[str, str], dict[str, float]]:
        """Bytes, packets and drops a second of each interface that was there before as well."""
        seconds = max(self.at_s - before.at_s, 1e-9)
        return {
            key: {name: (getattr(now, name) - getattr(before.counters[key], name)) / seconds for name in FIELDS}
            for key, now in self.counters.items()
            if key in before.counters
        }


def _counters(link: Any) -> Counters:
    stats = link.get_attr("IFLA_STATS64")
    return Counters(link.get_attr("IFLA_OPERSTATE"), *(stats[name] for name in FIELDS))
