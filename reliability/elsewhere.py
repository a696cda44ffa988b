"""The checks once more, by another program: as an ordinary user, or by another Python."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .check import Outcome
from .pythons import find
from .user import NAME, ROOT, OrdinaryUser, ordinary_user, own_name

ALL = "all checks"
ENDING_S = 30


def as_user(words: Sequence[str], timeout_s: float) -> Iterator[Outcome]:
    """What comes of `python -m reliability` and these words as the ordinary user: its outcomes; one if it never ran."""
    try:
        with ordinary_user() as user:
            yield from [_not_run(NAME, user.why_not)] if user.why_not else _of_user(user, words, timeout_s)
    except LookupError as error:
        yield _not_run(NAME, str(error))


def by_python(version: str, words: Sequence[str], timeout_s: float) -> Iterator[Outcome]:
    """The same by another version of Python, such as 3.13, in a virtual environment of its own that ./sbx makes."""
    interpreter = find(version)
    if interpreter is None:
        yield replace(_not_run(own_name(), f"no Python {version} on this machine"), python=version)
        return
    with tempfile.TemporaryDirectory(prefix="sandbox-reliability-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        environment = {**os.environ, "SBX_PYTHON": interpreter, "SBX_VENV": f"{name}/venv"}
        report = Path(name, "report.json")
        command = [str(ROOT / "sbx"), "reliability", *words, "--json", str(report)]
        for outcome in _carried_out(command, report, environment, timeout_s):
            yield replace(outcome, python=version)


def _of_user(user: OrdinaryUser, words: Sequence[str], timeout_s: float) -> Iterator[Outcome]:
    report = user.home / "report.json"
    command = [*user.words, str(user.python), "-m", "reliability", *words, "--json", str(report)]
    return _carried_out(command, report, user.environment, timeout_s, cwd=user.checkout, who=user.name)


def _carried_out(
    command: Sequence[str],
    report: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    cwd: Path = ROOT,
    who: str = "",
) -> Iterator[Outcome]:
    with _running(command, cwd, environment) as process:
        try:
            status = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            yield _not_run(who or own_name(), f"not done within {timeout_s:.0f} s")
            return
    if not report.exists():
        yield _not_run(who or own_name(), f"ended with {status} and no report")
        return
    for each in json.loads(report.read_text(encoding="utf-8"))["outcomes"]:
        yield Outcome(**each)


@contextmanager
def _running(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The program, which tells its progress on stderr. At the end of this it has ended, and tidied up if it could."""
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=cwd, env=dict(environment), stdin=nothing, stdout=nothing)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _not_run(who: str, why_not: str) -> Outcome:
    return Outcome(ALL, who, "", why_not=why_not)
