"""The documents' tables are written by the bench: from a record, between markers, with a plot for each."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import document, markers
from benchmarks.asked import Asked
from benchmarks.parts import PARTS
from benchmarks.record import Record
from benchmarks.row import Row
from benchmarks.table import Entry, Table

from .test_benchmarks_plot import GROWTH, LAUNCH, SVG, WIRE

ROOT = Path(__file__).parents[1]
MACHINE = {"date": "2026-11-25", "python": "3.11.7", "kernel": "6.18 x86_64", "cpu": "2 x one, load 0.1 at the start"}
# What the README tells of, apart from those of the gallery.
OTHERS = [
    Table(title, [Entry("sandbox", 2.0), Entry("C", 1.0)], ours="sandbox", floor="C")
    for title in document.IN_README
    if title not in (WIRE.title, "pairs: build")
]
PAIRS = replace(
    GROWTH,
    title="pairs: build",
    floor="C",
    entries=[replace(each, name="C") if each.name == "labs.c" else each for each in GROWTH.entries],
)
RECORD = Record(
    "./sbx bench --full",
    MACHINE,
    {
        "launcher": [LAUNCH, Table("goals", rows=[Row("a launch", 0.38, "x", 0.3, "31.9 ms, by hand 84.1 ms")])],
        "labs": [PAIRS, *OTHERS],
        "wire": [WIRE],
    },
)
COMMANDS = re.compile(r"\./sbx bench(?: [^#`\n]*)?")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree whose documents have places for that record."""
    (tmp_path / "docs").mkdir()
    places = "".join(f"<!-- {name} -->\nold\n<!-- end of {name} -->\nbetween\n" for name in document.parts(RECORD))
    (tmp_path / document.PERFORMANCE).write_text(f"# Title\n{places}")
    (tmp_path / document.README).write_text("# Readme\n<!-- comparison -->\n<!-- end of comparison -->\nend\n")
    (tmp_path / document.PLOTS).mkdir()
    (tmp_path / document.PLOTS / "of-yore.svg").write_text("<svg/>")
    return tmp_path


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    one, again = tmp_path / "build" / "one.json", tmp_path / "again.json"
    RECORD.write(one)
    read = Record.read(one)
    read.write(again)
    assert again.read_text() == one.read_text()
    assert (read.command, read.machine, read.parts["labs"][0].entries) == (RECORD.command, MACHINE, PAIRS.entries)
    assert read.parts["launcher"][1].rows[0].is_met is False


def test_every_part_is_written_in_its_place_and_nothing_else(root: Path) -> None:
    document.write(RECORD, root)
    text = (root / document.PERFORMANCE).read_text()
    assert "old" not in text
    assert text.startswith("# Title\n")
    assert text.count("between") == len(RECORD.parts) + 1
    assert "| command | `./sbx bench --full` |" in text
    assert "| **sandbox run** | 31.9 | 15.0 x | 1.00 x |  |" in text
    assert "| podman, a bridge | - |  |  | no such image" in text
    assert "| **sandbox** | 14.0 (1.27 x) | 130 (1.18 x) | 390 (1.11 x) | 1400 (1.17 x) |  |" in text
    assert "| a launch | 0.38 x | ≤ 0.3 | **missed** | 31.9 ms, by hand 84.1 ms |" in text


def test_the_readme_has_a_line_for_each_comparison_and_some_plots(root: Path) -> None:
    document.write(RECORD, root)
    text = (root / document.README).read_text()
    assert text.startswith("# Readme\n")
    assert text.endswith("end\n")
    assert "| pairs: build, N=1000 | 1400 ms | 1200: C |" in text
    assert "| TCP, one stream | 18.6 Gbit/s | 15.9: Docker-style bridge; 29.0: loopback |" in text
    assert text.count("\n| ") == 1 + len(document.IN_README)
    shown = re.findall(r"\]\((.+?)\)", text)
    assert len(shown) == len(document.SHOWN)
    assert all((root / path).is_file() for path in shown)


def test_a_comparison_that_was_not_measured_is_missed(root: Path) -> None:
    with pytest.raises(KeyError):
        document.write(replace(RECORD, parts={"launcher": [LAUNCH]}), root)


def test_each_table_with_values_has_a_plot_and_no_other_stays(root: Path) -> None:
    document.write(RECORD, root)
    plots = {path.name for path in (root / document.PLOTS).iterdir()}
    assert plots == {document.plot_name(table) for table in (LAUNCH, PAIRS, *OTHERS, WIRE)}
    assert "tcp-one-stream.svg" in plots


def test_written_twice_is_written_once(root: Path) -> None:
    document.write(RECORD, root)
    before = (root / document.PERFORMANCE).read_text()
    document.write(RECORD, root)
    assert (root / document.PERFORMANCE).read_text() == before


def test_a_part_without_its_place_is_refused(root: Path) -> None:
    (root / document.PERFORMANCE).write_text("<!-- machine -->\n<!-- end of machine -->\n")
    with pytest.raises(ValueError, match="0 parts between <!-- launcher -->"):
        document.write(RECORD, root)


def test_a_part_is_found_and_replaced_by_its_name_alone() -> None:
    text = "a\n<!-- one -->\nx\n<!-- end of one -->\n<!-- other -->\ny\n<!-- end of other -->\nb\n"
    assert markers.part(text, "other") == "y\n"
    assert markers.replaced(text, "one", "z\\1\n\n") == text.replace("x\n", "z\\1\n")


def test_the_page_has_a_place_for_every_part() -> None:
    text = (ROOT / document.PERFORMANCE).read_text()
    for name in (document.MACHINE, *PARTS):
        markers.part(text, name)
    markers.part((ROOT / document.README).read_text(), document.COMPARISON)


def test_the_tables_of_the_page_are_what_its_plots_show() -> None:
    text = (ROOT / document.PERFORMANCE).read_text()
    shown = re.findall(rf"!\[(.+?)\]\({document.PLOTS.name}/(.+?)\)\n\n((?:\|.*\n)+)", text)
    plots = {path.name for path in (ROOT / document.PLOTS).glob("*.svg")}
    assert {name for _, name, _ in shown} == plots
    for title, name, table in shown:
        told = ElementTree.fromstring((ROOT / document.PLOTS / name).read_text()).find(f"{SVG}desc")
        assert told is not None
        head, _, *lines = (re.split(r"(?<!\\) ?\| ?", line)[1:-1] for line in table.splitlines())
        assert head[0].startswith(title)
        for name_, *columns in lines:
            assert f"{name_.strip('*')}" in str(told.text)
            numbers = [column.partition(" ")[0] for column in columns[:-1] if " x" not in column or "(" in column]
            for number in numbers:
                assert number in ("-", "") or f": {number} " in str(told.text), (title, name_, number)


def test_every_command_of_the_page_can_be_asked_for() -> None:
    commands = COMMANDS.findall((ROOT / document.PERFORMANCE).read_text())
    commands += COMMANDS.findall((ROOT / "Makefile").read_text())
    assert len(commands) >= 3
    for command in commands:
        Asked.parse(command.split()[2:])


def test_what_was_asked_for_is_told_as_it_is_asked_for() -> None:
    words = ["--quick", "--only", "labs", "--only", "profile"]
    assert str(Asked.parse(words)) == "./sbx bench --quick --only labs --only profile"
    assert str(Asked.parse([])) == "./sbx bench"


def test_entries_are_compared_with_those_of_their_size() -> None:
    one, other = GROWTH.entry("sandbox", 100), GROWTH.entry("Mininet", 1000)
    assert one is not None
    assert other is not None
    assert GROWTH.ratio(one, "labs.c") == pytest.approx(130 / 110)
    assert GROWTH.ratio(other, "labs.c") is None
    assert Table("t", [Entry("a", 1.0)]).ratio(Entry("b", 2.0), "") is None
