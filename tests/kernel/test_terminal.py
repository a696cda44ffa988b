"""One command on a terminal: it has one of its own inside ours, and ours is put back."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from reliability.census import wait_for
from reliability.terminal import named
from reliability.terminals import Terminals, has_exited, settings

from .conftest import PAIR

RUN = [sys.executable, "-m", "sandbox", "run"]


def test_the_only_command_has_a_terminal_of_its_own(terminal: Terminals) -> None:
    ours = os.ttyname(0) if os.isatty(0) else ""
    inside = terminal([*RUN, "--", "sh", "-c", "tty; test -t 0 && test -t 1 && test -t 2 && echo all"])
    inside.expect(r"/dev/pts/\d+\r\nall\r\n")
    assert str(inside.after).split()[0] != ours
    assert has_exited(inside) == 0


def test_the_exit_status_passes_a_terminal(terminal: Terminals) -> None:
    assert has_exited(terminal([*RUN, "--", "sh", "-c", "exit 42"])) == 42
    assert has_exited(terminal([*RUN, "--", "sh", "-c", "kill -9 $$"])) == 137


def test_what_cannot_be_executed_is_told_on_a_terminal(terminal: Terminals) -> None:
    inside = terminal([*RUN, "--", "no-such-program"])
    inside.expect("sandbox: error: 'no-such-program'")
    assert has_exited(inside) == 127


def test_several_commands_share_no_terminal(terminal: Terminals) -> None:
    inside = terminal([*RUN, *PAIR, "--", "sh", "-c", "test -t 0 || test -t 1 || echo none"])
    inside.expect("[ab] .*none.*[ab] .*none")
    assert has_exited(inside) == 0


@pytest.mark.parametrize("pair", [(), PAIR], ids=["one", "two"])
def test_control_c_ends_what_does_not_catch_it(terminal: Terminals, pair: tuple[str, ...]) -> None:
    commands = 2 if pair else 1
    inside = terminal([*RUN, *pair, "--", "sh", "-c", "echo ready; sleep 99; echo survived"])
    for _ in range(commands):
        inside.expect("ready")
    # A shell that is interrupted before it has started a program starts it all the same.
    wait_for(lambda: len(named("sleep", inside.pid)) == commands, within=5)
    inside.sendintr()
    assert has_exited(inside) == 130
    assert "survived" not in str(inside.before)


def test_control_d_is_the_end_of_input(terminal: Terminals) -> None:
    inside = terminal([*RUN, "--", "cat"])
    inside.sendline("hello")
    inside.expect("hello\r\nhello\r\n")
    inside.sendeof()
    assert has_exited(inside) == 0


def test_a_large_output_arrives_whole(terminal: Terminals) -> None:
    output = terminal([*RUN, "--", "seq", "100000"]).read()
    assert output == "".join(f"{number}\r\n" for number in range(1, 100_001))


def test_job_control_works_inside(terminal: Terminals) -> None:
    inside = terminal([*RUN, "--", "bash", "--norc", "--noprofile", "--noediting", "-i"])
    inside.expect("prompt> ")
    assert "no job control" not in str(inside.before)
    inside.sendline("sleep 99")
    wait_for(lambda: named("sleep", inside.pid), within=5)
    inside.send("\x1a")
    inside.expect("Stopped")
    inside.sendline("fg")
    wait_for(lambda: [each for each in named("sleep", inside.pid) if each.status() == "sleeping"], within=5)
    inside.sendintr()
    inside.expect("prompt> ")
    inside.sendline("exit 9")
    assert has_exited(inside) == 9


def test_in_the_background_the_terminal_is_not_touched(terminal: Terminals) -> None:
    shell = terminal.shell()
    before = settings(shell)
    shell.sendline(" ".join([*RUN, "--"]) + " sh -c 'sleep 0.2; echo re''ady' &")
    shell.expect("ready")
    assert settings(shell) == before
    shell.sendline("wait %1; echo status=$?")
    shell.expect("status=0")


def test_output_of_several_is_coloured_on_a_terminal(terminal: Terminals) -> None:
    assert re.search("\x1b\\[36ma \\| \x1b\\[0mx", terminal([*RUN, *PAIR, "--", "echo", "x"]).read())


def test_a_large_lab_shows_how_far_it_is_and_leaves_nothing_of_that(
    terminal: Terminals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    inside = terminal([sys.executable, "-m", "sandbox", "up", "--topology", "linear:1000"], timeout=30)
    inside.expect("building .*%")
    inside.expect_exact("\r\x1b[Ksandbox: lab is up")
    inside.sendintr()
    assert has_exited(inside) == 130
