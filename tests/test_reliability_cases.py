"""Which cases of many are tried, and how what came of them is told."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

import sandbox
from reliability import calls, moments
from reliability.calls import Instant, instants
from reliability.check import Check, Outcome, Place, carried_out
from reliability.faults import Came, Fault, Setup
from reliability.mutants import MUTANTS, Verdict
from reliability.sample import of_each, spread
from reliability.table import again, complaints, row, text
from reliability.tolerated import TOLERATED, Tolerance, tolerances
from reliability.tracer import Call

REFUSED = "sandbox: error: no - try again\n"


@pytest.mark.parametrize("most", [2, 7, 60, 99, 100, 101])
def test_a_spread_has_the_first_and_the_last_and_no_more_than_asked_for(most: int) -> None:
    chosen = spread(range(100), most)
    assert (chosen[0], chosen[-1], len(chosen)) == (0, 99, min(most, 100))
    assert len(set(chosen)) == len(chosen)
    steps = {after - before for before, after in pairwise(chosen)}
    assert max(steps) - min(steps) <= 1


def test_of_each_kind_some_are_taken_and_the_last_is() -> None:
    words = ["a1", "a2", "a3", "a4", "b1"]
    assert of_each(words, 1, lambda word: word[0]) == ["a4", "b1"]
    assert of_each(words, 2, lambda word: word[0]) == ["a2", "a4", "b1"]


@pytest.mark.parametrize("case", ["pair init 17", "pair init 17 caller", "alone a 1"])
def test_an_instant_is_read_as_it_is_written(case: str) -> None:
    assert str(Instant.read(case)) == case
    assert Instant.read("pair init 17").victim == "init"


@pytest.mark.parametrize("kind", calls.LAUNCHES)
def test_every_call_of_init_and_of_the_first_command_is_an_instant(kind: str) -> None:
    made = {who: ["x"] * 300 for who in ("caller", "init", "a", "b")}
    chosen = [str(each) for each in instants(kind, made, quick=False)]
    assert {f"{kind} init {number}" for number in range(1, 301)} < set(chosen)
    assert {f"{kind} a {number}" for number in range(1, 301)} < set(chosen)
    assert len(chosen) == len(set(chosen)) >= 300
    assert {f"{kind} init 1 caller", f"{kind} init 300 caller"} < set(chosen)
    assert ({"pair caller 1", "pair caller 300"} < set(chosen)) == (kind == calls.PAIR)
    assert len(instants(kind, made, quick=True)) <= sum(calls.MOST_QUICK.values()) + calls.MOST_OF_CALLER_QUICK < 100


def test_a_moment_is_the_same_whenever_it_is_tried() -> None:
    assert moments.delay_s("init 2", 1.0) == moments.delay_s("init 2", 1.0) != moments.delay_s("init 3", 1.0)
    cases = moments.cases(1000)
    assert len(set(cases)) == 1000
    assert {case.split()[0] for case in cases} == moments.Moments._of.keys()


def test_faults_are_those_of_the_set_up() -> None:
    names = ["openat", "openat:/dev/null", "openat", "sendmsg", "sendmsg", "sendmsg", "poll", "sendmsg", "poll"]
    made = {
        "caller": [Call(*name.split(":")) for name in names],
        "init": [Call("openat"), Call("sendmsg"), Call("poll")],
        "a": [Call("mount"), Call("getpid"), Call("execve"), Call("brk")],
        "b": [Call("execve")],
    }
    setup = Setup.of(made)
    assert setup.before == {"openat": 1}
    assert setup.calls == {
        "caller": ["openat", "openat", "sendmsg", "sendmsg", "sendmsg"],
        "init": ["openat", "sendmsg"],
        "a": ["mount", "getpid", "execve"],
        "b": ["execve"],
    }
    faults = setup.faults()
    assert len(faults) == 4 * (2 + 3 + 2 + 2 + 1)
    assert [Fault.read(str(fault)) for fault in faults] == faults


@pytest.mark.parametrize(
    ("came", "is_refusal"),
    [
        (Came(125, REFUSED, [], []), True),
        (Came(126, REFUSED, [], []), False),
        (Came(125, REFUSED, [["CapEff: 0"]], []), False),
        (Came(125, REFUSED * 2, [], []), False),
        (Came(125, "sandbox: error: None: Success\n", [], []), False),
        (Came(125, "Traceback\n", [], []), False),
    ],
)
def test_a_refusal_is_one_line_and_nothing_ran(came: Came, is_refusal: bool) -> None:
    assert came.is_refusal is is_refusal


def test_what_is_tolerated_ran_as_without_the_fault() -> None:
    allowed = [["CapEff: 1"], ["CapEff: 1"]]
    harmless = Tolerance(("a",), ("read",), "why")
    assert Came(0, "", allowed, allowed).is_as(harmless)
    assert not Came(0, "", allowed[:1], allowed).is_as(harmless)
    assert not Came(0, "", [["CapEff: 1"], ["CapEff: 3"]], allowed).is_as(harmless)
    assert not Came(0, "oh\n", allowed, allowed).is_as(harmless)
    begun = Tolerance(("b",), ("execve",), "why", status=125, executed=1)
    assert Came(125, REFUSED, allowed[:1], allowed).is_as(begun)
    assert not Came(125, REFUSED, allowed, allowed).is_as(begun)
    assert not Came(0, "", allowed, allowed).is_as(begun)


def test_whatever_is_tolerated_has_a_reason_of_its_own() -> None:
    assert len({each.why for each in TOLERATED}) == len(TOLERATED)
    assert all(each.why for each in TOLERATED)
    assert tolerances("init", "sendmsg", "EPERM") == []
    assert [each.status for each in tolerances("a", "execve", "EPERM")] == [125, 126]
    assert [each.status for each in tolerances("a", "execve", "ENOMEM")] == [125]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_replaces_is_there_once(mutant: object) -> None:
    source = Path(sandbox.__file__).parent / mutant.file  # type: ignore[attr-defined]
    assert source.read_text().count(mutant.text) == 1  # type: ignore[attr-defined]


def test_a_mutant_that_is_not_caught_is_told_of() -> None:
    assert str(Verdict("leaks", "moments", "left behind: it", True)).split()[:4] == [
        "leaks",
        "moments",
        "caught",
        "left",
    ]
    assert "NOT CAUGHT" in str(Verdict("leaks", "moments", "", False))
    assert str(Verdict("", "moments", "", True)).split() == ["as", "it", "is", "moments", "holds"]


def test_a_case_that_raises_is_a_complaint_and_the_others_are_tried(tmp_path: Path) -> None:
    def attempt(case: str) -> str:
        return "" if case == "good" else str({}[case])

    @contextmanager
    def make(_: Place):  # type: ignore[no-untyped-def]
        yield Check("shows", ["bad", "good"], attempt, figures=lambda: "1.5 s")

    outcome = carried_out("some", "root", make, Place(tmp_path))
    assert (outcome.tried, outcome.figures) == (2, "1.5 s")
    assert outcome.complaints is not None
    assert outcome.complaints["bad"] == "KeyError: 'bad'"
    assert "good" not in outcome.complaints


def test_a_failed_case_is_told_with_the_command_that_shows_it_again() -> None:
    failed = Outcome("calls", "nobody", "nothing left", 9, 1.0, {"init 17": "still there", "afterwards": "a file"})
    assert not failed.holds
    assert again(failed, "init 17") == "./sbx reliability --as nobody calls 'init 17'"
    assert again(failed, "afterwards") == "./sbx reliability --as nobody calls"
    assert again(Outcome("calls", "root", ""), "a 1") == "./sbx reliability --as root calls 'a 1'"
    assert "2 FAILED" in row(failed)
    told = list(complaints(failed))
    assert told[:2] == ["  calls as nobody, init 17: still there", f"    again: {again(failed, 'init 17')}"]
    unknown = Outcome("peers", "root", "", why_not="no gcc")
    assert "not run: no gcc" in row(unknown)
    lines = text({"cpu": "one"}, [Outcome("a", "root", "", 1), failed, unknown]).splitlines()
    assert lines[-1] == "1 of 3 checks hold, 1 failed, 1 not run"


def test_the_names_of_victims_are_those_of_the_tracer() -> None:
    from reliability.tracer import WHO

    assert tuple(calls.MOST) == tuple(calls.MOST_QUICK) == WHO
