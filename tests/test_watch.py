"""Seeing commands end: also those whose end somebody else was the first to see."""

from __future__ import annotations

from typing import Any

from sandbox.cli.arguments import parse
from sandbox.cli.run import Watch
from sandbox.cli.signals import Forwarding


class Ended:
    """A process that ended, and was noticed: there is nothing left to wait for."""

    limits_reached = ()

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode

    def poll(self) -> int:
        return self.returncode

    def fileno(self) -> int:
        return -1


def test_an_end_that_was_seen_elsewhere_is_noted_without_waiting() -> None:
    request = parse(["--pair", "a:10.0.0.1", "b:10.0.0.2", "--", "x"])
    assert request
    processes: Any = {"a": Ended(0), "b": Ended(-9)}
    with Forwarding([]) as signals:
        watch = Watch(request, processes, None, signals)
        watch.until_the_end()
    assert watch.status == 137
