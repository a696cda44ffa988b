"""A learner's walk through a lesson on a terminal: on, back, a shell in the midst of it, leaving; nothing is left."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pexpect
import psutil
import pytest

from reliability.census import MARK, SLACK, Census, marked, wait_for
from reliability.terminals import Terminals, has_exited, settings
from sandbox import lessons

from ..test_lessons import FAULTY
from .conftest import Cli

LEARN = [sys.executable, "-m", "sandbox", "learn"]
PROMPT, AT_THE_END, WHICH = "Enter on .*help", "the end .*help", "which place"
KILLS, LESSON_S = 10, 2.0
SHELL = {"SHELL": "/bin/sh", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@pytest.fixture(autouse=True)
def namespaces_are_freed() -> Iterator[None]:
    """The kernel ends up with no more network namespaces than before."""
    before = Census.take("nobody").network_namespaces
    yield
    wait_for(lambda: Census.take("nobody").network_namespaces <= before + SLACK, within=5, what="namespaces are freed")


class Learner:
    """Who takes a lesson on a terminal."""

    def __init__(self, terminal: Terminals, *words: str, before: tuple[str, ...] = (), **variables: str) -> None:
        environment = {**terminal.environment, **SHELL, **variables}
        self.terminal = terminal([*before, *LEARN, *words], env=environment, timeout=20)

    def sees(self, pattern: str) -> str:
        """What was shown up to the pattern."""
        self.terminal.expect(pattern)
        return str(self.terminal.before)

    def types(self, keys: str, until: str = PROMPT) -> str:
        """What was shown after these keys, up to the pattern."""
        self.terminal.send(keys)
        return self.sees(until)

    def enters(self, place: str) -> None:
        """A shell in a place."""
        self.types("s", WHICH)
        self.terminal.sendline(place)
        self.sees(rf"\({place or 'host'}\) # ")

    def asks(self, words: str) -> str:
        """What a command says in the shell."""
        self.terminal.sendline(words)
        return self.sees(r"\(\w+\) # ").partition("\r\n")[2]

    def comes_back(self) -> str:
        self.terminal.sendline("exit")
        return self.sees(PROMPT)


def test_a_walk_goes_on_and_back_and_into_shells(cli: Cli, terminal: Terminals) -> None:
    learner = Learner(terminal, "pair")
    assert "1/13" in learner.sees(PROMPT)
    for key, number in (("\r", "2/13"), ("n", "3/13"), (" ", "4/13"), ("\x1b[C", "5/13")):
        assert number in learner.types(key)
    learner.enters("")
    assert "veth-red@veth-blue" in learner.asks("ip -brief link")
    assert sorted(learner.asks("ip netns list").split()) == ["blue", "red"]
    assert "What is different" not in learner.comes_back()
    assert "4/13" in learner.types("b")
    learner.enters("red")
    shown = learner.asks("ip -brief address")
    assert "127.0.0.1/8" in shown
    assert "veth" not in shown
    learner.comes_back()
    for step in range(5, 14):
        until = PROMPT if step < 13 else AT_THE_END
        assert f"{step}/13" in learner.types("\r", until)
    learner.terminal.send("\r")
    assert has_exited(learner.terminal) == 0
    cli.await_nothing_left()


def test_what_was_changed_in_a_shell_is_shown_and_gone_when_going_back(terminal: Terminals) -> None:
    learner = Learner(terminal, "pair")
    learner.sees(PROMPT)
    learner.types("\r")
    learner.enters("red")
    learner.asks("ip link set lo up")
    shown = learner.comes_back()
    assert "What is different now" in shown
    assert "~ red: link lo DOWN <LOOPBACK> -> UNKNOWN <LOOPBACK,UP,LOWER_UP>" in shown
    learner.types("b")
    assert "state DOWN" in learner.types("\r") + learner.types("\r")


def test_a_step_that_fails_by_what_was_changed_can_be_had_anew(terminal: Terminals) -> None:
    learner = Learner(terminal, "pair")
    learner.sees(PROMPT)
    learner.enters("host")
    learner.asks("ip netns add red")
    learner.comes_back()
    shown = learner.types("\r")
    assert "! `ip netns add red` ended with 1" in shown
    assert "1/13" in learner.types("b")
    assert "2/13" in learner.types("\r")


def test_a_place_that_is_not_there_is_refused_and_the_beginning_of_one_is_enough(terminal: Terminals) -> None:
    learner = Learner(terminal, "pair")
    learner.sees(PROMPT)
    learner.types("s", WHICH)
    assert "no such place" in learner.types("red\r")
    learner.types("\r")
    learner.types("s", WHICH)
    learner.terminal.send("bl\r")
    learner.sees(r"\(blue\) # ")
    assert learner.asks("ip netns identify").strip() == "blue"
    learner.comes_back()


def test_the_name_may_be_typed_at_once(terminal: Terminals) -> None:
    learner = Learner(terminal, "pair")
    learner.sees(PROMPT)
    learner.types("\r")
    learner.types("s red\r", r"\(red\) # ")


def test_job_control_works_in_the_shell(terminal: Terminals) -> None:
    learner = Learner(terminal, "pair")
    learner.sees(PROMPT)
    learner.enters("")
    learner.terminal.sendline("sleep 99")
    wait_for(lambda: _running("sleep"), within=5)
    learner.terminal.sendintr()
    learner.sees(r"\(host\) # ")
    assert learner.asks("stty size").strip() == "33 111"
    assert "job control" not in learner.asks("echo $-")


def test_what_a_shell_leaves_running_stays_as_long_as_the_lesson(cli: Cli, terminal: Terminals) -> None:
    learner = Learner(terminal, "pair")
    learner.sees(PROMPT)
    learner.enters("")
    learner.asks("sleep 99 &")
    learner.comes_back()
    assert _running("sleep")
    learner.terminal.send("q")
    assert has_exited(learner.terminal) == 0
    cli.await_nothing_left()


def test_it_speaks_chinese(terminal: Terminals) -> None:
    learner = Learner(terminal, "pair", "--lang", "zh")
    assert "起点" in learner.sees("回车 继续")
    assert "在哪里" in learner.types("s", "host")
    learner.terminal.sendline("")
    learner.sees(r"\(host\) # ")
    learner.terminal.sendline("exit")
    learner.sees("回车 继续")
    learner.types("?", "离开")


@pytest.mark.parametrize(("key", "status"), [("q", 0), ("\x04", 0), ("\x03", 130)], ids=["q", "^D", "^C"])
@pytest.mark.parametrize("where", ["at a prompt", "asked for a place"])
def test_leaving_puts_the_terminal_back_and_leaves_nothing(
    cli: Cli, terminal: Terminals, key: str, status: int, where: str
) -> None:
    shell = terminal(["dash", "-i"])
    shell.expect("prompt> ")
    before = settings(shell)
    shell.sendline(" ".join(["LC_ALL=C.UTF-8", *LEARN, "pair; echo status=$?"]))
    shell.expect(PROMPT)
    if where != "at a prompt":
        shell.send("s")
        shell.expect(WHICH)
        key = "\x04q" if key == "q" else key
        if key == "\x04":
            shell.send(key)
            shell.expect(PROMPT)
    shell.send(key)
    shell.expect(rf"status={status}\r")
    shell.expect("prompt> ")
    assert settings(shell) == before
    wait_for(lambda: [words for _, words in cli.processes() if "dash" not in words] == [], within=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("where", ["prompt", "shell"])
def test_a_signal_puts_the_terminal_back_and_leaves_nothing(
    cli: Cli, terminal: Terminals, number: signal.Signals, where: str
) -> None:
    shell = terminal(["dash", "-i"])
    shell.expect("prompt> ")
    before = settings(shell)
    shell.sendline(" ".join(["SHELL=/bin/sh", "LC_ALL=C.UTF-8", *LEARN, "pair"]))
    shell.expect(PROMPT)
    if where == "shell":
        shell.send("s\r")
        shell.expect(r"\(host\) # ")
    wait_for(lambda: settings(shell) != before, within=5)
    (learner,) = (each for each in psutil.Process(shell.pid).children() if "learn" in each.cmdline())
    learner.send_signal(number)
    wait_for(lambda: settings(shell) == before, within=2, what="the settings are put back")
    wait_for(lambda: [words for _, words in cli.processes() if "dash" not in words] == [], within=2)


@pytest.mark.parametrize("where", ["prompt", "shell"])
def test_a_closed_terminal_leaves_nothing(cli: Cli, terminal: Terminals, where: str) -> None:
    learner = Learner(terminal, "pair")
    learner.sees(PROMPT)
    learner.types("\r")
    if where == "shell":
        learner.enters("red")
        learner.asks("sleep 99 &")
    learner.terminal.close(force=False)
    cli.await_nothing_left(within=3)


def test_a_stopped_walk_gives_the_terminal_back_and_goes_on(terminal: Terminals) -> None:
    shell = terminal.shell()
    before = settings(shell)
    shell.sendline(" ".join(["LC_ALL=C.UTF-8", *LEARN, "pair"]))
    shell.expect(PROMPT)
    wait_for(lambda: settings(shell) != before, within=5)
    shell.send("\x1a")
    shell.expect("prompt> ")
    wait_for(lambda: settings(shell) == before, within=5)
    shell.sendline("fg")
    shell.expect(PROMPT)
    shell.send("\r")
    shell.expect("2/13")
    shell.expect(PROMPT)
    shell.send("q")
    shell.expect("prompt> ")


@pytest.mark.parametrize("words", [(), ("--no-pause",)], ids=["a pipe", "--no-pause"])
def test_without_a_terminal_it_does_not_wait(cli: Cli, terminal: Terminals, words: tuple[str, ...]) -> None:
    if words:
        learner = Learner(terminal, "pair", *words)
        assert "13/13" in learner.sees(re.escape("13/13")) + "13/13"
        assert has_exited(learner.terminal) == 0
    else:
        done = cli("learn", "pair", input="")
        assert done.returncode == 0
        assert "13/13" in done.stdout
        assert "Enter" not in done.stdout


def moments(seed: int, longest: float) -> list[float]:
    chance = random.Random(seed)
    return [chance.uniform(0, longest) for _ in range(KILLS)]


def pause(seconds: float) -> None:
    """Time that passes, to hit any instant of a lesson; no fact is waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.0005)


@pytest.mark.deadline(90)
def test_a_lesson_that_is_killed_at_random_moments_leaves_nothing(tmp_path: Path) -> None:
    def kill_one(after: float) -> None:
        cli = Cli(tmp_path)
        try:
            process = cli.start("learn", "pair", "--no-pause", stdout=subprocess.DEVNULL)
            pause(after)
            process.kill()
            process.wait(5)
            cli.await_nothing_left(within=2)
        finally:
            cli.close()
            cli.kill()

    with ThreadPoolExecutor(2) as several:
        list(several.map(kill_one, moments(1, LESSON_S)))


# --- faults to find


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    """A lesson of two steps with two faults: blue's end goes down, or its address away."""
    steps = lessons.source("pair").split("[[steps]]")
    text = """
[[steps]]
title = { en = "All", zh = "全部" }
text = { en = "A pair.", zh = "一对。" }
run = [
    "ip netns add red",
    "ip netns add blue",
    "ip link add veth-red netns red type veth peer name veth-blue netns blue",
    "ip -n red address add 192.168.1.1/24 dev veth-red",
    "ip -n blue address add 192.168.1.2/24 dev veth-blue",
    "ip -n red link set veth-red up",
    "ip -n blue link set veth-blue up",
]
facts = [{ place = "red", interface = "veth-red", state = "UP" }]

[[faults]]
name = "carrier"
symptom = { en = "red gets no answer.", zh = "red 得不到回应。" }
run = ["ip -n blue link set veth-blue down"]
proof = "ip netns exec red ping -c 2 -i 0.2 -W 0.5 192.168.1.2"
hints = [{ en = "Look at the link.", zh = "看看链路。" }, { en = "At the other end.", zh = "看另一端。" }]
mend = ["ip -n blue link set veth-blue up"]
truth = { en = "It was down.", zh = "它被关闭了。" }

[[faults]]
name = "address"
symptom = { en = "Again red gets no answer.", zh = "red 又得不到回应。" }
run = ["ip -n blue address delete 192.168.1.2/24 dev veth-blue"]
proof = "ip netns exec red ping -c 1 -W 0.5 192.168.1.2"
hints = []
mend = ["ip -n blue address add 192.168.1.2/24 dev veth-blue"]
truth = { en = "It had no address.", zh = "它没有地址。" }
"""
    path = tmp_path / "faulty.toml"
    path.write_text(steps[0] + text)
    return str(path)


FAULT = "c check .*help"


def test_faults_are_looked_for_mended_and_revealed(cli: Cli, terminal: Terminals, faulty: str) -> None:
    learner = Learner(terminal, faulty)
    learner.sees("all is sound")
    shown = learner.types("\r", FAULT)
    assert "Fault 1 of 2" in shown
    assert "red gets no answer." in shown
    assert "100% packet loss" in shown
    assert "carrier" not in shown
    assert "Hint 1 of 2: Look at the link." in learner.types("h", FAULT)
    assert "Hint 2 of 2: At the other end." in learner.types("h", FAULT)
    assert "no more hints" in learner.types("h", FAULT)
    shown = learner.types("w", FAULT)
    assert "sandbox why --netns red --netns blue" in shown or "no why yet" in shown
    assert "Not mended yet" in learner.types("c", FAULT)
    learner.enters("blue")
    learner.asks("ip link set veth-blue up")
    learner.terminal.sendline("exit")
    assert "~ blue: link veth-blue DOWN" in learner.sees(FAULT)
    shown = learner.types("\r", "next fault")
    assert "Mended: it was carrier." in shown
    assert "It was down." in shown
    assert "Again red gets no answer." in learner.types("\r", FAULT)
    shown = learner.types("r", "that was the last")
    assert "It is address." in shown
    assert "1 received, 0% packet loss" in shown
    assert "1 of 2 mended by you, with 2 hints; 1 revealed." in learner.types("\r", pexpect.EOF)  # type: ignore[arg-type]
    assert has_exited(learner.terminal) == 0
    cli.await_nothing_left()


def test_one_may_begin_with_a_fault(terminal: Terminals, faulty: str) -> None:
    learner = Learner(terminal, faulty, "--fault", "address")
    assert "Again red gets no answer." in learner.sees(FAULT)
    assert "0 of 1 mended by you" in learner.types("q", pexpect.EOF)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["--no-pause", "--json"])
def test_faults_are_shown_without_a_learner(cli: Cli, faulty: str, form: str) -> None:
    done = cli("learn", faulty, form)
    assert done.returncode == 0, done.stderr
    places = [done.stdout.index(each) for each in ("Fault: carrier", "Mended: carrier", "Fault: address")]
    assert places == sorted(places)
    assert "100% packet loss" in done.stdout


def test_faults_are_in_the_script(cli: Cli, faulty: str) -> None:
    script = cli("learn", faulty, "--sh").stdout
    done = subprocess.run(["sh", "-eu"], input=script, capture_output=True, text=True, timeout=20, env=cli.environment)
    assert done.returncode == 0, done.stderr
    assert "100% packet loss" in done.stdout


def test_a_fault_that_breaks_nothing_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FAULTY)
    done = cli("learn", "own.toml", "--no-pause")
    assert done.returncode == 125
    assert "was to show what does not" in done.stderr or "ended with" in done.stderr


def _running(name: str) -> list[psutil.Process]:
    """Processes of this session's, wherever they were moved to."""
    return [psutil.Process(pid) for pid, words in marked(os.environ[MARK]) if words.split()[0] == name]
