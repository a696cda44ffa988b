"""A lesson on the real host: seen from a second terminal, in nobody's way, and taken away whatever happens.

But for one test, the host is a namespace of a test's own, with a /run of its own.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from reliability.census import Census, wait_for
from reliability.terminals import Terminals, has_exited
from sandbox import lessons
from sandbox.learn.leavings import NETNS_DIRECTORY, RECORD

from .conftest import Cli, one_error_line
from .host import ENTER, UNSHARE
from .test_walk import PROMPT, Learner, pause

KILLS, LESSON_S = 10, 2.0
SET_UP = """
set -eu
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add uplink type veth peer name far
ip link set uplink addrgenmode none
ip link set far addrgenmode none
ip link set far up
ip address add 198.51.100.2/24 dev uplink
ip link set uplink up
until ip link show uplink | grep -q 'state UP'; do :; done
ip route add 203.0.113.0/24 via 198.51.100.1
echo ready
exec cat
"""
ON_HOST = ("learn", "pair", "--on-host")


class Host:
    """A host to give lessons on, with a network and a /run of its own; `before` are words to run a program there."""

    def __init__(self, pid: int) -> None:
        self.before = (*ENTER, "-t", str(pid))

    def run(self, *words: str) -> str:
        """What a command says there."""
        return subprocess.run([*self.before, *words], capture_output=True, text=True, check=True, timeout=20).stdout

    def namespaces(self) -> list[str]:
        """The names that are seen by whoever looks."""
        return sorted(line.split()[0] for line in self.run("ip", "netns", "list").splitlines())

    def has(self) -> tuple[str, ...]:
        """All that a lesson could leave there."""
        brief = self.run("ip", "-brief", "link"), self.run("ip", "-brief", "address")
        return (*brief, self.run("ip", "route"), self.run("find", "/run", "-not", "-path", "/run/mount*"))


@contextmanager
def host() -> Iterator[Host]:
    with subprocess.Popen(
        [*UNSHARE, "sh", "-c", SET_UP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stderr
            if process.stdout.readline() != "ready\n":
                process.kill()
                pytest.skip(f"no host can be made here: {process.stderr.read().strip()}")
            yield Host(process.pid)
        finally:
            process.kill()


@pytest.fixture
def there() -> Iterator[Host]:
    """A host, which has in the end what it had."""
    with host() as there:
        before = there.has()
        yield there
        wait_for(lambda: there.has() == before, within=5, what="the host has what it had")


@pytest.fixture
def learner(cli: Cli, terminal: Terminals, there: Host) -> Iterator[Learner]:
    """Who has both namespaces and the pair in front of them."""
    learner = Learner(terminal, *ON_HOST[1:], before=there.before)
    learner.sees(PROMPT)
    for _ in range(4):
        learner.types("\r")
    assert there.namespaces() == ["blue", "red"]
    assert "veth-red@veth-blue" in there.run("ip", "-brief", "link")
    yield learner
    cli.await_nothing_left(within=5)


def test_a_lesson_is_given_on_the_host_and_what_else_the_host_has_is_left_out(cli: Cli, there: Host) -> None:
    done = cli(*ON_HOST, "--json", before=there.before)
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)["steps"]
    assert len(steps) == 13
    assert all(fact["holds"] for step in steps for fact in step["facts"])
    for step in steps:
        assert {each["name"] for each in step["state"]["host"]["interfaces"]} <= {"lo", "veth-red", "veth-blue"}
        assert step["state"]["host"]["routes"] == []
        assert not [change for change in step["changes"] if "uplink" in change["what"]]
    assert "uplink" in done.stdout  # the commands are not censored: they say what there is


def test_a_learner_walks_on_back_and_into_shells(learner: Learner, there: Host) -> None:
    learner.enters("")
    assert "uplink" in learner.asks("ip -brief link")
    assert "red" in learner.asks("ip netns list")
    learner.comes_back()
    learner.enters("red")
    assert "uplink" not in learner.asks("ip -brief link")
    learner.asks("ip link add extra type bridge")
    assert "+ red: link extra" in learner.comes_back()
    assert "4/13" in learner.types("b")
    assert there.namespaces() == ["blue", "red"]
    assert "veth-red" not in there.run("ip", "-brief", "link")
    learner.terminal.send("q")
    assert has_exited(learner.terminal) == 0


@pytest.mark.parametrize("where", ["at the prompt", "in a shell"])
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL", "all of its group", "closed"])
def test_whatever_ends_a_learner_nothing_is_left(learner: Learner, where: str, how: str) -> None:
    pid = learner.terminal.pid
    assert pid
    if where == "in a shell":
        learner.enters("host")
        learner.asks("(setsid sleep 99 &)")  # whose parent is gone
        learner.asks("nohup ip netns exec red sh -c 'sleep 99; sleep 99' >/dev/null 2>&1 &")
    if how == "closed":
        learner.terminal.close(force=False)
    elif how == "all of its group":
        os.killpg(pid, signal.SIGKILL)  # as a shell's `kill -9 %1` does
    else:
        learner.terminal.kill(signal.Signals[how])


@pytest.mark.parametrize(("key", "status"), [("q", 0), ("\x04", 0), ("\x03", 130)], ids=["q", "^D", "^C"])
def test_leaving_leaves_nothing(learner: Learner, key: str, status: int) -> None:
    learner.terminal.send(key)
    assert has_exited(learner.terminal) == status


def test_what_was_entered_from_a_second_terminal_is_ended(learner: Learner, there: Host) -> None:
    with subprocess.Popen([*there.before, "ip", "netns", "exec", "red", "sleep", "99"]) as second:
        wait_for(lambda: there.run("ip", "netns", "pids", "red").strip(), within=5)
        learner.terminal.send("q")
        assert second.wait(5) == -signal.SIGKILL


def guardian(learner: Learner) -> psutil.Process:
    (guardian,) = psutil.Process(learner.terminal.pid).children()
    return guardian


def test_what_a_killed_guardian_leaves_is_taken_away_by_the_learner(learner: Learner) -> None:
    learner.enters("red")
    learner.asks("sleep 99 &")
    learner.comes_back()
    guardian(learner).kill()
    assert "the guardian of the lesson was killed" in learner.types("\r")
    learner.terminal.send("q")
    assert has_exited(learner.terminal) == 0


def test_a_guardian_that_is_killed_in_the_midst_of_a_shell(learner: Learner) -> None:
    learner.enters("red")
    guardian(learner).kill()
    learner.sees(PROMPT)
    learner.terminal.send("q")
    assert has_exited(learner.terminal) == 0


def test_what_both_leave_is_taken_away_by_the_next_lesson(cli: Cli, learner: Learner, there: Host) -> None:
    learner.enters("host")
    learner.asks("(setsid sleep 99 &)")
    learner.comes_back()
    learner.enters("red")
    learner.asks("sleep 99 &")
    killed = guardian(learner)
    process = psutil.Process(learner.terminal.pid)
    for each in (process, killed):
        each.suspend()
    for each in (killed, process):
        each.kill()
    assert there.namespaces() == ["blue", "red"]
    done = cli(*ON_HOST, "--no-pause", before=there.before)
    assert done.returncode == 0, done.stderr


@pytest.mark.deadline(120)
def test_a_lesson_that_is_killed_at_random_moments_leaves_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)

    def kill_one(after: float) -> None:
        cli = Cli(tmp_path)
        try:
            with host() as there:
                before = there.has()
                process = cli.start(*ON_HOST, "--no-pause", before=there.before, stdout=subprocess.DEVNULL)
                pause(after)
                process.kill()
                process.wait(5)
                wait_for(lambda: there.has() == before, within=5, what=f"the host has what it had, after {after}")
                cli.await_nothing_left(within=5)
        finally:
            cli.close()
            cli.kill()

    with ThreadPoolExecutor(2) as several:
        list(several.map(kill_one, [chance.uniform(0, LESSON_S) for _ in range(KILLS)]))


# --- what is refused


def test_a_second_lesson_at_the_same_time_is_refused(cli: Cli, learner: Learner, there: Host) -> None:
    done = cli(*ON_HOST, "--no-pause", before=there.before)
    assert done.returncode == 125
    assert "a lesson is being given on this host already" in one_error_line(done.stderr)
    assert there.namespaces() == ["blue", "red"]
    learner.terminal.send("q")
    assert has_exited(learner.terminal) == 0


@pytest.mark.parametrize(
    ("make", "unmake", "message"),
    [
        (("netns", "add", "blue"), ("netns", "delete", "blue"), "this host has namespace 'blue' already"),
        (
            ("link", "add", "veth-red", "type", "bridge"),
            ("link", "delete", "veth-red"),
            "this host has interface 'veth-red' already",
        ),
    ],
)
def test_a_name_that_is_taken_is_refused_and_stays(
    cli: Cli, make: tuple[str, ...], unmake: tuple[str, ...], message: str
) -> None:
    with host() as there:
        there.run("ip", *make)
        before = there.has()
        done = cli(*ON_HOST, "--no-pause", before=there.before)
        assert done.returncode == 125
        assert done.stdout == ""
        assert message in one_error_line(done.stderr)
        assert f"sudo ip {' '.join(unmake)}" in done.stderr
        assert there.has() == before


def test_a_subnet_of_the_host_is_not_taken_from_it(cli: Cli, there: Host, tmp_path: Path) -> None:
    taken, free = "203.0.113.7/25", "192.0.2.1/24"
    for address in (taken, free):
        made = '"ip link add veth-red type veth peer name veth-blue"'
        text = lessons.source("pair").replace(made, f'{made}, "ip address add {address} dev veth-red"')
        (tmp_path / "own.toml").write_text(text)
        done = cli("learn", str(tmp_path / "own.toml"), "--on-host", "--no-pause", before=there.before)
        assert done.returncode == (125 if address == taken else 0), done.stderr
        assert ("this host has a route to 203.0.113.0/25" in done.stderr) == (address == taken)


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('needs = ["ip", "ping"]', 'needs = ["ip"]\non_host = false', "this lesson changes the host itself"),
        ('"ip netns add red"', '"ip netns add red", "sysctl -qw net.ipv4.ip_forward=1"', "`sysctl -qw net.ipv4"),
    ],
)
def test_a_lesson_that_changes_the_host_is_refused(
    cli: Cli, there: Host, tmp_path: Path, written: str, instead: str, message: str
) -> None:
    (tmp_path / "own.toml").write_text(lessons.source("pair").replace(written, instead))
    done = cli("learn", str(tmp_path / "own.toml"), "--on-host", "--no-pause", before=there.before)
    assert done.returncode == 2
    assert message in one_error_line(done.stderr)
    assert "leave out --on-host" in done.stderr


@pytest.mark.skipif(os.getuid() == 0, reason="root may")
def test_who_is_not_root_is_told(cli: Cli) -> None:
    done = cli(*ON_HOST, "--no-pause")
    assert done.returncode == 125
    assert "sudo sandbox learn pair --on-host" in one_error_line(done.stderr)


# --- the one of this machine


@pytest.mark.skipif(os.getuid() != 0, reason="only root's")
def test_a_lesson_on_this_very_host_leaves_it_as_it_was(cli: Cli) -> None:
    taken = [name for name in ("red", "blue") if Path(NETNS_DIRECTORY, name).exists()]
    if taken or Path(RECORD).exists():
        pytest.skip(f"this host has {taken or RECORD} already")

    def has() -> list[str]:
        asked = (("-d", "link"), ("address",), ("route", "show", "table", "all"), ("rule",), ("netns", "list"))
        return [subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout for words in asked]

    before, census = has(), Census.take(cli.mark)
    process = cli.start(*ON_HOST, "--no-pause", stdout=subprocess.DEVNULL)
    wait_for(lambda: "red" in has()[-1].split(), within=10, what="a second terminal sees it")
    assert process.wait(20) == 0
    wait_for(lambda: has() == before, within=5, what="the host is as it was")
    left = Census.take(cli.mark).left_since(census)
    assert [line for line in left if line.startswith(("links", "tables", "mounts"))] == []
    assert not Path(RECORD).exists()
