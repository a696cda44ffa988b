"""Commands under a launcher that print each signal they get."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from .census import wait_for
from .cli import NODES, PATIENCE_S, must
from .launch import PAIR
from .programs import catcher

RUN = {"one": ("run", "--", *catcher), "two": ("run", *PAIR, "--", *catcher)}


class Catchers:
    """One or two of them, once they are ready."""

    def __init__(self, launcher: subprocess.Popen[str], count: str) -> None:
        """`launcher` was started with RUN[count]."""
        self.launcher = launcher
        self._prefixes = NODES[count]
        self.hear("ready")
        await_forwarding(launcher)

    def send(self, name: str) -> None:
        """Send the launcher a signal."""
        self.launcher.send_signal(signal.Signals[name])

    def hear(self, *words: str) -> None:
        """Complain unless these are what each prints next, a line each."""
        assert self.launcher.stdout
        expected = sorted(f"{prefix}{word}\n" for prefix in self._prefixes for word in words)
        heard = sorted(self.launcher.stdout.readline() for _ in expected)
        must(heard == expected, f"heard {heard}, not {expected}")

    def stop_and_continue(self) -> None:
        """^Z and fg, as a shell sends them: the launcher stops as well, and so do those that do not catch it."""
        self.send("SIGTSTP")
        launcher = psutil.Process(self.launcher.pid)
        wait_for(lambda: launcher.status() == psutil.STATUS_STOPPED, within=PATIENCE_S, what="the launcher stops")
        # Earlier a SIGCONT would take the SIGTSTP away again, where that is still pending: signal(7).
        wait_for(lambda: all_named("SIGTSTP", commands(self.launcher)), within=PATIENCE_S, what="all have SIGTSTP")
        self.send("SIGCONT")
        self.hear("SIGTSTP", "SIGCONT")


def await_forwarding(launcher: subprocess.Popen[Any]) -> None:
    """Return when the launcher passes signals on: until its commands execute they are its own, or wait."""
    bit = 1 << (signal.SIGUSR1 - 1)

    def passes_on() -> bool:
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{launcher.pid}/status").read_text().splitlines())
        return bool(int(fields["SigCgt"], 16) & bit and not int(fields["SigBlk"], 16) & bit)

    wait_for(passes_on, within=PATIENCE_S, what="signals are forwarded")


def commands(launcher: subprocess.Popen[Any]) -> list[psutil.Process]:
    """The commands that it started: the children of its init."""
    return [command for init in psutil.Process(launcher.pid).children() for command in init.children()]


def all_named(name: str, processes: Sequence[psutil.Process]) -> Sequence[psutil.Process]:
    """These processes, where all have this name."""
    return processes if all(each.name() == name for each in processes) else []
