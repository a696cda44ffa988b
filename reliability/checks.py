"""All checks, in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    addresses,
    calls,
    crowd,
    events,
    faults,
    first_packets,
    generated,
    moments,
    output,
    requests,
    signals,
    soak_labs,
    soak_launches,
    statuses,
    terminal,
    walls,
)
from .check import Maker

CHECKS: Mapping[str, Maker] = {
    "calls": calls.check,
    "moments": moments.check,
    "faults": faults.check,
    "walls": walls.check,
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
