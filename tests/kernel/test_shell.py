"""`sandbox shell` and `exec` on a terminal: a real one, in a lab that is up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import psutil
import pytest

import sandbox
from reliability.census import wait_for
from reliability.programs import PYTHON, catcher
from reliability.terminals import Terminals, has_exited, settings

from .conftest import PAIR

SHELL = [sys.executable, "-m", "sandbox", "shell", "x/a"]
EXEC = [sys.executable, "-m", "sandbox", "exec", "x/a", "--"]


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sandbox.Lab]:
    """The lab x, shared by this program."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with sandbox.Lab(sandbox.Topology.parse([PAIR[1:]])) as lab:
        lab.share("x")
        yield lab


@pytest.fixture
def shell(terminal: Terminals) -> pexpect.spawn[str]:
    """A shell in the node a."""
    terminal.environment["SHELL"] = "/bin/sh"  # which takes its prompt from the environment
    opened = terminal([*SHELL])
    opened.expect("prompt> ")
    return opened


def named(name: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["name"]) if each.name() == name]


def test_a_shell_is_in_the_node_and_its_exit_is_ours(shell: pexpect.spawn[str]) -> None:
    shell.sendline("hostname; echo $SANDBOX_IP; tty")
    shell.expect(r"a\r\n192\.168\.1\.1\r\n/dev/pts/\d+")
    shell.sendline("exit 9")
    assert has_exited(shell) == 9


def test_control_z_and_fg_inside(shell: pexpect.spawn[str]) -> None:
    shell.sendline("sleep 97")
    sleeping = wait_for(lambda: [each for each in named("sleep") if "97" in each.cmdline()], within=5)[0]
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.sendline("fg")
    wait_for(lambda: sleeping.status() == "sleeping", within=5)
    shell.sendintr()
    shell.expect("prompt> ")
    wait_for(lambda: not sleeping.is_running(), within=5)


def test_one_control_c_is_one_interrupt(terminal: Terminals) -> None:
    inside = terminal([*EXEC, *catcher])
    inside.expect("ready")
    inside.sendintr()
    inside.expect("SIGINT")
    assert inside.expect(["SIGINT", pexpect.TIMEOUT], timeout=0.3) == 1


def test_the_window_is_passed_on_and_so_is_its_change(terminal: Terminals) -> None:
    script = """
import os, signal
signal.signal(signal.SIGWINCH, lambda *_: print('now', *os.get_terminal_size(0), flush=True))
print('ready', *os.get_terminal_size(0), flush=True)
while True: signal.pause()
"""
    inside = terminal([*EXEC, *PYTHON, script])
    inside.expect("ready 111 33\r\n")
    inside.setwinsize(44, 122)
    inside.expect("now 122 44\r\n")


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_the_terminal_is_as_before_afterwards(terminal: Terminals, end: str) -> None:
    outer = terminal(["dash", "-i"])
    outer.expect("prompt> ")
    before = settings(outer)
    outer.sendline(" ".join(EXEC) + " sh -c 'echo re''ady; read line'")
    outer.expect("ready")
    wait_for(lambda: settings(outer) != before, within=5)
    if end == "exit":
        outer.sendline("")
    else:
        (launched,) = (each for each in psutil.Process(outer.pid).children() if "sandbox" in each.cmdline())
        launched.kill()
    wait_for(lambda: settings(outer) == before, within=2, what="the settings are put back")


def test_a_closed_terminal_ends_what_runs_on_it_and_not_the_lab(terminal: Terminals, lab: sandbox.Lab) -> None:
    inside = terminal([*EXEC, "sh", "-c", "echo ready; sleep 96"])
    inside.expect("ready")
    inside.close(force=True)
    wait_for(lambda: not [each for each in named("sleep") if "96" in each.cmdline()], within=2)
    assert lab["a"].run(["true"]).returncode == 0
