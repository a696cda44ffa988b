"""The whole session: nothing may be left on the machine, and nothing may be skipped without being told."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from reliability.census import MARK, Census, left_after

# How long an example takes is the machine's affair; a read-only checkout has no room for a database.
settings.register_profile("sandbox", deadline=None, database=None)
settings.load_profile("sandbox")

REMARKS = pytest.StashKey[list[str]]()
GONE_WITHIN_S = 5.0


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REMARKS] = []


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """The machine after the session is the machine before it."""
    os.environ[MARK] = mark = f"pytest-{os.getpid()}"
    before = Census.take(mark)
    yield
    if left := left_after(before, mark, within=GONE_WITHIN_S):
        pytest.fail("the session left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture(scope="session")
def remark(pytestconfig: pytest.Config) -> list[str]:
    """Lines to show at the end of the session."""
    return pytestconfig.stash[REMARKS]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    lines = [*config.stash[REMARKS], *(not_run(report.nodeid, report.longrepr[2]) for report in skipped)]
    if lines:
        terminalreporter.section("what was not run, and why")
        for line in lines:
            terminalreporter.write_line(line)


def not_run(test: str, reason: str) -> str:
    """How a skipped test is told of."""
    return f"not run: {test} - {reason.removeprefix('Skipped: ')}"
