"""The outcomes as a person reads them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from .check import AFTERWARDS, Outcome

MOST_COMPLAINTS = 5


def text(machine: Mapping[str, str], outcomes: Sequence[Outcome]) -> str:
    """All of it: the machine, a row for each outcome, what failed and how to see it again, and a verdict."""
    lines = [f"{name:<12}{said}" for name, said in machine.items()]
    lines += ["", *(row(outcome) for outcome in outcomes), *(line for each in outcomes for line in complaints(each))]
    return "\n".join([*lines, "", _verdict(outcomes)])


def row(outcome: Outcome) -> str:
    """The check in a line."""
    if outcome.why_not:
        return f"{outcome.name:<16}{outcome.by:<12}     -  not run: {outcome.why_not}"
    failed = len(outcome.complaints or ())
    verdict = f"{failed} FAILED" if failed else "all hold"
    words = "; ".join(filter(None, (outcome.shows, outcome.figures)))
    return f"{outcome.name:<16}{outcome.by:<12}{outcome.tried:>6}  {verdict:<10}{outcome.seconds:>6.1f} s  {words}"


def complaints(outcome: Outcome) -> Iterator[str]:
    """What failed, and the command that shows it again."""
    failed = list((outcome.complaints or {}).items())
    for case, complaint in failed[:MOST_COMPLAINTS]:
        yield f"  {outcome.name} as {outcome.by}, {case}: {complaint}"
        yield f"    again: {again(outcome, case)}"
    if failed[MOST_COMPLAINTS:]:
        yield f"  {outcome.name} as {outcome.by}: {len(failed) - MOST_COMPLAINTS} more"


def again(outcome: Outcome, case: str) -> str:
    """The command that tries a case again."""
    words = ["./sbx", "reliability", "--as", outcome.who]
    words += ["--python", outcome.python] if outcome.python else []
    words += [outcome.name] if case == AFTERWARDS else [outcome.name, case]
    return shlex.join(words)


def _verdict(outcomes: Sequence[Outcome]) -> str:
    unknown = sum(bool(outcome.why_not) for outcome in outcomes)
    failed = sum(not outcome.holds for outcome in outcomes) - unknown
    parts = [f"{len(outcomes) - unknown - failed} of {len(outcomes)} checks hold"]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{unknown} not run"] if unknown else []
    return ", ".join(parts)
