"""Lines of prose, in languages with blanks and without."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sandbox.cli.wrapping import CLOSING, OPENING, line_ends


def lines(text: str, width: int) -> list[str]:
    ends = line_ends(text, width)
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def test_words_are_kept_whole() -> None:
    assert lines("one two three, four", 8) == ["one two ", "three, ", "four"]


def test_a_word_that_is_too_long_has_a_line_for_itself() -> None:
    assert lines("an extraordinarily long one", 8) == ["an ", "extraordinarily ", "long one"]


def test_chinese_may_end_after_any_character_but_before_no_stop() -> None:
    assert lines("每个进程，都属于 red", 8) == ["每个进", "程，都属", "于 red"]
    assert lines("名字（就是）文件", 6) == ["名字", "（就", "是）文", "件"]


@given(st.text(alphabet="ab ，（）每个进/程。", max_size=60), st.integers(4, 20))
def test_nothing_is_lost_and_lines_fit(text: str, width: int) -> None:
    shown = lines(text, width)
    assert "".join(shown) == text
    for line in shown:
        words = line.strip().split()
        assert cell_len(line.rstrip()) <= width or len(words) == 1


@given(st.text(alphabet="ab ，（）每个进程。", max_size=60))
def test_no_line_begins_with_a_stop(text: str) -> None:
    for before, line in zip(lines(text, 10), lines(text, 10)[1:], strict=False):
        if line[0] in CLOSING:
            assert before.endswith((" ", *OPENING, *CLOSING))
