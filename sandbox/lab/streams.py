"""The standard streams of a command: what subprocess's stdin=, stdout=, stderr= and text= ask for."""

from __future__ import annotations

import contextlib
import io
import os
import select
import selectors
import subprocess
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    from .process import Process

    File = int | IO[Any] | None

MOST_AT_ONCE = 32 * 1024


class Streams:
    """Descriptors for a command's 0, 1 and 2, and this program's ends of the pipes among them.

    A context: on leaving it the command's ends are closed here; after an exception ours as well.
    """

    def __init__(
        self,
        stdin: File,
        stdout: File,
        stderr: File,
        *,
        bufsize: int,
        text: bool,
        encoding: str | None,
        errors: str | None,
    ) -> None:
        self._stack = contextlib.ExitStack()
        self._ours = contextlib.ExitStack()
        self._text = text or encoding is not None or errors is not None
        self._codec = {"encoding": encoding, "errors": errors}
        self._bufsize = bufsize
        self.stdin, given_in = self._open(stdin, 0, "wb")
        self.stdout, given_out = self._open(stdout, 1, "rb")
        if stderr == subprocess.STDOUT:
            self.stderr, given_err = None, given_out
        else:
            self.stderr, given_err = self._open(stderr, 2, "rb")
        self.given = (given_in, given_out, given_err)

    def __enter__(self) -> Streams:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stack.close()
        if kind:
            self._ours.close()

    def _open(self, asked: File, number: int, mode: str) -> tuple[IO[Any] | None, int]:
        """Our end of a stream, where there is one, and the command's."""
        if asked == subprocess.PIPE:
            return self._pipe(mode)
        if asked == subprocess.DEVNULL:
            return None, self._nowhere()
        if asked is None:
            return None, number if _is_open(number) else self._nowhere()
        return None, asked if isinstance(asked, int) else asked.fileno()

    def _pipe(self, mode: str) -> tuple[IO[Any], int]:
        reading, writing = os.pipe()
        own, given = (writing, reading) if mode == "wb" else (reading, writing)
        self._stack.callback(os.close, given)
        file: IO[Any] = io.open(own, mode, self._bufsize)  # noqa: SIM115, UP020 - handed to the caller
        if self._text:
            line_buffered = self._bufsize == 1
            file = io.TextIOWrapper(file, write_through=mode == "wb", line_buffering=line_buffered, **self._codec)
        self._ours.callback(file.close)
        return file, given

    def _nowhere(self) -> int:
        fd = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._stack.callback(os.close, fd)
        return fd


def converse(process: Process, collected: dict[Any, bytearray], input: Any, timeout: float | None) -> tuple[Any, Any]:
    """What Process.communicate does. `collected` keeps what was read when time runs out."""
    deadline = None if timeout is None else monotonic() + timeout
    unsent = _as_bytes(process.stdin, input)
    with selectors.DefaultSelector() as selector:
        _register(selector, process, collected, has_input=bool(unsent))
        while selector.get_map():
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                raise _expired(process, collected, timeout)
            for key, _ in selector.select(left):
                stream: Any = key.fileobj
                if key.events == selectors.EVENT_WRITE:
                    unsent = _send(stream, unsent)
                    finished = not unsent
                else:
                    received = os.read(stream.fileno(), MOST_AT_ONCE)
                    collected[stream] += received
                    finished = not received
                if finished:
                    selector.unregister(stream)
                    _finish(stream)
    try:
        process.wait(None if deadline is None else max(0, deadline - monotonic()))
    except subprocess.TimeoutExpired:
        raise _expired(process, collected, timeout) from None
    return _collected(process.stdout, collected), _collected(process.stderr, collected)


def _register(
    selector: selectors.BaseSelector, process: Process, collected: dict[Any, bytearray], *, has_input: bool
) -> None:
    if process.stdin and not process.stdin.closed:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.flush()
        if has_input:
            selector.register(process.stdin, selectors.EVENT_WRITE)
        else:
            _finish(process.stdin)
    for stream in (process.stdout, process.stderr):
        if stream:
            collected.setdefault(stream, bytearray())
            if not stream.closed:
                selector.register(stream, selectors.EVENT_READ)


def _expired(process: Process, collected: dict[Any, bytearray], timeout: float | None) -> subprocess.TimeoutExpired:
    output, error = (bytes(collected[stream]) if stream else None for stream in (process.stdout, process.stderr))
    return subprocess.TimeoutExpired(process.args, timeout or 0, output=output, stderr=error)


def _as_bytes(stdin: IO[Any] | None, input: Any) -> memoryview:
    if not input:
        return memoryview(b"")
    if stdin is None:
        raise ValueError("cannot send input without stdin=PIPE")
    if isinstance(stdin, io.TextIOWrapper):
        input = input.encode(stdin.encoding, stdin.errors or "strict")
    return memoryview(input).cast("B")


def _send(stdin: IO[Any], unsent: memoryview) -> memoryview:
    try:
        # A pipe that is ready takes PIPE_BUF bytes without blocking: pipe(7).
        return unsent[os.write(stdin.fileno(), unsent[: select.PIPE_BUF]) :]
    except BrokenPipeError:
        return memoryview(b"")


def _finish(stream: IO[Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        stream.close()


def _collected(stream: IO[Any] | None, collected: dict[Any, bytearray]) -> Any:
    if stream is None:
        return None
    data = bytes(collected[stream])
    if isinstance(stream, io.TextIOWrapper):
        text = data.decode(stream.encoding, stream.errors or "strict")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return data


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
