"""All checks, in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    addresses,
    crowd,
    events,
    first_packets,
    generated,
    output,
    requests,
    signals,
    soak_labs,
    soak_launches,
    statuses,
    terminal,
)
from .check import Maker

CHECKS: Mapping[str, Maker] = {
    "events": events.check,
    "crowd": crowd.check,
    "soak-launches": soak_launches.check,
    "soak-labs": soak_labs.check,
    "first-packets": first_packets.check,
    "output": output.check,
    "statuses": statuses.check,
    "signals": signals.check,
    "terminal": terminal.check,
    "requests": requests.check,
    "grammar": generated.check,
    "addresses": addresses.check,
}
