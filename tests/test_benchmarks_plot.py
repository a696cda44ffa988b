"""The plots of the benchmarks: everything of a table is in them, nothing covers anything, and all can be read."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.amount import amount
from benchmarks.bars import bars, is_logarithmic
from benchmarks.curves import curves
from benchmarks.drawing import MARGIN, WIDTH, Bar, Drawing
from benchmarks.plot import PAINTS, can_be_drawn, svg
from benchmarks.table import Entry, Table
from sandbox.picture.cards import Box
from sandbox.picture.palette import SHADES

from .test_picture_svg import contrast

SVG = "{http://www.w3.org/2000/svg}"

LAUNCH = Table(
    "a pair, true run in both, and away with it",
    [
        Entry("C, the same system calls", 2.13),
        Entry("sandbox run", 31.9),
        Entry("one ip -batch", 41.2),
        Entry("ip netns, ip link, ip addr", 84.1),
        Entry("Mininet", 612.0),
        Entry(
            "podman, a bridge", None, "no such image, and none may be fetched here: podman pull said no route to host"
        ),
    ],
    ours="sandbox run",
    floor="C, the same system calls",
)
WIRE = Table(
    "TCP, one stream",
    [Entry("our pair", 18.6), Entry("Docker-style bridge", 15.9), Entry("loopback", 29.0), Entry("nothing", 0.0)],
    unit="Gbit/s",
    ours="our pair",
    floor="loopback",
    more_is_better=True,
)
GROWTH = Table(
    "pairs, time to build",
    [
        *(Entry("labs.c", value, at=size) for size, value in ((10, 11.0), (100, 110.0), (300, 350.0), (1000, 1200.0))),
        *(Entry("sandbox", value, at=size) for size, value in ((10, 14.0), (100, 130.0), (300, 390.0), (1000, 1400.0))),
        *(Entry("Mininet", value, at=size) for size, value in ((10, 310.0), (100, 3100.0))),
        Entry("Mininet", None, "takes minutes: measured with --full", at=1000),
        *(Entry("munet", value, at=size) for size, value in ((10, 330.0), (100, 3000.0))),
        Entry("NeST", None, "does not start here", at=10),
    ],
    ours="sandbox",
    floor="labs.c",
)
PROFILE = Table(
    "what a launch is spent on",
    [
        Entry("it starts", 12.4),
        Entry("it works", 0.3),
        Entry("it ends", 2.6),
        Entry("the rest", 0.7),
        Entry("all", 16.0),
    ],
    ours="all",
    adds_up=True,
)
GALLERY = {table.title: table for table in (LAUNCH, WIRE, GROWTH, PROFILE)}

every_table = pytest.mark.parametrize("table", GALLERY.values(), ids=GALLERY.keys())
names = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=90).filter(str.strip)
values = st.none() | st.just(0.0) | st.floats(-1e3, -1e-3) | st.floats(1e-3, 1e7)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Of bars or of curves, with anything in them."""
    known = draw(st.lists(names, min_size=1, max_size=8, unique=True))
    sizes = draw(st.just([None]) | st.lists(st.integers(1, 5000), min_size=1, max_size=5, unique=True))
    entries = [Entry(name, draw(values), draw(names), at=size) for name in known for size in sizes]
    adds_up = sizes == [None] and draw(st.booleans())
    return Table(draw(names), entries, ours=known[-1] if adds_up else known[0], floor=known[-1], adds_up=adds_up)


def drawing(table: Table) -> Drawing:
    return curves(table) if table.sizes else bars(table)


def complaints(table: Table) -> list[str]:
    """What covers what, and what leaves the sheet."""
    drawn = drawing(table)
    sheet = Box(0, 0, WIDTH, drawn.height + 4)
    found = [
        f"{text.words!r} leaves the sheet"
        for text in drawn.texts
        if text.box.left < 0 or text.box.right > sheet.right or text.box.bottom > sheet.bottom or text.box.top < -6
    ]
    for one, other in combinations(drawn.texts, 2):
        if one.box.overlaps(other.box, -2):
            found.append(f"{one.words!r} covers {other.words!r}")
    for bar in (shape for shape in drawn.shapes if isinstance(shape, Bar)):
        found += [f"a bar covers {text.words!r}" for text in drawn.texts if text.box.overlaps(bar.box, -2)]
        found += ["a bar leaves the sheet"] if bar.box.right > WIDTH - MARGIN else []
    return found


@every_table
def test_nothing_covers_anything(table: Table) -> None:
    assert complaints(table) == []


@given(tables().filter(can_be_drawn))
def test_nothing_covers_anything_in_any_table(table: Table) -> None:
    assert complaints(table) == []
    ElementTree.fromstring(svg(table))


@every_table
def test_everything_is_there(table: Table) -> None:
    root = ElementTree.fromstring(svg(table))
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    titles = [title.text for title in root.iter(f"{SVG}title")]
    for entry in table.entries:
        assert entry.name in words
        if entry.value:
            shown = f"{amount(entry.value)} {table.unit}"
            assert any(title and title.startswith(entry.name) and shown in title for title in titles)
            assert table.sizes or shown in words
        elif entry.value is None and all(other.value is None for other in table.entries if other.name == entry.name):
            assert entry.note in words


@every_table
def test_it_is_told_to_those_who_cannot_see_it(table: Table) -> None:
    root = ElementTree.fromstring(svg(table))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title desc")
    title, told = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert told is not None
    assert (title.text, title.get("id"), told.get("id")) == (table.title, "title", "desc")
    for entry in table.entries:
        assert entry.name in (told.text or "")
        assert (entry.note if entry.value is None else amount(entry.value)) in (told.text or "")


def test_bars_are_as_long_as_their_values_until_these_are_too_far_apart() -> None:
    assert not is_logarithmic(WIRE)
    lengths = {bar.says.partition(":")[0]: bar.box.right - bar.box.left for bar in bars_of(WIRE)}
    assert lengths["our pair"] / lengths["loopback"] == pytest.approx(18.6 / 29.0)
    assert is_logarithmic(LAUNCH)
    assert "logarithmic scale" in svg(LAUNCH)
    assert [bar.kind for bar in bars_of(LAUNCH)] == ["floor", "ours", "other", "other", "other"]
    widths = [bar.box.right - bar.box.left for bar in bars_of(LAUNCH)]
    assert widths == sorted(widths)


def test_parts_begin_where_the_one_before_ends() -> None:
    boxes = [bar.box for bar in bars_of(PROFILE)]
    assert boxes[0].left == boxes[-1].left == MARGIN
    assert all(one.right == pytest.approx(other.left) for one, other in pairwise(boxes[:-1]))
    assert boxes[2].right == pytest.approx(MARGIN + (boxes[-1].right - MARGIN) * (12.4 + 0.3 + 2.6) / 16.0, abs=2)
    assert "logarithmic" not in svg(PROFILE)


def test_a_part_below_zero_leads_back_from_where_the_one_before_ends() -> None:
    entries = [Entry("one", 12.0), Entry("two", 6.0), Entry("rest", -2.0), Entry("all", 16.0)]
    one, two, rest, whole = (bar.box for bar in bars_of(Table("sum", entries, ours="all", adds_up=True)))
    assert (one.left, two.left, rest.right) == pytest.approx((MARGIN, one.right, two.right))
    assert rest.left == pytest.approx(whole.right)


def bars_of(table: Table) -> list[Bar]:
    return [shape for shape in bars(table).shapes if isinstance(shape, Bar)]


def test_a_line_is_not_filled() -> None:
    """Of two selectors the one with more classes wins, then the one with an element, then the later one."""
    root = ElementTree.fromstring(svg(GROWTH))
    style = (root.findtext(f"{SVG}style") or "").partition("@media")[0]
    rules = re.findall(r"^(.+) \{ .*\bfill: ([^ ;]+)", style, flags=re.MULTILINE)
    fills = [(*selector.split("."), fill) for selectors, fill in rules for selector in selectors.split(", ")]
    kinds = {path.get("class") or "" for path in root.iter(f"{SVG}path")}
    assert kinds > {"ours curve", "floor curve", "other curve"}
    for kind in kinds:
        meant = [
            (len(classes), element, number, fill)
            for number, (element, *classes, fill) in enumerate(fills)
            if element in ("", "path") and set(classes) <= set(kind.split())
        ]
        assert max(meant)[-1] == "none", kind


@every_table
def test_it_fetches_nothing(table: Table) -> None:
    found = re.findall(r"https?://[^\"]*|url\(|@import|href|<script", svg(table))
    assert found == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_written_and_drawn_can_be_seen(dark: bool) -> None:
    """Contrasts of WCAG 2.1: 4.5 for text, 3 for what tells something (1.4.3 and 1.4.11)."""
    colours = {selector: SHADES[shade][dark] for selector, _, shade in PAINTS if selector != "text"}
    for text in (".name", ".port", ".address", ".note", ".kind"):
        assert contrast(colours[text], colours[".sheet"]) >= 4.5, text
    for shape in (".ours", ".floor", ".other", ".ours.curve", ".floor.curve", ".other.curve"):
        assert contrast(colours[shape], colours[".sheet"]) >= 3, shape


def test_a_table_without_values_is_not_drawn() -> None:
    assert not can_be_drawn(Table("nothing", [Entry("a", None, "not there")]))
    assert can_be_drawn(WIRE)
