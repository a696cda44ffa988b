"""The tables of the benchmarks: what is met, what is missed, what was not measured."""

from __future__ import annotations

import pytest

from benchmarks.amount import amount
from benchmarks.row import Row
from benchmarks.table import Entry, Table
from benchmarks.text import text


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("small enough", 1.25, "x", 1.25), True),
        (Row("too large", 1.26, "x", 1.25), False),
        (Row("fast enough", 15.0, "x", 15, at_least=True), True),
        (Row("too slow", 14.9, "x", 15, at_least=True), False),
        (Row("only told", 3.0, "ms"), None),
        (Row("not measured", None, "x", 15), None),
    ],
    ids=lambda each: each.what if isinstance(each, Row) else "",
)
def test_a_row_is_met_where_it_reaches_what_it_should(row: Row, met: bool | None) -> None:
    assert row.is_met is met
    assert row.as_json()["met"] is met


def test_the_text_has_every_table_and_counts_over_all_of_them() -> None:
    first = [Row("a", 1.0, "x", 2, "from here"), Row("b", 3.0, "x", 2)]
    second = [
        Row("c", 20.0, "x", 15, at_least=True),
        Row("d", None, "x", 15, "takes minutes", True),
        Row("e", 1.0, "ms"),
    ]
    lines = text({"cpu": "one"}, [Table("launch", rows=first), Table("labs", rows=second)]).splitlines()
    assert lines[0].split() == ["cpu", "one"]
    by_name = {line.split()[0]: line.split() for line in lines if line}
    assert by_name["launch"][1:] == by_name["labs"][1:] == ["measured", "reach"]
    assert by_name["a"][1:] == ["1.00", "x", "<=", "2", "met", "from", "here"]
    assert by_name["b"][-1] == "MISSED"
    assert by_name["c"][3:] == [">=", "15", "met"]
    assert by_name["d"][1:] == ["-", ">=", "15", "takes", "minutes"]
    assert by_name["e"] == ["e", "1.00", "ms"]
    assert lines[-1] == "2 of 4 met, 1 missed, 1 not measured"


def test_contestants_are_listed_with_their_ratios_and_why_some_are_missing() -> None:
    entries = [Entry("in C", 2.0), Entry("ours", 30.0, "warm"), Entry("theirs", None, "not installed")]
    lines = text({}, [Table("a pair", entries, "ms", ours="ours", floor="in C")]).splitlines()
    assert [line.split() for line in lines[1:5]] == [
        ["a", "pair", "ms", "to", "floor", "to", "ours"],
        ["in", "C", "(floor)", "2.00", "1.00", "x", "0.0667", "x"],
        ["ours", "(ours)", "30.0", "15.0", "x", "1.00", "x", "warm"],
        ["theirs", "-", "not", "installed"],
    ]


def test_contestants_of_many_sizes_are_a_grid() -> None:
    entries = [Entry("in C", 10.0, at=10), Entry("in C", 100.0, at=100), Entry("ours", 12.0, at=10)]
    entries += [Entry("ours", 110.0, at=100), Entry("theirs", 300.0, at=10), Entry("theirs", None, "too slow", at=100)]
    lines = text({}, [Table("pairs", entries, ours="ours", floor="in C")]).splitlines()
    assert [line.split() for line in lines[1:7]] == [
        ["pairs,", "ms", "N=10", "N=100"],
        ["in", "C", "(floor)", "10.0", "100"],
        ["ours", "(ours)", "12.0", "110"],
        ["to", "floor", "1.20", "x", "1.10", "x"],
        ["theirs", "300", "-", "too", "slow"],
        ["to", "floor", "30.0", "x"],
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (0.0534, "0.0534"), (1.4, "1.40"), (31.94, "31.9"), (99.96, "100"), (1234.5, "1234"), (-2.5, "-2.50")],
)
def test_an_amount_has_three_digits_that_mean_something(value: float, shown: str) -> None:
    assert amount(value) == shown
