"""The wire's tables: ratios towards what is better, and what is told of a path that is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from benchmarks import mininet
from benchmarks.paths import DOCKER, LO, MININET, PAIR, PAIR_JUMBO, PUBLISHED, Reading, paths
from benchmarks.table import Table
from benchmarks.wire import METRICS, table, unanswered

BY_KIND = {metric.kind: metric for metric in METRICS}
THERE = {PAIR: "", DOCKER: "", LO: "", PAIR_JUMBO: ""}


def readings(*values: float) -> Sequence[Reading]:
    return [Reading(value, 1.5) for value in values]


def measured(kind: str, missing: Mapping[str, str], **values: float) -> Table:
    names = {"pair": PAIR, "docker": DOCKER, "lo": LO, "jumbo": PAIR_JUMBO}
    return table(BY_KIND[kind], missing, {names[key]: readings(value) for key, value in values.items()})


def test_a_throughput_is_better_where_it_is_more() -> None:
    found = measured("tcp", THERE, pair=22, docker=20, jumbo=38, lo=40)
    assert found.more_is_better
    assert [row.value for row in found.rows] == pytest.approx([1.1, 0.95])
    assert all(row.is_met for row in found.rows)


@pytest.mark.parametrize("kind", ["tcp_rr", "udp_rr"])
def test_a_round_trip_is_better_where_it_is_less(kind: str) -> None:
    found = measured(kind, THERE, pair=10, docker=11, lo=9)
    assert not found.more_is_better
    (row,) = found.rows
    assert row.value == pytest.approx(1.1)
    assert row.is_met is False


def test_an_entry_is_the_median_with_the_least_the_most_and_what_else_was_read() -> None:
    found = table(BY_KIND["udp"], {PAIR: "", DOCKER: ""}, {PAIR: readings(3, 90, 4), DOCKER: readings(1)})
    assert (found.entries[0].value, found.entries[0].note) == (4, "3.0 to 90.0, 1.5 % lost")


def test_a_goal_against_what_is_not_there_is_not_measured() -> None:
    found = measured("udp", {**THERE, DOCKER: "no br_netfilter"}, pair=20, lo=30)
    (row,) = found.rows
    assert (row.value, row.is_met, row.source) == (None, None, "no br_netfilter")
    assert {entry.name: entry.value for entry in found.entries} == {PAIR: 20, DOCKER: None, LO: 30}


def test_a_path_is_installed_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(mininet, "why_missing", lambda *, install: asked.append(install) or "not here")
    for install in (True, False):
        assert paths("traffic", install=install)[MININET].why_missing() == "not here"
    assert asked == [True, False]


def test_a_path_of_others_that_does_not_answer_is_told_of_and_one_of_ours_is_no_table_at_all() -> None:
    def answers(*_: object) -> Reading:
        return Reading(1, 1)

    def ends(*_: object) -> Reading:
        raise RuntimeError("no answer")

    assert unanswered({PAIR: answers, DOCKER: ends, LO: answers}) == {DOCKER: "does not run here: no answer"}
    with pytest.raises(RuntimeError, match="no answer"):
        unanswered({PAIR: ends, DOCKER: answers})


def test_each_table_compares_paths_that_are_there() -> None:
    for metric in METRICS:
        names = {*paths("traffic")} - {*metric.not_over}
        assert {PAIR, LO, *(name for goal in metric.goals for name in (goal.path, goal.other))} <= names
    assert PUBLISHED in BY_KIND["ping"].not_over  # the host itself would answer
