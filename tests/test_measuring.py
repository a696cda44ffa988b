"""What the checks of reliability measure with: floods, readers, holdings, ears, times."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
from collections.abc import Mapping

import pytest

from reliability import flood
from reliability.cli import Times, ended_well, must, told
from reliability.host import names
from reliability.output import Reader
from reliability.soak_labs import Holdings


def test_a_flood_is_the_same_each_time_and_another_for_each_stream() -> None:
    floods = [b"".join(flood.lines(node, stream, 1)) for node, stream in (("a", 1), ("a", 1), ("a", 2), ("b", 1))]
    assert floods[0] == floods[1]
    assert len(set(floods)) == 3
    assert all(flood.MIB <= len(each) < flood.MIB + flood.LONGEST + 2 for each in floods)


def test_a_line_of_a_flood_is_written_to_a_pipe_as_a_whole() -> None:
    assert max(map(len, flood.lines("a", 1, 1))) <= 4096  # PIPE_BUF


def read(data: bytes, prefixes: Mapping[bytes, str]) -> Reader:
    reader = Reader(io.BytesIO(data), prefixes)
    reader.thread.join(10)
    return reader


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_reader_tells_nodes_apart_and_leaves_out_what_was_put_before_their_lines() -> None:
    reader = read(b"a | a1\nb | b1\na | a2\n", {b"a | a": "a", b"b | b": "b"})
    assert reader.digests == {"a": digest(b"a1\na2\n"), "b": digest(b"b1\n")}
    assert reader.strange == []


@pytest.mark.parametrize("data", [b"a1\na2\nx\n", b"a1\na2\n1\n", b"a1\na2\n\n", b"a1\na2\nx"])
def test_a_line_of_nobody_is_strange(data: bytes) -> None:
    reader = read(data, {b"a": "a"})
    assert reader.digests == {"a": digest(b"a1\na2\n")}
    assert len(reader.strange) == 1


def test_a_line_without_its_end_is_no_line() -> None:
    assert read(b"a1\na2", {b"a": "a"}).strange == [b"a2"]


@pytest.mark.parametrize(
    ("after", "is_well"),
    [
        (Holdings(5, 1, 10.9), True),
        (Holdings(4, 1, 3.0), True),
        (Holdings(6, 1, 10.0), False),
        (Holdings(5, 2, 10.0), False),
        (Holdings(5, 1, 11.1), False),
    ],
)
def test_a_descriptor_a_thread_or_more_than_a_mebibyte_is_too_much(after: Holdings, is_well: bool) -> None:
    assert (after.complaint(Holdings(5, 1, 10.0)) == "") is is_well


def test_what_is_held_more_is_told_with_its_sign() -> None:
    assert Holdings(6, 1, 9.5).since(Holdings(5, 2, 10.0)) == "descriptors +1, threads -1, memory -0.50 MiB"


def test_messages_of_the_kernel_are_named() -> None:
    new_link = struct.pack("=IHHII", 18, 16, 0, 0, 0) + b"xx\0\0"
    del_rule = struct.pack("=IHHII", 16, 33, 0, 0, 0)
    unknown = struct.pack("=IHHII", 16, 121, 0, 0, 0)
    assert list(names(new_link + del_rule + unknown)) == ["RTM_NEWLINK", "RTM_DELRULE", "RTM_DEL120"]


def test_an_attempt_tells_what_did_not_hold_and_nothing_else() -> None:
    assert told(lambda case: must(case, "no case"))("one") == ""
    assert told(lambda case: must(not case, "a case"))("one") == "a case"

    def times_out(_: str) -> None:
        raise subprocess.TimeoutExpired(["sleep"], 3)

    assert told(times_out)("one") == "not ended within 3 s"


@pytest.mark.parametrize(("status", "stderr"), [(1, ""), (0, "warning\n")])
def test_what_has_something_to_say_did_not_end_well(status: int, stderr: str) -> None:
    with pytest.raises(AssertionError, match=f"ended with {status}"):
        ended_well(subprocess.CompletedProcess([], status, "", stderr))


def test_times_are_told_once_there_are_some() -> None:
    times = Times("a step takes")
    assert str(times) == ""
    with times():
        pass
    assert str(times).startswith("a step takes 0.0")
