"""Faults: system calls by which a pair is launched, each made to fail once; and what came of it."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from typing import Self

from .check import Check, Complaint, Place
from .launch import PAIR, SANDBOX, SLEEPERS, Launch
from .sample import spread
from .tolerated import Tolerance, tolerances
from .tracer import Call, Tracer, tracer

ERRORS = ("EPERM", "ENOMEM", "ENOSPC", "EMFILE")
USES = 3
MANY_QUICK = 40
IN_TIME_S, TOO_LATE_S = 2.0, 10.0
# These cannot fail, or say so in another way: brk(2) by the end of memory that was.
NO_FAULTS = ("brk", "exit_group", "getpid", "getuid", "getgid", "geteuid", "getegid", "gettid", "rt_sigreturn")
PRIVILEGES = re.compile(r"^(?:Cap\w+|NoNewPrivs|Seccomp\w*|Uid|Gid|Groups):.*", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """The how-many-eth use of a call by a process that fails; the caller's are counted from its main() on."""

    who: str
    call: str
    number: int
    error: str

    @classmethod
    def read(cls, case: str) -> Self:
        """As it is written: WHO CALL NUMBER ERROR."""
        who, call, number, error = case.split()
        return cls(who, call, int(number), error)

    def __str__(self) -> str:
        return f"{self.who} {self.call} {self.number} {self.error}"


@dataclass(frozen=True)
class Setup:
    """The calls of each process until it has done its part, and how many of each name the caller made before main()."""

    calls: Mapping[str, Sequence[str]]
    before: Mapping[str, int]

    @classmethod
    def of(cls, calls: Mapping[str, Sequence[Call]]) -> Self:
        """Those of a launch whose commands wait. Beyond them something runs, and a fault is no refusal any more."""
        caller = calls["caller"]
        main = next(number for number, call in enumerate(caller) if call.path == os.devnull)
        told = [number for number, call in enumerate(caller) if call.name == "sendmsg"]
        parts = {
            # The last two are "go": to the first command, and to the second.
            "caller": caller[main : told[-2] + 1],
            # The last: that the second command is there.
            "init": _until(calls["init"], "sendmsg"),
            "a": _until(calls["a"], "execve"),
            "b": _until(calls["b"], "execve"),
        }
        names = {who: [call.name for call in made] for who, made in parts.items()}
        return cls(names, Counter(call.name for call in caller[:main]))

    def faults(self) -> list[Fault]:
        """The first uses of each call by each process, with each error."""
        return [
            Fault(who, call, number, error)
            for who, made in self.calls.items()
            for call, count in Counter(made).items()
            if call not in NO_FAULTS
            for number in range(1, min(count, USES) + 1)
            for error in ERRORS
        ]


def _until(calls: Sequence[Call], name: str) -> Sequence[Call]:
    last = max(number for number, call in enumerate(calls) if call.name == name)
    return calls[: last + 1]


class Pairs:
    """Launches of a pair, each with one fault."""

    def __init__(self, traced: Tracer, directory: Path) -> None:
        self._tracer = traced
        self._directory = directory
        # Not where launches are: an import reads anew a directory that has changed, and makes more calls then.
        self._ran = directory / "ran"
        self._ran.mkdir()
        self.setup = Setup.of(traced.calls(SLEEPERS, directory))
        with Launch(self._words("sound"), directory) as launch:
            launch.process.wait(TOO_LATE_S)
        self._privileges = self._of_the_commands("sound")
        self.refused = 0

    def attempt(self, case: str) -> Complaint:
        """Launch with this fault. All that may come of it is a refusal, but for what is tolerated."""
        fault = Fault.read(case)
        number = fault.number + (self.setup.before.get(fault.call, 0) if fault.who == "caller" else 0)
        begun = time.monotonic()
        error = getattr(errno, fault.error)
        name = case.replace(" ", "-")
        launch, was_injected = self._tracer.fail(
            fault.who, fault.call, number, error, self._words(name), self._directory
        )
        with launch:
            try:
                status = launch.process.wait(TOO_LATE_S)
                took_s = time.monotonic() - begun
                launch.await_nothing_left()
            except (subprocess.TimeoutExpired, AssertionError) as late:
                return str(late)
            said = launch.process.stderr.read() if launch.process.stderr else ""
        privileges = self._of_the_commands(name)
        if not was_injected:
            return "there was no such call"
        if took_s > IN_TIME_S:
            return f"took {took_s:.1f} s"
        came = Came(status, said, privileges, self._privileges)
        is_refusal = came.is_refusal  # asked first: others count as well meanwhile, and none may be lost
        self.refused += is_refusal
        is_sound = is_refusal or any(map(came.is_as, tolerances(fault.who, fault.call, fault.error)))
        return "" if is_sound else f"{came}"

    def _words(self, name: str) -> Sequence[str]:
        a, b = (("cp", "/proc/self/status", str(self._ran / f"{name}.{node}")) for node in ("a", "b"))
        return (*SANDBOX, "run", *PAIR, "--", *a, ":::", *b)

    def _of_the_commands(self, name: str) -> list[list[str]]:
        """What those were allowed that were executed."""
        found = []
        for path in sorted(self._ran.glob(f"{name}.*")):
            found.append(PRIVILEGES.findall(path.read_text()))
            path.unlink()
        return found


@dataclass(frozen=True)
class Came:
    """What came of a fault: how it ended, what it said, what each command was allowed, and what it should have been."""

    status: int
    said: str
    privileges: Sequence[Sequence[str]]
    wanted: Sequence[Sequence[str]]

    @property
    def is_refusal(self) -> bool:
        """Whether it failed as it should, in one line, and no command was executed."""
        return not self.privileges and self._is_one_line(125)

    def is_as(self, tolerance: Tolerance) -> bool:
        """Whether it is what is tolerated."""
        if tolerance.status == 0:
            return (self.status, self.said, self.privileges) == (0, "", self.wanted)
        return len(self.privileges) <= tolerance.executed and self._is_one_line(tolerance.status)

    def _is_one_line(self, status: int) -> bool:
        is_line = self.said.startswith("sandbox: error: ") and self.said.count("\n") == 1
        return self.status == status and is_line and not re.search(r"Success|\bNone\b|\bbug\b", self.said)

    def __str__(self) -> str:
        changed = " with other privileges" if any(each not in self.wanted for each in self.privileges) else ""
        return f"status {self.status}, {len(self.privileges)} executed{changed}: {self.said.strip()}".strip()


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """The check."""
    with tracer() as traced:
        pairs = Pairs(traced, place.directory)
        every = list(map(str, pairs.setup.faults()))

        def figures() -> str:
            calls = len({case.split()[1] for case in every})
            return f"{calls} calls, {len(every)} faults in all; {pairs.refused} refused, the others tolerated"

        cases = spread(every, MANY_QUICK) if place.quick else every
        shows = "one call fails: 125, one line, nothing ran, nothing left"
        yield Check(shows, cases, pairs.attempt, at_once=cpu_count() or 1, figures=figures)
