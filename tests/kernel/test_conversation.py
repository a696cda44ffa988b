"""Requests in a batch, in a network of their own: what is refused is told of, wherever in the batch it stands."""

from __future__ import annotations

import sys

import pytest

import sandbox

SCRIPT = """
import sys
from sandbox.kernel.rtnetlink import packed
from sandbox.kernel.rtnetlink.conversation import BATCH, Conversation, Refused

NOBODY = 77
conversation = Conversation()
requests = [packed.set_up(1) for _ in range(2 * BATCH + 3)]
for at in map(int, sys.argv[1:]):
    requests[at] = packed.set_up(NOBODY)
try:
    conversation.ask(requests)
    print("done")
except Refused as refused:
    print(refused.position, refused.strerror)
conversation.ask([packed.set_down(1)])
"""
FIRST, LAST, SECOND_BATCH, VERY_LAST = 0, 15, 16, 34


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ((), None),
        ((FIRST,), FIRST),
        ((LAST,), LAST),
        ((7, LAST), 7),
        ((SECOND_BATCH,), SECOND_BATCH),
        ((20, 33, VERY_LAST), 20),
        ((VERY_LAST,), VERY_LAST),
    ],
)
def test_the_first_request_that_is_refused_is_told(
    node: sandbox.Node, refused: tuple[int, ...], told: int | None
) -> None:
    done = node.run([sys.executable, "-c", SCRIPT, *map(str, refused)], capture_output=True, text=True)
    assert done.stdout == ("done\n" if told is None else f"{told} No such device\n"), done.stderr
