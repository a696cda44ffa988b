"""Programs on pseudo-terminals, as a person at a terminal sees them."""

from __future__ import annotations

import termios
from collections.abc import Mapping, Sequence
from typing import Any

import pexpect


class Terminals:
    """Programs on pseudo-terminals of their own; killed at the end."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = {**environment, "PS1": "prompt> ", "TERM": "dumb"}
        self._opened: list[pexpect.spawn[str]] = []

    def __call__(self, words: Sequence[str], **options: Any) -> pexpect.spawn[str]:
        options = {"env": self.environment, "encoding": "utf-8", "timeout": 10, "dimensions": (33, 111), **options}
        terminal = pexpect.spawn(words[0], list(words[1:]), **options)
        terminal.delaybeforesend = None
        self._opened.append(terminal)
        return terminal

    def shell(self, name: str = "bash") -> pexpect.spawn[str]:
        """An interactive shell with job control. dash, unlike bash, changes no settings by itself."""
        options = ["--norc", "--noprofile", "--noediting"] if name == "bash" else []
        shell = self([name, *options, "-i"])
        shell.expect("prompt> ")
        return shell

    def close(self) -> None:
        for terminal in self._opened:
            terminal.close(force=True)


def settings(terminal: pexpect.spawn[str]) -> list[Any]:
    """Those of the terminal, as tcgetattr(3) has them."""
    return termios.tcgetattr(terminal.child_fd)


def has_exited(process: pexpect.spawn[str]) -> int:
    """The exit status in the manner of a shell."""
    process.expect(pexpect.EOF)
    process.wait()
    return process.exitstatus if process.exitstatus is not None else 128 + int(process.signalstatus or 0)
