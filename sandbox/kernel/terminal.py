"""The settings of a terminal, which outlive a program that is killed while it has changed them."""

from __future__ import annotations

import os
import termios


class SavedTerminal:
    """A terminal and its settings as they are now."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._settings = termios.tcgetattr(fd)

    def restore(self) -> None:
        """Put the settings back. From outside its session a terminal takes them at once: tty_ioctl(4)."""
        termios.tcsetattr(self._fd, termios.TCSANOW, self._settings)

    def close(self) -> None:
        """Let go of the terminal."""
        os.close(self._fd)
