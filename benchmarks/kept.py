"""A command in a lab that stays: `sandbox exec`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from .launcher import ENDS, PROGRAM
from .stopwatch import Contestant, environment, process

NAME = f"bench-{os.getpid()}"


@contextmanager
def executing() -> Iterator[Contestant]:
    """What runs `true` in a node of a lab that stays, by `sandbox exec`."""
    _sandbox("up", "-d", "--name", NAME, "--pair", *ENDS)
    try:
        yield process([PROGRAM, "exec", f"{NAME}/a", "--", "true"])
    finally:
        _sandbox("down", NAME)


def _sandbox(*words: str) -> None:
    subprocess.run(
        [PROGRAM, *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment()
    )
