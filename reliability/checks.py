"""All checks, in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Mapping

from .calls import calls
from .check import Maker
from .faults import faults
from .moments import moments
from .walls import walls

CHECKS: Mapping[str, Maker] = {
    "calls": calls,
    "moments": moments,
    "faults": faults,
    "walls": walls,
}
