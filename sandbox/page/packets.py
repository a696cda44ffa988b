"""Which cables packets crossed in a step, by the counters of the interfaces at their ends."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..learn.state import Interface

# An interface that comes up announces itself by a packet or two of IPv6 (RFC 3810, RFC 4862). That is no traffic yet.
ANNOUNCEMENTS = 2


def crossed(sender: Interface, receiver: Interface, sender_before: Interface | None, receiver_before: Interface | None) -> int:
    """How many packets went from one end of a cable to the other since the step before."""
    sent = sender.sent - (sender_before.sent if sender_before else 0)
    received = receiver.received - (receiver_before.received if receiver_before else 0)
    was_up = all(each is not None and each.state == "UP" for each in (sender_before, receiver_before))
    packets = min(sent, received)
    return max(0, packets if was_up or packets > ANNOUNCEMENTS else 0)
