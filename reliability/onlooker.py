"""Who sees what this program does to the machine while it only should think."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Whatever else the interpreter tells of (Audit events table of its documentation) is a thing done to somebody.
THINKING = (
    *("import", "exec", "compile", "marshal.loads", "code.__new__", "object.__getattr__", "object.__setattr__"),
    *("builtins.id", "sys._getframe", "sys._current_frames", "os.listdir", "os.scandir"),
)


class Onlooker:
    """Notes what this thread does while it is `watched`: files written, sockets, processes, calls into C, and so on.

    An audit hook cannot be taken away again, so there should be few of these.
    """

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._thread: int | None = None
        sys.addaudithook(self._note)

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """What was done, after this: nothing where all is well."""
        seen = self._seen = []
        before = _own()
        may_write_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        self._thread = threading.get_ident()
        try:
            yield seen
        finally:
            self._thread = None
            sys.dont_write_bytecode = may_write_bytecode
            if (after := _own()) != before:
                seen.append(f"{before} became {after}")

    def _note(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._thread != threading.get_ident() or event in THINKING:
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & WRITING):
            return
        self._seen.append(f"{event}{arguments!r:.200}")


def _own() -> tuple[list[str], str, int]:
    """What this process has: descriptors, a directory, threads."""
    return os.listdir("/proc/self/fd"), os.getcwd(), threading.active_count()
