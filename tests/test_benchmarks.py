"""The tables of the benchmarks: what is met, what is missed, what was not measured."""

from __future__ import annotations

import pytest

from benchmarks.row import Row
from benchmarks.table import Table
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
