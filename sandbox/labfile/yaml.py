"""YAML as a person would write it: maps in blocks, everything else as JSON, which YAML contains. Only written here."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLAIN = frozenset(LETTERS + "0123456789_.-")
# Words that YAML 1.1 takes for something else than text.
WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


def write(document: Mapping[str, Any]) -> str:
    """The document in YAML."""
    return "".join(_lines(document, ""))


def _lines(table: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, content in table.items():
        if isinstance(content, dict) and content:
            yield f"{indent}{_key(name)}:\n"
            yield from _lines(content, f"{indent}  ")
        else:
            yield f"{indent}{_key(name)}: {_json(content)}\n"


def _key(name: str) -> str:
    is_plain = name[:1] in LETTERS and PLAIN.issuperset(name) and name and name.lower() not in WORDS
    return name if is_plain else _json(name)


def _json(content: object) -> str:
    # What YAML does not take as it is: DEL and what follows it, and the separators of Unicode.
    text = json.dumps(content, ensure_ascii=False)
    return "".join(each if " " <= each <= "~" or each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08x}"
