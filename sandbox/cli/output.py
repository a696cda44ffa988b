"""The output of several commands as one: each line with its node's name before it, its bytes unchanged."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Hear = Callable[[int, bytes], object]  # the number of a stream, and what came from it

AT_ONCE = 64 * 1024
LONGEST_LINE = 64 * 1024  # a longer one is passed on in parts: memory stays bounded
COLOURS = (36, 33, 32, 35, 34, 31)


class Output:
    """Pipes from the commands to our stdout and stderr. Only as fast as these are read."""

    def __init__(self, nodes: Sequence[str], *, as_json: bool, quiet: bool, plain: bool = False) -> None:
        self._nodes = nodes
        self._plain = plain
        self._as_json = as_json
        self._quiet = quiet
        self._streams: dict[int, Stream] = {}
        self._given: list[int] = []
        self._sinks = {1: Sink(1), 2: Sink(2)}

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Those to poll."""
        return tuple(self._streams)

    def open(self, node: str, hear: Hear | None = None) -> tuple[int, int]:
        """Descriptors for stdout and stderr of the command in `node`; see given(). `hear` is told all that comes."""
        return self._pipe(node, 1, hear), self._pipe(node, 2, hear)

    def given(self) -> None:
        """The command has its descriptors: ours are closed, so that the pipes end with it."""
        while self._given:
            os.close(self._given.pop())

    def pass_on(self, ready: set[int]) -> None:
        """Read once from each ready pipe and write what is complete."""
        for fd in ready & self._streams.keys():
            data = os.read(fd, AT_ONCE)
            self._streams[fd].take(data)
            if not data:
                del self._streams[fd]
                os.close(fd)

    def catch_up(self) -> None:
        """Pass on what is there by now, as much as a pipe holds."""
        poll = select.poll()
        for fd in self._streams:
            poll.register(fd, select.POLLIN)
        self.pass_on({fd for fd, _ in poll.poll(0)})

    def drain(self) -> None:
        """Pass on all that is left, to the end of every pipe."""
        while self._streams:
            poll = select.poll()
            for fd in self._streams:
                poll.register(fd, select.POLLIN)
            self.pass_on({fd for fd, _ in poll.poll()})

    def ended(self, node: str, status: int, reached: Sequence[str] = ()) -> None:
        """Tell of a command's end, and of limits that were reached: always in JSON, else only of a failure."""
        if self._as_json:
            from json import dumps

            record = {"node": node, "exit": status, **({"reached": list(reached)} if reached else {})}
            self._sinks[1].write(dumps(record).encode() + b"\n", self)
        elif status and not self._quiet:
            self.say(f"{node} exited with {status}")

    def say(self, what: str) -> None:
        """A line of our own."""
        self._sinks[2].write(f"sandbox: {what}\n".encode(), self)

    def _pipe(self, node: str, number: int, hear: Hear | None) -> int:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        sink = self._sinks[1 if self._as_json else number]
        self._streams[reading] = stream = Stream(sink, self._frame(node, number, sink))
        if hear:
            stream.hear = lambda data: hear(number, data)
        self._given.append(writing)
        return writing

    def _frame(self, node: str, number: int, sink: Sink) -> PrefixFrame | JsonFrame:
        if self._as_json:
            return JsonFrame(node, number)
        return PrefixFrame(b"" if self._plain else prefix(self._nodes, node, sink))


class Stream:
    """One command's stdout or stderr: bytes come in, whole lines go out."""

    def __init__(self, sink: Sink, frame: PrefixFrame | JsonFrame) -> None:
        self._sink = sink
        self._frame = frame
        self.hear: Callable[[bytes], object] | None = None
        self._partial = bytearray()

    def take(self, data: bytes) -> None:
        """Take what was read; nothing at all means the end."""
        if self.hear:
            self.hear(data)
        self._partial += data
        end = self._partial.rfind(b"\n") + 1
        if not data or (not end and len(self._partial) > LONGEST_LINE):
            end = len(self._partial)
        if end:
            lines = bytes(self._partial[:end])
            del self._partial[:end]
            self._sink.write(self._frame.around(lines, begun=self._sink.is_within(self)), self)


class Sink:
    """Our stdout or stderr, and who wrote to it last."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._within: object = None

    @property
    def is_coloured(self) -> bool:
        """On a terminal, unless NO_COLOR (no-color.org) or FORCE_COLOR says otherwise."""
        if os.environ.get("NO_COLOR"):
            return False
        return bool(os.environ.get("FORCE_COLOR")) or os.isatty(self._fd)

    def is_within(self, writer: object) -> bool:
        """Whether `writer` is in the middle of a line here."""
        return self._within is writer

    def write(self, data: bytes, writer: object) -> None:
        """Write all of `data`. Another's unfinished line is ended first."""
        if self._within is not None and self._within is not writer:
            data = b"\n" + data
        self._within = None if data.endswith(b"\n") else writer
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:
                self._wait()

    def _wait(self) -> None:
        # Whoever shares this descriptor made it non-blocking, which is not ours to change.
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.poll()


def prefix(nodes: Sequence[str], node: str, sink: Sink) -> bytes:
    """What stands before each line of a node, as wide as the longest name; each node has its colour."""
    text = f"{node:<{max(map(len, nodes))}} | "
    if sink.is_coloured:
        text = f"\x1b[{COLOURS[nodes.index(node) % len(COLOURS)]}m{text}\x1b[0m"
    return text.encode()


class PrefixFrame:
    """`a | ` before each line."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix

    def around(self, lines: bytes, *, begun: bool) -> bytes:
        """The lines with their prefix; the first without where it is `begun` already."""
        body = lines[:-1].replace(b"\n", b"\n" + self._prefix) + lines[-1:]
        return body if begun else self._prefix + body


class JsonFrame:
    """A JSON object for each line: node, stream and text; bytes that are no text as lone surrogates."""

    def __init__(self, node: str, number: int) -> None:
        self._head = {"node": node, "stream": "stdout" if number == 1 else "stderr"}

    def around(self, lines: bytes, *, begun: bool) -> bytes:
        """One object a line."""
        from io import BytesIO
        from json import dumps

        del begun
        # Unlike splitlines(), a file ends lines at newlines only: not at the \r of a progress bar.
        texts = (line.decode(errors="surrogateescape") for line in BytesIO(lines))
        return "".join(dumps({**self._head, "text": text}) + "\n" for text in texts).encode()
