"""The checks about kills and faults: a few cases of each, and that a broken program is seen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reliability import faults as faults_module
from reliability.aftermath import Aftermath
from reliability.faults import Pairs
from reliability.launch import SLEEPERS
from reliability.mutants import MUTANTS, Mutant, self_test
from reliability.tracer import Tracer, TracerFailed, tracer

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")

# Each was once a traceback, a wrong exit status, a command that ran alone, or somebody who waited for ever.
ONCE_WRONG = (
    "init newfstatat 2 ENOMEM",
    *("init pidfd_open 1 EMFILE", "init sendmsg 1 EPERM", "init sendmsg 2 EMFILE", "init sendmsg 3 ENOMEM"),
    *("caller recvmsg 2 ENOMEM", "caller recvmsg 3 EPERM", "caller sendmsg 3 EPERM", "caller mmap 2 ENOMEM"),
    *("caller getdents64 1 EPERM", "caller openat 1 EMFILE", "caller rt_sigaction 2 EPERM", "caller pipe2 1 EMFILE"),
    *("a sendmsg 1 EPERM", "b sendmsg 1 EPERM"),
)
# At these the other command may have been told to begin.
AT_THE_END = ("a recvmsg 1 EPERM", "b recvmsg 1 ENOMEM", "a execve 1 ENOMEM", "b execve 1 EPERM")


@pytest.fixture(scope="module")
def traced() -> Iterator[Tracer]:
    """The tracer, where anybody may be traced."""
    with tracer() as traced:
        yield traced


@pytest.fixture(scope="module")
def pairs(traced: Tracer, tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """Launches with a fault."""
    try:
        return Pairs(traced, tmp_path_factory.mktemp("pairs"))
    except TracerFailed as reason:
        pytest.skip(f"nobody may be traced here: {reason}")


def test_calls_of_four_processes_are_counted_in_their_order(traced: Tracer, tmp_path: Path) -> None:
    made = traced.calls(SLEEPERS, tmp_path)
    names = {who: [call.name for call in calls] for who, calls in made.items()}
    assert "clone3" in names["caller"]
    assert names["init"].count("unshare") == 2
    assert names["a"][-1] == names["b"][-1] == "clock_nanosleep"
    assert names["a"].count("execve") == 1
    assert all(len(each) > 100 for each in names.values())


@pytest.mark.parametrize("case", ["caller 900", "caller 1100", "init 20", "init 100 caller", "a 30", "b 90"])
def test_a_launch_that_is_killed_at_a_call_leaves_nothing(case: str, traced: Tracer, tmp_path: Path) -> None:
    who, number, *victim = case.split()
    launch, was_reached = traced.kill(who, int(number), *victim or [who], SLEEPERS, tmp_path)
    assert was_reached
    with launch:
        assert Aftermath().judge(launch, *victim or [who]) == ""


def test_who_makes_fewer_calls_is_killed_once_all_is_quiet(traced: Tracer, tmp_path: Path) -> None:
    launch, was_reached = traced.kill("a", 100_000, "init", SLEEPERS, tmp_path)
    assert not was_reached
    with launch:
        assert Aftermath().judge(launch, "init") == ""


def test_a_launcher_that_does_not_end_is_seen(traced: Tracer, tmp_path: Path) -> None:
    launch, _ = traced.kill("b", 1, "b", SLEEPERS, tmp_path)
    with launch:
        assert "the launcher still runs" in Aftermath().judge(launch, "caller")


@pytest.mark.parametrize("case", ONCE_WRONG)
def test_a_launch_with_a_fault_is_refused(case: str, pairs: Pairs) -> None:
    refused_before = pairs.refused
    assert pairs.attempt(case) == ""
    assert pairs.refused == refused_before + 1


@pytest.mark.parametrize("case", AT_THE_END)
def test_a_launch_with_a_fault_at_its_very_end_says_so(case: str, pairs: Pairs) -> None:
    assert pairs.attempt(case) == ""


def test_a_fault_that_does_no_harm_is_seen_unless_it_is_tolerated(
    pairs: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = "init ioctl 1 EPERM"
    refused_before = pairs.refused
    assert pairs.attempt(case) == ""
    assert pairs.refused == refused_before
    monkeypatch.setattr(faults_module, "tolerances", lambda *_: [])
    assert pairs.attempt(case) == "status 0, 2 executed:"
    assert pairs.attempt("init sendmsg 99 EPERM") == "there was no such call"


@pytest.mark.deadline(120)
@pytest.mark.parametrize("mutant", [each for each in MUTANTS if each.name == "leaks a process"])
def test_a_program_that_leaks_is_caught(mutant: Mutant) -> None:
    verdicts = list(self_test([mutant]))
    assert [verdict.is_right for verdict in verdicts] == [True, True], verdicts
