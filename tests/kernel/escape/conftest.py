"""What the tests of probes share: one bait for all, and figures of what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .bait import bait

# How many of how many probes have escaped: launcher, escaped, tried.
Tell = Callable[[str, int, int], None]


@pytest.fixture(scope="session")
def told() -> Iterator[dict[str, Any]]:
    """What is told of the host to each probe."""
    with bait() as record:
        yield record


@pytest.fixture
def tell(remark: list[str], record_property: Callable[[str, object], None]) -> Tell:
    """Says a figure at the end of the session, also of that which another user has."""

    def tell(launcher: str, escaped: int, tried: int) -> None:
        line = f"probes: {escaped} of {tried} escaped: {launcher}"
        remark.append(line)
        record_property("remark", line)

    return tell
