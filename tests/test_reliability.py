"""The table of the reliability checks, the command that tries a case again, and the document."""

from __future__ import annotations

import os
import pwd
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.markers import replaced
from reliability.addresses import NONSENSE
from reliability.census import cgroups
from reliability.check import Check, Outcome, Place, carried_out
from reliability.checks import CHECKS
from reliability.document import DOCUMENT, PART, lines
from reliability.elsewhere import by_python
from reliability.pythons import find
from reliability.requests import rows
from reliability.table import again, text

HOLDS = Outcome("requests", "root", "each is refused", 3, 1.5, {}, "3 of them")
FAILS = Outcome("grammar", "nobody", "lines are read", 2, 1.0, {"a 'b'": "no"}, python="3.13")
NOT_RUN = Outcome("all checks", "nobody", "", why_not="no namespaces")


def test_the_text_tells_each_outcome_and_counts_them() -> None:
    said = text({"cpu": "one"}, [HOLDS, FAILS, NOT_RUN])
    by_name = {line.split()[0]: line.split() for line in said.splitlines() if line}
    assert " ".join(by_name["requests"]) == "requests root 3 all hold 1.5 s each is refused; 3 of them"
    assert by_name["all"][:3] == ["all", "checks", "nobody"]
    assert "not run: no namespaces" in said
    assert "nobody 3.13" in said
    assert said.splitlines()[-1] == "1 of 3 checks hold, 1 failed, 1 not run"
    assert again(FAILS, "a 'b'") in said


def test_what_failed_is_tried_again_by_the_same_user_and_python() -> None:
    words = shlex.split(again(FAILS, "a 'b'"))
    assert words == ["./sbx", "reliability", "--as", "nobody", "--python", "3.13", "grammar", "a 'b'"]
    assert shlex.split(again(HOLDS, "afterwards")) == ["./sbx", "reliability", "--as", "root", "requests"]


def test_only_what_was_tried_and_showed_what_it_must_holds() -> None:
    assert [each.holds for each in (HOLDS, FAILS, NOT_RUN)] == [True, False, False]
    assert Outcome(**FAILS.as_json()) == FAILS  # type: ignore[arg-type]


def test_a_check_that_breaks_does_not_hold_and_the_others_are_still_carried_out(tmp_path: Path) -> None:
    @contextmanager
    def breaks(_: Place) -> Iterator[Check]:
        raise ValueError("no such thing")
        yield Check("", (), str)

    outcome = carried_out("x", "root", breaks, Place(tmp_path))
    assert not outcome.holds
    assert outcome.complaints is not None
    assert outcome.complaints["afterwards"].startswith("broke: ValueError: no such thing")


def test_a_check_whose_program_is_not_here_is_not_run(tmp_path: Path) -> None:
    @contextmanager
    def traces(_: Place) -> Iterator[Check]:
        subprocess.run(["no-such-tracer"])
        yield Check("", (), str)

    outcome = carried_out("x", "root", traces, Place(tmp_path))
    assert (outcome.why_not, outcome.complaints) == ("no no-such-tracer on this machine", {})
    assert not outcome.holds


def test_a_cgroup_that_goes_while_they_are_counted_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes, stays = tmp_path / "goes", tmp_path / "stays"
    goes.mkdir()
    stays.mkdir()
    scan = os.scandir

    def scan_too_late(path: str) -> object:
        if Path(path) == goes:
            goes.rmdir()
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_too_late)
    assert str(stays) in list(cgroups(tmp_path))


def test_a_python_that_is_not_there_is_told_of() -> None:
    (outcome,) = by_python("3.99", [], 1)
    assert not outcome.holds
    assert (outcome.python, outcome.why_not) == ("3.99", "no Python 3.99 on this machine")


def test_a_python_is_looked_for_by_who_has_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert find("3.99") is None


def test_each_refusal_has_a_name_that_can_be_typed() -> None:
    assert len(rows()) > 200
    assert all(name.isprintable() and name.isascii() and not name.startswith("-") for name in rows())


def test_the_document_tells_of_each_check_and_of_each_kind_of_nonsense() -> None:
    said = DOCUMENT.read_text()
    assert [name for name in CHECKS if f"**{name}**" not in said] == []
    assert [kind for kind, why in NONSENSE.values() if f"| {kind} | {why} |" not in said] == []


def test_the_document_takes_outcomes_where_they_belong() -> None:
    table = "\n".join(lines({"date": "2026-11-25", "cpu": "one"}, [HOLDS, FAILS, NOT_RUN]))
    assert table.splitlines()[0] == "date 2026-11-25; cpu one."
    assert "| requests | root | 3 | all hold | 1.5 | each is refused; 3 of them |" in table
    assert "| grammar | nobody 3.13 | 2 | **1 failed** | 1.0 | lines are read |" in table
    assert "| not run | 0.0 | no namespaces |" in table
    assert replaced(DOCUMENT.read_text(), PART, table).count(table) == 1
