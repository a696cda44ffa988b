"""How many descriptors this process may hold: RLIMIT_NOFILE of getrlimit(2)."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    Limits = dict[int, tuple[int, int]]


def make_room(wanted: int) -> Limits:
    """Allow this process `wanted` descriptors, if it can; returns the limit by number as it was, if it was changed."""
    if not 0 <= os.sysconf("SC_OPEN_MAX") < wanted:
        return {}
    import resource  # few labs are that large

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return {}
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return {resource.RLIMIT_NOFILE: (soft, hard)}
