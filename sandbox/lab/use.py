"""What the nodes of a lab use of what they are limited to."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Lab


@dataclass(frozen=True)
class Use:
    """What is used of each limit, by node and key: of `memory` bytes, of `pids` processes, of `cpus` seconds so far."""

    used: Mapping[tuple[str, str], int | float]
    limits: Mapping[tuple[str, str], int | float]
    at_s: float

    @classmethod
    def take(cls, lab: Lab) -> Use:
        """Ask the lab."""
        used: dict[tuple[str, str], int | float] = {}
        limits: dict[tuple[str, str], int | float] = {}
        for line in lab.channel.ask("use").get("use", []):
            node, key, now, most = line.split()
            is_time = key == "cpus"
            used[node, key] = int(now) / 1e6 if is_time else int(now)
            limits[node, key] = float(most) if is_time else int(most)
        return cls(used, limits, monotonic())

    def since(self, before: Use) -> dict[tuple[str, str], int | float]:
        """What is used now; of cpus how many, on average since `before`."""
        seconds = max(self.at_s - before.at_s, 1e-9)
        return {
            place: (now - before.used.get(place, now)) / seconds if place[1] == "cpus" else now
            for place, now in self.used.items()
        }
