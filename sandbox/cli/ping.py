"""`sandbox ping`: every node pings every other, of a lab that is up or of one that is built for it."""

from __future__ import annotations

import json

from ..errors import RequestError
from ..topology import Topology
from ..values import value
from .arguments import HELP, Grammar
from .target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lab import Lab

USAGE = "usage: sandbox ping LAB | --topology SHAPE | --pair A B... [-4 | -6] [--timeout SECONDS] [--json]"
LOST = 1

PING_HELP = """Have every node ping every other, all at once, and show who reached whom.

LAB is one that is up; without it the lab is built, and gone afterwards.
Exit status: 0 when everyone reached everyone, 1 when something was lost.

\b
Examples:
  sandbox ping x
  sandbox ping --topology ring:8
  sandbox ping --topology fat-tree:4,10.0.0.0/8,fd00::/48 -6 --json
"""

PING = Grammar(
    USAGE,
    flags={"-4": "four", "-6": "six", "--json": "json", "--as-root": "as_root"},
    with_node={"--timeout": "timeout"},
    wants={"--timeout": "a number of seconds"},
)


@value
class PingRequest:
    """What `sandbox ping` was asked for: a lab that is up, by its name, or a topology to be built."""

    lab: str | None = None
    topology: Topology | None = None
    timeout: float = 1.0
    version: int | None = None
    json: bool = False
    as_root: bool = False

    def __post_init__(self) -> None:
        if self.lab is not None and self.topology is not None:
            raise RequestError(f"{self.lab!r}: a lab that is up, and one to be built - {USAGE}")
        if self.lab is None and self.topology is None:
            raise RequestError(f"nobody to ping - {USAGE}")

    def open(self) -> Lab:
        """The lab, as a context: afterwards it is as it was before, there or not."""
        if self.lab is not None:
            return Target(self.lab).open()
        from .launch import launch, open_lab

        assert self.topology is not None
        return open_lab(self.topology, launch(self.topology, as_root=self.as_root))


def parse_ping(words: Sequence[str]) -> PingRequest | None:
    """The request in `words`, which follow `ping`; None when they ask for help. Raises RequestError."""
    if any(word in HELP for word in words):
        return None
    lab = words[0] if words and words[0] and not words[0].startswith("-") else None
    topology, chosen = PING.read(words if lab is None else words[1:])
    if "four" in chosen and "six" in chosen:
        raise RequestError(f"-4 and -6 exclude each other - {USAGE}")
    return PingRequest(
        lab,
        None if topology == Topology.alone() else topology,
        _seconds(str(chosen.get("timeout", "1"))),
        4 if "four" in chosen else 6 if "six" in chosen else None,
        "json" in chosen,
        "as_root" in chosen,
    )


def ping(request: PingRequest) -> int:
    """Print who reached whom; returns the exit status: 0 when everyone reached everyone."""
    with request.open() as lab:
        found = lab.ping_all(timeout=request.timeout, version=request.version)
    print(json.dumps(found.as_records(), indent=2) if request.json else found)
    return 0 if found.is_complete else LOST


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RequestError(f"--timeout {text!r}: not a number - write seconds, such as 1 or 0.5") from None
