"""Where lines of prose may end: between words, and between the characters of a language that has no blanks."""

from __future__ import annotations

import re

from rich.cells import cell_len

# A word with the blanks after it, or one ideograph with the punctuation that must not be torn from it.
OPENING, CLOSING = "（“《「", "，。；：、！？）”》」"
IDEOGRAPH, WORD = "[\u2e80-\u9fff\uf900-\uffef]", rf"[^\s\u2e80-\uffef{OPENING}{CLOSING}]+"
PIECE = re.compile(rf"[{OPENING}]*(?:{IDEOGRAPH}|{WORD})[{CLOSING}]*\s*|\S\s*|\s+")


def line_ends(text: str, width: int) -> list[int]:
    """The offsets in `text` at which lines end, so that none is wider than `width` columns unless a word alone is."""
    ends = []
    column = 0
    for piece in PIECE.finditer(text):
        if column and column + cell_len(piece.group().rstrip()) > width:
            ends.append(piece.start())
            column = 0
        column += cell_len(piece.group())
    return ends
