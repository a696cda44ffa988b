"""What makes a contestant of a program that builds labs in Python: it answers `build`, `spawn` and `close`."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from time import perf_counter


def serve(lab: Callable[[], tuple[Callable[[], object], Callable[[], object]]]) -> None:
    """Answer each line of the input with the microseconds that it took.

    `lab` builds one and returns what runs `true` in its first node, and what closes it.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    actions: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        begun = perf_counter()
        if (asked := line.strip()) == "build":
            actions["spawn"], actions["close"] = lab()
        else:
            actions[asked]()
        print((perf_counter() - begun) * 1e6, flush=True)
