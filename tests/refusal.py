"""How a bad request is refused: by one line, `what - how to fix`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.errors import RequestError


def refusal(ask: Callable[..., object], *arguments: object) -> str:
    """The one line with which `ask` refuses its arguments: what is wrong, ' - ' and how to fix it."""
    with pytest.raises(RequestError) as caught:
        ask(*arguments)
    said = str(caught.value)
    what, dash, fix = said.partition(" - ")
    assert what, said
    assert dash, said
    assert fix, said
    assert said.splitlines() == [said], "more than one line"
    assert said.isprintable(), "user text is shown with repr"
    assert not said.removesuffix("...").endswith("."), said
    return said
