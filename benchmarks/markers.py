"""Parts of a document that a program writes, each between two comments of its name; the rest is written by hand."""

from __future__ import annotations

import re


def part(document: str, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- end of name -->`. Raises ValueError where they are not there."""
    return _found(document, name)["body"]


def replaced(document: str, name: str, body: str) -> str:
    """The document with `body` there instead. Raises ValueError where the two comments are not there, once."""
    found = _found(document, name)
    return f"{document[: found.start('body')]}{body.rstrip()}\n{document[found.end('body') :]}"


def _found(document: str, name: str) -> re.Match[str]:
    begin, end = re.escape(f"<!-- {name} -->\n"), re.escape(f"<!-- end of {name} -->")
    found = list(re.finditer(f"^{begin}(?P<body>.*?)^{end}$", document, flags=re.MULTILINE | re.DOTALL))
    if len(found) != 1:
        raise ValueError(f"the document has {len(found)} parts between <!-- {name} --> and <!-- end of {name} -->")
    return found[0]
