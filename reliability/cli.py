"""`sandbox` as a user starts it: a program of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from statistics import median
from time import monotonic, perf_counter, sleep
from typing import Any

from .check import Complaint
from .launch import SANDBOX

NODES = {"one": ("",), "two": ("a | ", "b | ")}  # what is before each line of theirs
PATIENCE_S = 20.0  # for what takes far less, on a machine that has much else to do


def launched(*words: str, before: Sequence[str] = (), **options: Any) -> subprocess.CompletedProcess[str]:
    """`sandbox *words` at its end, what it wrote included; with `before`, a program that executes it."""
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": PATIENCE_S, **options}
    return subprocess.run([*before, *SANDBOX, *words], **options)


@contextmanager
def launching(*words: str, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """`sandbox *words` while it runs; at the end it is killed."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with subprocess.Popen([*SANDBOX, *words], **{"text": True, **options}) as process:
        try:
            yield process
        finally:
            process.kill()


def told(attempt: Callable[[str], object]) -> Callable[[str], Complaint]:
    """An attempt at a case, whose failed assertion, or the end of whose patience, is the complaint."""

    @wraps(attempt)
    def complaint(case: str) -> Complaint:
        try:
            attempt(case)
        except AssertionError as failure:
            return str(failure) or repr(failure)
        except subprocess.TimeoutExpired as failure:
            return f"not ended within {failure.timeout:g} s"
        return ""

    return complaint


def must(holds: object, complaint: object) -> None:
    """Complain unless it holds."""
    if not holds:
        raise AssertionError(complaint)


def pause(seconds: float) -> None:
    """Time that passes, to hit any instant of something; no fact is waited for."""
    until = monotonic() + seconds
    while monotonic() < until:
        sleep(0.0005)


def ended_well(done: subprocess.CompletedProcess[str]) -> None:
    """Complain unless it ended with 0 and had nothing to say about it."""
    must((done.returncode, done.stderr) == (0, ""), f"ended with {done.returncode}: {done.stderr.strip()!r}")


class Times:
    """How long something took, again and again, as a figure."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._taken: list[float] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        begun = perf_counter()
        yield
        self._taken.append((perf_counter() - begun) * 1000)

    def __str__(self) -> str:
        if not self._taken:
            return ""
        return f"{self._what} {_figure(median(self._taken))} ms, longest {_figure(max(self._taken))}"


def _figure(ms: float) -> str:
    return f"{ms:.2f}" if ms < 10 else f"{ms:.0f}"
