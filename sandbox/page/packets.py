"""Which cables packets crossed in a step, by the counters of the interfaces at their ends, and in which order."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..learn.performance import Ran
    from ..learn.state import Interface

# An interface that comes up announces itself by a packet or two of IPv6 (RFC 3810, RFC 4862). That is no traffic yet.
ANNOUNCEMENTS = 2
IN_A_PLACE = re.compile(r"\bip netns exec (\S+)")


def crossed(
    sender: Interface, receiver: Interface, sender_before: Interface | None, receiver_before: Interface | None
) -> int:
    """How many packets went from one end of a cable to the other since the step before."""
    sent = sender.sent - (sender_before.sent if sender_before else 0)
    received = receiver.received - (receiver_before.received if receiver_before else 0)
    was_up = all(each is not None and each.state == "UP" for each in (sender_before, receiver_before))
    packets = min(sent, received)
    return max(0, packets if was_up or packets > ANNOUNCEMENTS else 0)


def origin(commands: Sequence[Ran], places: Sequence[str]) -> str:
    """The place where they set out: that of the last command that was run in one. Servers are started before."""
    named = [name for ran in commands if ran.kind == "run" for name in IN_A_PLACE.findall(ran.words)]
    return next((name for name in reversed(named) if name in places), places[0])


def hops(cables: Iterable[tuple[str, str]], start: str) -> dict[str, int]:
    """How many cables each place is away from where packets set out."""
    ways: dict[str, set[str]] = {}
    for one, other in cables:
        ways.setdefault(one, set()).add(other)
        ways.setdefault(other, set()).add(one)
    found = {start: 0}
    frontier = [start]
    while frontier:
        name = frontier.pop(0)
        for peer in sorted(ways.get(name, set()) - found.keys()):
            found[peer] = found[name] + 1
            frontier.append(peer)
    return found
