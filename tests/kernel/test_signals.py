"""What is sent to the launcher reaches every command, once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

import sandbox
from reliability.catchers import RUN, Catchers, all_named, await_forwarding, commands
from reliability.census import wait_for
from reliability.programs import PYTHON, catcher

from .conftest import PAIR, Cli

# 32 and 33, which programs cannot use: posix_spawn(3) leaves them ignored (glibc, sysdeps/unix/sysv/linux/spawni.c).
OF_THE_C_LIBRARY = 0b11 << 31


def test_a_stop_stops_what_does_not_catch_it(cli: Cli) -> None:
    process = cli.start("run", *PAIR, "--", "sleep", "99")
    await_forwarding(process)
    wait_for(lambda: len(commands(process)) == 2, within=5)
    sleeping = wait_for(lambda: all_named("sleep", commands(process)), within=5)

    def all_are(status: str) -> bool:
        return {each.status() for each in (*sleeping, psutil.Process(process.pid))} == {status}

    process.send_signal(signal.SIGTSTP)
    wait_for(lambda: all_are(psutil.STATUS_STOPPED), within=5)
    process.send_signal(signal.SIGCONT)
    wait_for(lambda: all_are(psutil.STATUS_SLEEPING), within=5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 128 + signal.SIGTERM


def test_a_second_interrupt_after_a_while_is_only_an_interrupt(cli: Cli) -> None:
    catchers = Catchers(cli.start(*RUN["one"]), "one")
    catchers.send("SIGINT")
    catchers.hear("SIGINT")
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun > 2.1, within=5)
    catchers.send("SIGINT")
    catchers.hear("SIGINT")
    assert catchers.launcher.poll() is None


@pytest.mark.parametrize("count", ["one", "two"])
@pytest.mark.parametrize(("name", "status"), [("TERM", 143), ("INT", 130), ("HUP", 129)])
def test_a_sleeping_command_ends_within_a_second(cli: Cli, count: str, name: str, status: int) -> None:
    process = cli.start("run", *(PAIR if count == "two" else ()), "--", "sleep", "99")
    wait_for(lambda: all_named("sleep", commands(process)), within=5)
    wait_for(lambda: len(commands(process)) == (2 if count == "two" else 1), within=5)
    await_forwarding(process)
    begun = time.monotonic()
    process.send_signal(signal.Signals[f"SIG{name}"])
    assert process.wait(5) == status
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1"])
@pytest.mark.parametrize("tenths", range(0, 10, 3))
def test_a_signal_in_the_middle_of_the_start_leaves_nothing(cli: Cli, name: str, tenths: int) -> None:
    # A launch takes some 30 ms: from before Python has started until the commands run.
    process = cli.start("run", *PAIR, "--", "sleep", "99")
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun > tenths / 200, within=5)
    number = signal.Signals[f"SIG{name}"]
    process.send_signal(number)
    # 1 is Python's own, interrupted before there was any program.
    assert process.wait(5) in (-number, 128 + number, 1 if name == "INT" else None)
    cli.await_nothing_left()


def test_an_ignored_hangup_stays_ignored(cli: Cli) -> None:
    process = cli.start(*RUN["one"], before=("sh", "-c", 'trap "" HUP; exec "$@"', "sh"))
    catchers = Catchers(process, "one")
    catchers.send("SIGHUP")
    catchers.send("SIGUSR1")
    catchers.hear("SIGUSR1")


def test_children_get_the_interrupt_as_well(cli: Cli) -> None:
    process = cli.start("run", "--", "sh", "-c", "sleep 99; echo $?")
    # Not just a child: until it executes it is one of the shell's, which share its mind about signals.
    wait_for(lambda: "sleep" in [child.name() for each in commands(process) for child in each.children()], within=5)
    await_forwarding(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130


@pytest.mark.parametrize("ignored", ["HUP", "INT", "PIPE", "CHLD", "USR1"])
def test_a_command_begins_with_default_actions_and_an_empty_mask(cli: Cli, ignored: str) -> None:
    # Not Python: it ignores SIGPIPE by itself.
    before = ("sh", "-c", f'trap "" {ignored}; exec "$@"', "sh")
    done = cli("run", "--", "grep", "-E", "Sig(Ign|Blk)", "/proc/self/status", before=before)
    masks = {int(line.split()[1], 16) & ~OF_THE_C_LIBRARY for line in done.stdout.splitlines()}
    assert masks == {0}


def test_a_blocked_signal_is_not_blocked_in_the_command(node: sandbox.Node) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    try:
        done = node.run(["grep", "SigBlk", "/proc/self/status"], capture_output=True, text=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert done.stdout.split()[1] == "0" * 16


def test_a_process_can_be_sent_every_signal(node: sandbox.Node) -> None:
    with node.popen([*catcher], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        for each in (signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM):
            process.send_signal(each)
            assert process.stdout.readline() == f"{each.name}\n"
        process.terminate()
        assert process.stdout.readline() == "SIGTERM\n"
        process.kill()
        assert process.wait(5) == -signal.SIGKILL
        process.send_signal(signal.SIGTERM)  # to nobody: no error, as with subprocess


def test_signals_for_commands_that_are_just_ending_do_not_harm_the_lab(node: sandbox.Node) -> None:
    with node.popen(["sleep", "99"]) as other:
        for _ in range(300):
            process = node.popen(["true"])
            while process.poll() is None:
                process.send_signal(signal.SIGWINCH)
        assert other.poll() is None
        other.kill()


def test_a_command_leads_a_session_of_its_own(node: sandbox.Node) -> None:
    script = "import os; print(os.getsid(0) == os.getpgrp() == os.getpid() != 1)"
    assert node.run([*PYTHON, script], capture_output=True, text=True).stdout == "True\n"


def test_init_cannot_be_killed_from_inside(node: sandbox.Node) -> None:
    assert node.run(["sh", "-c", "kill -9 1; kill -TERM 1; kill -INT 1; echo alive"], capture_output=True).stdout
    assert node.run(["true"]).returncode == 0


def test_processes_outside_cannot_be_seen_or_signalled(node: sandbox.Node) -> None:
    done = node.run(["sh", "-c", f"kill -0 {os.getpid()}"], capture_output=True)
    assert done.returncode != 0
    assert Path("/proc/self").exists()
