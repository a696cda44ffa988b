"""Something that must hold, as cases that are tried one by one."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, asdict, dataclass, replace
from pathlib import Path

from .census import MARK, Census, left_after

GONE_WITHIN_S = 5.0

# What went wrong with a case, for a person to read; nothing where all is well.
Complaint = str
# Of no case, but of all of them together.
AFTERWARDS = "afterwards"


@dataclass(frozen=True)
class Check:
    """What is tried, and what it must show.

    A case is a word or some, by which it can be asked for again. Once all were tried, `afterwards` complains of what
    they came to together, and `figures` tells what else was measured.
    """

    shows: str
    cases: Sequence[str]
    attempt: Callable[[str], Complaint]
    _: KW_ONLY
    at_once: int = 1
    afterwards: Callable[[], Complaint] = str
    figures: Callable[[], str] = str


@dataclass(frozen=True)
class Place:
    """Where a check is at home: a directory that everyone may write to, and how much time it has."""

    directory: Path
    quick: bool = False


# What makes a check: it may hold whatever its cases need until they were tried.
Maker = Callable[[Place], AbstractContextManager[Check]]


@dataclass(frozen=True)
class Outcome:
    """What came of a check: a row of the table. `who` ran it; `why_not` says why nobody did.

    `python` is the version by which, where that is not the one of the harness.
    """

    name: str
    who: str
    shows: str
    tried: int = 0
    seconds: float = 0.0
    complaints: Mapping[str, Complaint] | None = None
    figures: str = ""
    why_not: str = ""
    python: str = ""

    @property
    def by(self) -> str:
        """Who ran it, and by which Python if that is another."""
        return f"{self.who} {self.python}".rstrip()

    @property
    def holds(self) -> bool:
        """Whether it was tried, and every case showed what it must."""
        return not self.complaints and not self.why_not

    def as_json(self) -> Mapping[str, object]:
        """The outcome as a JSON object; `Outcome(**...)` reads it, but for `holds`."""
        return asdict(self)


def carried_out(name: str, who: str, make: Maker, place: Place, only: Sequence[str] = ()) -> Outcome:
    """The outcome of a check, of these cases alone where some are named. What it leaves behind is a complaint."""
    os.environ[MARK] = mark = f"reliability-{os.getpid()}"
    before = Census.take(mark)
    begun = time.monotonic()
    try:
        outcome, said = _tried(name, who, make, place, only)
    except Exception as error:  # whatever it is, the other checks are still to come
        why_not = _missing(error)
        said = "" if why_not else f"broke: {type(error).__name__}: {error}"
        outcome = Outcome(name, who, "", why_not=why_not)
    seconds = time.monotonic() - begun
    left = left_after(before, mark, within=GONE_WITHIN_S)
    complaint = "; ".join(filter(None, (said, f"left behind: {'; '.join(left)}" if left else "")))
    afterwards = {AFTERWARDS: complaint} if complaint else {}
    return replace(outcome, seconds=round(seconds, 1), complaints={**(outcome.complaints or {}), **afterwards})


def _missing(error: Exception) -> str:
    """The program that is not on this machine, where that is what the error is about."""
    program = error.filename if isinstance(error, FileNotFoundError) else None
    is_missing = isinstance(program, str) and "/" not in program and not shutil.which(program)
    return f"no {program} on this machine" if is_missing else ""


def _tried(name: str, who: str, make: Maker, place: Place, only: Sequence[str]) -> tuple[Outcome, Complaint]:
    """The outcome, and what is to be complained of once all cases were tried."""
    with make(place) as check:
        cases = only or check.cases
        complaints = _complaints(check, cases)
        said = check.afterwards()
        return Outcome(name, who, check.shows, len(cases), complaints=complaints, figures=check.figures()), said


def _complaints(check: Check, cases: Sequence[str]) -> dict[str, Complaint]:
    with ThreadPoolExecutor(check.at_once) as pool:
        judged = zip(cases, pool.map(lambda case: _judged(check, case), cases), strict=True)
        return {case: complaint for case, complaint in judged if complaint}


def _judged(check: Check, case: str) -> Complaint:
    try:
        return check.attempt(case)
    except Exception as error:  # whatever it is, the case did not show what it must, and the others are still to come
        return f"{type(error).__name__}: {error}"
