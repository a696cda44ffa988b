"""Messages between a lab and its init, over real sockets."""

from __future__ import annotations

import os
from _socket import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox import messages

Ends = tuple[socket, socket]

SCM_MAX_FD = 253  # include/net/scm.h


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The two ends of a conversation, the first as the caller holds it; and no descriptor more afterwards."""
    before = open_descriptors()
    ours, theirs = messages.pair()
    yield ours, theirs
    ours.close()
    theirs.close()
    assert open_descriptors() == before


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.exists()}


# Text of a command line: any bytes but NUL, those that are no UTF-8 as lone surrogates.
ARGUMENTS = st.binary().map(lambda data: os.fsdecode(data.replace(b"\0", b"")))
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0=", exclude_categories=("Cs",)))


@given(st.dictionaries(KEYS, st.lists(ARGUMENTS, min_size=1), min_size=1))
@example({"arg": ["a=b", "=", "", "\n", "\udcff\udc80", "é", "x" * 100_000]})
def test_what_was_encoded_is_decoded(fields: dict[str, list[str]]) -> None:
    assert messages.decode(messages.encode(fields)) == fields


def test_the_format_is_that_of_an_environment() -> None:
    data = messages.encode({"node": "a", "arg": ["ping", "-c=1", ""], "none": []})
    assert data == b"node=a\0arg=ping\0arg=-c=1\0arg=\0"
    assert messages.decode(data) == {"node": ["a"], "arg": ["ping", "-c=1", ""]}


def test_bytes_that_are_no_text_arrive_as_they_were() -> None:
    every_byte = os.fsdecode(bytes(range(1, 256)))
    assert messages.encode({"arg": every_byte}) == b"arg=" + bytes(range(1, 256)) + b"\0"
    assert messages.decode(messages.encode({"arg": every_byte})) == {"arg": [every_byte]}


# Around the size from which a message travels as a memfd, and beyond what a socket's buffer holds.
@pytest.mark.parametrize(
    "size", [0, 1, messages.INLINE - 3, messages.INLINE - 2, messages.INLINE - 1, 300_000, 20_000_000]
)
def test_a_message_of_any_size_arrives_whole(ends: Ends, size: int) -> None:
    ours, theirs = ends
    messages.send(theirs, {"x": "y" * size})
    message, descriptors, _ = messages.receive(ours)
    assert message == {"x": ["y" * size]}
    assert descriptors == []


def test_messages_arrive_one_by_one_in_order(ends: Ends) -> None:
    ours, theirs = ends
    for number in range(50):
        messages.send(theirs, {"number": str(number), "much": "x" * (40_000 if number % 10 == 0 else 3)})
    received = [messages.receive(ours)[0] for _ in range(50)]
    assert [message and message["number"] for message in received] == [[str(number)] for number in range(50)]


def test_both_ends_can_speak(ends: Ends) -> None:
    ours, theirs = ends
    messages.send(ours, {"go": ""})
    assert messages.receive(theirs)[0] == {"go": [""]}
    messages.send(theirs, {"ready": ""})
    assert messages.receive(ours)[0] == {"ready": [""]}


@pytest.mark.parametrize("size", [1, 100_000], ids=["inline", "memfd"])
def test_descriptors_arrive_in_order_and_closed_on_exec(ends: Ends, size: int) -> None:
    ours, theirs = ends
    pipes = [os.pipe() for _ in range(3)]
    writers = [writing for _, writing in pipes]
    messages.send(theirs, {"x": "y" * size}, descriptors=writers)
    message, descriptors, _ = messages.receive(ours)
    assert message == {"x": ["y" * size]}
    assert len(descriptors) == 3
    assert not any(os.get_inheritable(fd) for fd in descriptors)
    for number, fd in enumerate(descriptors):
        os.write(fd, str(number).encode())
    assert [os.read(reading, 9) for reading, _ in pipes] == [b"0", b"1", b"2"]
    for fd in (*descriptors, *(fd for pipe in pipes for fd in pipe)):
        os.close(fd)


def test_as_many_descriptors_as_the_kernel_takes_arrive(ends: Ends) -> None:
    ours, theirs = ends
    messages.send(theirs, {"x": ""}, descriptors=[theirs.fileno()] * SCM_MAX_FD)
    _, descriptors, _ = messages.receive(ours)
    assert len(descriptors) == SCM_MAX_FD
    for fd in descriptors:
        os.close(fd)


def test_a_huge_message_leaves_the_sender_no_descriptor(ends: Ends) -> None:
    _, theirs = ends
    before = open_descriptors()
    messages.send(theirs, {"x": "y" * 100_000})
    assert open_descriptors() == before


def test_the_receiver_learns_who_sent(ends: Ends) -> None:
    ours, theirs = ends
    messages.send(theirs, {"started": ""}, pid=os.getpid())
    assert messages.receive(ours) == ({"started": [""]}, [], os.getpid())


def test_a_closed_end_is_no_message(ends: Ends) -> None:
    ours, theirs = ends
    messages.send(theirs, {"last": ""})
    theirs.close()
    assert messages.receive(ours)[0] == {"last": [""]}
    assert messages.receive(ours) == (None, [], 0)
    assert messages.receive(ours) == (None, [], 0)


def test_an_end_closed_with_a_message_unread_is_no_message(ends: Ends) -> None:
    ours, theirs = ends
    messages.send(ours, {"never": "read"})
    theirs.close()
    assert messages.receive(ours) == (None, [], 0)


def test_sending_to_a_closed_end_raises(ends: Ends) -> None:
    ours, theirs = ends
    theirs.close()
    with pytest.raises(BrokenPipeError):
        messages.send(ours, {"x": ""})
    with pytest.raises(BrokenPipeError):
        messages.send(ours, {"x": "y" * 100_000})


def test_a_pair_is_closed_on_exec(ends: Ends) -> None:
    assert not any(os.get_inheritable(end.fileno()) for end in ends)


def test_what_was_said_is_heard_even_if_the_other_end_left_something_unread(ends: Ends) -> None:
    ours, theirs = ends
    messages.send(ours, {"unread": ""})
    messages.send(theirs, {"failed": "it"})
    theirs.close()
    assert messages.receive(ours)[0] == {"failed": ["it"]}
    assert messages.receive(ours)[0] is None
