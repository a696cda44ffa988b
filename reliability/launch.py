"""A program that is started to see what becomes of it, and of all that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .census import marked, wait_for

LAUNCH = "TESTED_LAUNCH"
PAIR = ("--pair", "a:192.168.1.1", "b:192.168.1.2")
SANDBOX = (sys.executable, "-m", "sandbox")
SLEEPERS = (*SANDBOX, "run", *PAIR, "--", "sleep", "99")


class Marked:
    """A mark in the environment of whatever is started with it, and so of all that comes from that."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self.environment = {**os.environ, LAUNCH: self.mark}

    def processes(self) -> list[tuple[int, str]]:
        """What still runs of all that was started: pid and command line."""
        return list(marked(self.mark, variable=LAUNCH))

    def await_nothing_left(self, within: float = 1.0) -> None:
        """Raise AssertionError unless everything ends in time."""
        left: list[tuple[int, str]] = []

        def nothing_is_left() -> bool:
            left[:] = self.processes()
            return not left

        try:
            wait_for(nothing_is_left, within=within)
        except AssertionError:
            raise AssertionError(f"still running after {within:.1f} s: {left}") from None

    def kill(self) -> None:
        """Kill whatever is there."""
        for pid, _ in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Launch(Marked):
    """A program that runs, with a mark of its own; a context at whose end nothing of it does."""

    def __init__(self, words: Sequence[str], directory: Path, **options: Any) -> None:
        super().__init__()
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        self.process = subprocess.Popen(words, cwd=directory, env=self.environment, text=True, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait(10)
        self.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
