"""The whole bench runs, in about a minute, and every table has its values. What they are is not held against anyone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import document, profile
from benchmarks.ahead import niceness, put_ahead
from benchmarks.parts import PARTS
from benchmarks.record import Record
from benchmarks.table import Table

ROOT = Path(__file__).parents[2]
QUICK_S = 240  # four times as long as on a machine of its own
ROUNDS = 5

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="the commands by hand need root"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed"),
]


def missing(table: Table) -> list[str]:
    """What was not measured: of us, of the floor, or without a word why."""
    unmeasured = [(entry.name, entry.note) for entry in table.entries if entry.value is None]
    unmeasured += [(row.what, row.source) for row in table.rows if row.value is None]
    return [name for name, why in unmeasured if not why or name in (table.ours, table.floor)]


@pytest.mark.deadline(QUICK_S)
def test_a_quick_run_measures_every_table(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    words = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=QUICK_S)
    assert done.returncode == 0, done.stderr
    record = Record.read(path)
    assert list(record.parts) == list(PARTS)
    assert record.command == "./sbx bench --quick"
    assert {"date", "kernel", "iproute2", "gcc"} <= record.machine.keys()
    assert document.comparison(record).count("\n| ") == 1 + len(document.IN_README)
    assert len(document.plots(record)) > len(PARTS)
    for table in (table for tables in record.parts.values() for table in tables):
        assert table.entries or table.rows, table.title
        assert missing(table) == []
        assert {table.ours, table.floor} - {""} <= set(table.names)
        assert table.title in done.stdout


def test_where_nobody_ever_began_a_session_nothing_need_be_put_ahead() -> None:
    kernel_threads = Path("/proc/2/autogroup")
    if not kernel_threads.exists() or kernel_threads.read_text():
        pytest.skip("process 2 is no thread of the kernel, in no session of any kind")
    put_ahead(2)


def test_a_session_is_put_ahead_of_others() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True) as cat:
        autogroup = Path(f"/proc/{cat.pid}/autogroup")
        if not autogroup.exists():
            pytest.skip("this kernel has no groups of sessions")
        put_ahead(cat.pid)
        assert autogroup.read_text().endswith(" nice -20\n")
        assert niceness(cat.pid) == -20


AHEAD = """
import os
from benchmarks.ahead import ahead, niceness
own = os.getpid()
with ahead():
    print(niceness(own), os.nice(0))
print(niceness(own))
"""


def test_the_session_that_a_bench_was_started_in_is_afterwards_as_it_was() -> None:
    if not Path("/proc/self/autogroup").exists():
        pytest.skip("this kernel has no groups of sessions")
    words = [sys.executable, "-c", AHEAD]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, start_new_session=True, check=True)
    assert done.stdout == "-20 -20\n0\n"


def test_without_the_privilege_it_is_told_that_nothing_was_put_ahead() -> None:
    words = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", sys.executable, "-c", AHEAD]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, start_new_session=True, check=True)
    assert "needs CAP_SYS_NICE" in done.stderr
    assert done.stdout.endswith("\n0\n")


def test_a_profile_sees_every_stretch_and_they_are_the_whole() -> None:
    for launch in (profile.watched() for _ in range(ROUNDS)):
        took = dict(profile.stretches(launch))
        assert None not in took.values(), took
        assert sum(filter(None, took.values())) == pytest.approx(launch.took_ms)
        assert (took["interpreter starts"] or 0) > 1
        assert sum(each == 0 for each in took.values()) <= 2, took  # two processes may have overtaken each other


def test_namespaces_are_counted_also_by_a_root_that_may_make_none() -> None:
    count = "from benchmarks.namespaces import network_namespaces; print(network_namespaces())"
    words = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", sys.executable, "-c", count]
    assert int(subprocess.check_output(words, cwd=ROOT)) > 0
