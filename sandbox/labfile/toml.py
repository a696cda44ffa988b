"""TOML as a person would write it: a table for each thing, short values on one line. Python itself only reads TOML."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

WIDTH = 100
BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def write(document: Mapping[str, Any]) -> str:
    """The document in TOML: values, then tables, tables of tables, and lists of tables.

    Raises UnicodeEncodeError for a text that is none.
    """
    values = {key: content for key, content in document.items() if not isinstance(content, dict | list)}
    sections = ["".join(_lines(values))] if values else []
    for key, content in document.items():
        if isinstance(content, dict) and not all(isinstance(each, dict) for each in content.values()):
            sections.append("".join(_table(_key(key), content)))
        elif isinstance(content, dict):
            sections += ("".join(_table(f"{_key(key)}.{_key(name)}", table)) for name, table in content.items())
        elif isinstance(content, list):
            # What is told of [key.name] after [[key]] belongs to the last one.
            sections += (f"[[{_key(key)}]]\n" + "".join(_lines(table, _key(key))) for table in content)
    return "\n".join(sections)


def _table(path: str, table: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{path}]\n"
    yield from _lines(table, path)


def _lines(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What is in a table; the tables in it that are too long for a line come last."""
    long = {}
    for key, content in table.items():
        line = f"{_key(key)} = {value(content)}\n"
        if isinstance(content, dict) and len(line) > WIDTH:
            long[key] = content
        else:
            yield line
    for key, content in long.items():
        yield "\n"
        yield from _table(f"{path}.{_key(key)}", content)


def _key(name: str) -> str:
    return name if name and BARE.issuperset(name) else _text(name)


def value(content: object) -> str:
    """The value on one line."""
    if isinstance(content, str):
        return _text(content)
    if isinstance(content, dict):
        return "{ " + ", ".join(f"{_key(key)} = {value(each)}" for key, each in content.items()) + " }"
    if isinstance(content, (list, tuple)):
        return "[" + ", ".join(map(value, content)) + "]"
    return json.dumps(content)


def _text(text: str) -> str:
    """JSON's strings are TOML's, but for DEL, which TOML wants escaped."""
    text.encode()
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
