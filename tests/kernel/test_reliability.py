"""What must hold while the program works, tried as often as `./sbx reliability --quick` does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reliability.check import Place
from reliability.checks import CHECKS

NAMES = (
    *("events", "crowd", "soak-launches", "soak-labs", "first-packets"),
    *("output", "statuses", "signals", "terminal"),
)


# A terminal is forked in a thread here: what runs between that and its exec waits for no other.
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of forkpty:DeprecationWarning")
@pytest.mark.deadline(120)
@pytest.mark.parametrize("name", NAMES)
def test_a_check_holds(name: str, tmp_path: Path) -> None:
    with CHECKS[name](Place(tmp_path, quick=True)) as check:
        with ThreadPoolExecutor(check.at_once) as pool:
            complaints = dict(zip(check.cases, pool.map(check.attempt, check.cases), strict=True))
        assert {case: complaint for case, complaint in complaints.items() if complaint} == {}
        assert check.afterwards() == ""
