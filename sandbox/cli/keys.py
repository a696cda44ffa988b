"""Single keys of the terminal, without Enter: cbreak, termios(3)."""

from __future__ import annotations

import os
import re
import termios
import tty
from contextlib import contextmanager
from signal import SIGTSTP, signal

from .signals import stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

AT_ONCE, LONGEST_LINE = 64, 4096
# What an arrow or a page key sends, ECMA-48; else one character, which may be of several bytes.
KEY = re.compile(rb"\x1b[\[O][0-9;]*[A-Za-z~]|[\xc0-\xff][\x80-\xbf]*|.", re.DOTALL)
END = "\x04"
NAMES = {
    "\r": "enter",
    "\n": "enter",
    " ": "enter",
    END: "end",
    "\0": "end",  # the same, typed ahead while lines were read
    "\x1b[C": "right",
    "\x1bOC": "right",
    "\x1b[6~": "right",
    "\x1b[D": "left",
    "\x1bOD": "left",
    "\x1b[5~": "left",
}


class Keys:
    """The keys that a person types, one by one; `guard` is as RawMode's.

    The terminal is as it was whenever none is waited for. ^C raises KeyboardInterrupt, and ^Z stops, as elsewhere.
    """

    def __init__(self) -> None:
        self._typed: list[str] = []

    def read(self, guard: Callable[[int], object], show: Callable[[], object]) -> str:
        """The next key: itself, or as NAMES has it; `end` as well when the terminal is gone.

        `show` shows what it is for, and again after a stop.
        """
        show()
        if not self._typed:
            guard(0)
            with _one_by_one(show):
                self._typed = _split(_read(AT_ONCE))
        key = self._typed.pop(0)
        return NAMES.get(key, key)

    def line(self) -> str | None:
        """What is typed up to Enter, seen as it is typed; None for ^D."""
        ahead = ""
        while self._typed:
            key = self._typed.pop(0)
            if key in "\r\n":
                os.write(1, b"\n")  # as the terminal does where it reads a line
                return ahead.strip()
            ahead += key
        typed = _read(LONGEST_LINE)
        return (ahead + typed.decode(errors="replace")).strip() if typed else None


def _read(most: int) -> bytes:
    try:
        return os.read(0, most)
    except OSError:
        return b""  # EIO: the terminal was closed


def _split(data: bytes) -> list[str]:
    return [key.decode(errors="replace") for key in KEY.findall(data)] or [END]


@contextmanager
def _one_by_one(show: Callable[[], object]) -> Iterator[None]:
    settings = termios.tcgetattr(0)

    def stop_and_go_on(number: int, frame: FrameType | None) -> None:
        del number, frame
        termios.tcsetattr(0, termios.TCSADRAIN, settings)
        stop()
        tty.setcbreak(0, termios.TCSADRAIN)
        show()

    before = signal(SIGTSTP, stop_and_go_on)
    try:
        # Not TCSAFLUSH, the default: it would throw away what was typed ahead.
        tty.setcbreak(0, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, settings)
        signal(SIGTSTP, before)
