"""The output of several commands as one: prefixes, lines, bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.cli.output import COLOURS, LONGEST_LINE, JsonFrame, Output, PrefixFrame, Sink, Stream

# What a stream reads, one chunk after another: [(node, bytes)].
Chunks = list[tuple[int, bytes]]
NAMES = ("a", "bb")


def shown(chunks: Chunks, *, as_json: bool = False) -> bytes:
    """What two streams that share a sink make of these chunks, both read to their ends."""
    fd = os.memfd_create("sink")
    try:
        sink = Sink(fd)
        frames = [JsonFrame(name, 1) if as_json else PrefixFrame(f"{name} | ".encode()) for name in NAMES]
        streams = [Stream(sink, frame) for frame in frames]
        for number, chunk in (*chunks, (0, b""), (1, b"")):
            streams[number].take(chunk)
        return os.pread(fd, 1 << 26, 0)
    finally:
        os.close(fd)


def written(chunks: Chunks, number: int) -> bytes:
    """All that one stream was given."""
    return b"".join(chunk for stream, chunk in chunks if stream == number)


def stripped(output: bytes, name: str) -> bytes:
    """The lines of one node, without prefix."""
    prefix = f"{name} | ".encode()
    return b"".join(line.removeprefix(prefix) for line in lines_of(output) if line.startswith(prefix))


def lines_of(data: bytes) -> list[bytes]:
    """Lines as a file has them: ended by a newline, only the last may be without."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([(0, b"one\n")], b"a | one\n"),
        ([(0, b"one\ntwo\n")], b"a | one\na | two\n"),
        ([(0, b"one\n\ntwo\n")], b"a | one\na | \na | two\n"),
        ([(0, b"\n")], b"a | \n"),
        ([(0, b"o"), (0, b"ne"), (0, b"\n")], b"a | one\n"),
        ([(0, b"one\ntw"), (0, b"o\n")], b"a | one\na | two\n"),
        ([(0, b"one")], b"a | one"),
        ([(0, b"one\ntwo")], b"a | one\na | two"),
        ([(0, b"o"), (1, b"two\n"), (0, b"ne\n")], b"bb | two\na | one\n"),
        ([(0, b"one"), (1, b"two")], b"a | one\nbb | two"),
        ([(0, b"one"), (1, b"two\n")], b"bb | two\na | one"),
        ([(0, b"10%\r20%\r"), (0, b"done\n")], b"a | 10%\r20%\rdone\n"),
        ([(0, b"\xff\x00\x1b[1m\n")], b"a | \xff\x00\x1b[1m\n"),
        ([], b""),
    ],
)
def test_each_line_has_its_node_before_it(chunks: Chunks, expected: bytes) -> None:
    assert shown(chunks) == expected


def test_a_line_is_passed_on_as_soon_as_it_is_whole() -> None:
    fd = os.memfd_create("sink")
    stream = Stream(Sink(fd), PrefixFrame(b"a | "))
    stream.take(b"one\ntw")
    assert os.pread(fd, 99, 0) == b"a | one\n"
    stream.take(b"o")
    assert os.pread(fd, 99, 0) == b"a | one\n"
    stream.take(b"\n")
    assert os.pread(fd, 99, 0) == b"a | one\na | two\n"
    os.close(fd)


def test_a_line_longer_than_is_kept_is_one_line_with_one_prefix() -> None:
    chunks = [(0, b"x" * 50_000)] * 7 + [(0, b"\nnext\n")]
    assert shown(chunks) == b"a | " + b"x" * 350_000 + b"\na | next\n"


def test_another_s_line_ends_a_long_one_that_is_not_finished() -> None:
    long = b"x" * (LONGEST_LINE + 1)
    chunks = [(0, long), (1, b"two\n"), (0, b"y\n")]
    assert shown(chunks) == b"a | " + long + b"\nbb | two\na | y\n"


LINES = st.lists(st.binary(max_size=12) | st.sampled_from([b"\n", b"a | x\n", b"\r\n", b"one\n", b"\xc3", b"\xa9"]))


@st.composite
def chunked(draw: st.DrawFn) -> Chunks:
    """Two outputs cut anywhere and mixed in any order, each chunk some bytes."""
    queues = [[chunk for chunk in draw(LINES) if chunk] for _ in NAMES]
    mixed: Chunks = []
    while any(queues):
        number = draw(st.sampled_from([number for number, queue in enumerate(queues) if queue]))
        mixed.append((number, queues[number].pop(0)))
    return mixed


@given(chunked())
@example([(0, b"no newline"), (1, b"at the end")])
def test_without_its_prefixes_each_output_is_what_it_was_byte_for_byte(chunks: Chunks) -> None:
    output = shown(chunks)
    for number, name in enumerate(NAMES):
        own, expected = stripped(output, name), written(chunks, number)
        # The one byte that may be added: where a command's last line has no end and another's follows.
        assert own == expected or (own == expected + b"\n" and not expected.endswith(b"\n"))
    added = len(output) - sum(len(chunk) for _, chunk in chunks)
    prefixes = sum(line.startswith((b"a | ", b"bb | ")) for line in output.split(b"\n"))
    assert added <= prefixes * 5 + 1, "nothing is there but the outputs, prefixes and that one byte"


@given(chunked())
@example([(0, b"\xc3"), (0, b"\xa9\n"), (1, b"\xff"), (0, "\u2028\x0c\x85\r\r\n".encode())])
def test_json_is_one_object_a_line_and_together_the_bytes_that_were(chunks: Chunks) -> None:
    objects = [json.loads(line) for line in shown(chunks, as_json=True).splitlines()]
    for number, name in enumerate(NAMES):
        texts = [each["text"] for each in objects if each["node"] == name]
        together = "".join(texts).encode(errors="surrogateescape")
        assert together == written(chunks, number)
        assert texts == [line.decode(errors="surrogateescape") for line in lines_of(written(chunks, number))]


def test_an_object_names_node_stream_and_text() -> None:
    assert JsonFrame("a", 1).around(b"x\r1\n\xff", begun=False).splitlines() == [
        b'{"node": "a", "stream": "stdout", "text": "x\\r1\\n"}',
        b'{"node": "a", "stream": "stdout", "text": "\\udcff"}',
    ]
    assert b'"stream": "stderr"' in JsonFrame("a", 2).around(b"x\n", begun=False)


@pytest.fixture
def output(request: pytest.FixtureRequest) -> Iterator[Output]:
    """An Output of nodes a and bb, as the command line makes it."""
    made = Output(NAMES, **{"as_json": False, "quiet": False, **getattr(request, "param", {})})
    yield made
    made.given()
    made.drain()


def test_standard_output_and_error_stay_apart(output: Output, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stdout, stderr = output.open("a")
    os.write(stdout, b"out\n")
    os.write(stderr, b"error\n")
    output.given()
    output.drain()
    assert capfdbinary.readouterr() == (b"a  | out\n", b"a  | error\n")


def test_prefixes_are_as_wide_as_the_longest_name(output: Output, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for name in NAMES:
        os.write(output.open(name)[0], b"x\n")
        output.given()
        output.drain()
    assert capfdbinary.readouterr().out == b"a  | x\nbb | x\n"


def test_a_megabyte_goes_through_while_it_is_written(output: Output, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stdout, _ = output.open("a")
    os.set_blocking(stdout, False)
    data = b"".join(b"%08d\n" % number for number in range(120_000))
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(stdout, left) :]
        except BlockingIOError:
            output.pass_on({output.descriptors[0]})
    output.given()
    output.drain()
    assert capfdbinary.readouterr().out == b"".join(b"a  | " + line for line in lines_of(data))


def test_what_is_there_is_heard_at_once_and_only_that(
    output: Output, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    heard = []
    stdout, stderr = output.open("a", lambda *piece: heard.append(piece))
    output.catch_up()
    assert heard == []
    os.write(stdout, b"x" * 60_000 + b"\n")
    os.write(stderr, b"part")
    output.catch_up()
    assert sorted(heard) == [(1, b"x" * 60_000 + b"\n"), (2, b"part")]
    assert capfdbinary.readouterr().out.startswith(b"a  | xxx")
    output.given()


@pytest.mark.parametrize("output", [{"plain": True}], indirect=True)
def test_plain_is_the_bytes_alone(output: Output, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stdout, _ = output.open("a")
    os.write(stdout, b"one\ntwo")
    output.given()
    output.drain()
    assert capfdbinary.readouterr().out == b"one\ntwo"


@pytest.mark.parametrize("output", [{"as_json": True}], indirect=True)
def test_in_json_everything_is_on_standard_output(output: Output, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stdout, stderr = output.open("a")
    os.write(stdout, b"out")
    os.write(stderr, b"error\n")
    output.given()
    output.drain()
    output.ended("a", 0)
    output.ended("bb", 3)
    out, error = capfdbinary.readouterr()
    objects = [json.loads(line) for line in out.splitlines()]
    assert {"node": "a", "stream": "stdout", "text": "out"} in objects[:2]
    assert {"node": "a", "stream": "stderr", "text": "error\n"} in objects[:2]
    assert objects[2:] == [{"node": "a", "exit": 0}, {"node": "bb", "exit": 3}]
    assert error == b""


def test_only_a_failure_is_told_and_on_a_line_of_its_own(
    output: Output, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    _, stderr = output.open("a")
    os.write(stderr, b"half a line")
    output.given()
    output.drain()
    output.ended("a", 0)
    output.ended("bb", 7)
    assert capfdbinary.readouterr() == (b"", b"a  | half a line\nsandbox: bb exited with 7\n")


@pytest.mark.parametrize("output", [{"quiet": True}], indirect=True)
def test_quiet_tells_of_no_end(output: Output, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.ended("bb", 7)
    assert capfdbinary.readouterr() == (b"", b"")


@pytest.mark.parametrize(
    ("environment", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),  # no-color.org: present and not empty
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colour_is_for_terminals_unless_the_environment_says_otherwise(
    environment: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, content in environment.items():
        monkeypatch.setenv(name, content)
    ends = os.openpty() if terminal else os.pipe()
    assert Sink(ends[1]).is_coloured is coloured
    for fd in ends:
        os.close(fd)


def test_each_node_has_a_colour_of_its_own_around_its_prefix(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = Output(NAMES, as_json=False, quiet=False)
    for name in NAMES:
        os.write(output.open(name)[0], b"x\n")
        output.given()
        output.drain()
    assert capfdbinary.readouterr().out == (
        b"\x1b[%dma  | \x1b[0mx\n\x1b[%dmbb | \x1b[0mx\n" % (COLOURS[0], COLOURS[1])
    )


def test_a_sink_that_would_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = b"x" * 1_000_000
    if os.fork() == 0:
        os.close(reading)
        Sink(writing).write(data, "somebody")
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        assert file.read() == data
    assert os.wait()[1] == 0
