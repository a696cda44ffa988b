"""Nothing outlives its owner, whoever is killed and whenever."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import sandbox
from reliability.census import FORK_SERVER, SLACK, Census, marked, wait_for
from sandbox.lab import kept

from .conftest import LAUNCH, PAIR, Cli

KILLS = 50
LAUNCH_S = 0.08  # from the fork of the launcher until its commands run; a little more than it takes
PROGRAM_S = 0.25  # the same of a program that uses the library, with some labs
SLEEPERS = ("run", *PAIR, "--", "sleep", "999")

# Labs one after the other and within each other, as fast as they come, commands in all of them.
PROGRAM = """
import sandbox, sys
print('begun', flush=True)
while True:
    try:
        with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
            background = b.popen(['sh', '-c', 'setsid sleep 999 & exec sleep 999'])
            with sandbox.pair('a:fd00::1', 'b:fd00::2') as (c, d):
                assert c.run(['true']).returncode in (0, -9)
    except sandbox.SandboxError:
        continue  # its init or the fork server was killed, which is what the test is about
"""


@pytest.fixture(autouse=True)
def namespaces_are_freed() -> Iterator[None]:
    """The kernel ends up with no more network namespaces than before."""

    def namespaces() -> int:
        return Census.take("nobody").network_namespaces

    before = namespaces()
    yield
    wait_for(lambda: namespaces() <= before + SLACK, within=5, what="network namespaces are freed")


def pause(seconds: float) -> None:
    """Time that passes, to hit any instant of a launch; no fact is waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.0005)


def moments(seed: int, longest: float) -> Callable[[int], float]:
    """The delay of each try: random, the same every time."""
    chance = random.Random(seed)
    delays = [chance.uniform(0, longest) for _ in range(KILLS)]
    return delays.__getitem__


def kill_owners(
    clis: Callable[[], Cli], start: Callable[[Cli], subprocess.Popen[str]], after: Callable[[int], float]
) -> None:
    """Start 50 owners of a lab, kill each at its moment, and see that nothing is left."""

    def kill_one(number: int) -> None:
        cli = clis()
        process = start(cli)
        pause(after(number))
        process.kill()
        process.wait(5)
        cli.await_nothing_left(within=1)

    with ThreadPoolExecutor(2) as several:
        list(several.map(kill_one, range(KILLS)))


def test_the_launcher_is_killed_at_50_random_moments(clis: Callable[[], Cli]) -> None:
    kill_owners(clis, lambda cli: cli.start(*SLEEPERS), moments(1, LAUNCH_S))


def test_init_is_killed_at_50_random_moments(clis: Callable[[], Cli]) -> None:
    after = moments(2, LAUNCH_S / 2)

    def kill_one(number: int) -> None:
        cli = clis()
        process = cli.start(*SLEEPERS)
        (init,) = wait_for(lambda: psutil.Process(process.pid).children(), within=5, what="init is forked")
        pause(after(number))
        init.kill()
        status = process.wait(1)
        assert process.stderr
        error = process.stderr.read()
        assert status == 137 or (status == 125 and "init" in error), (status, error)
        assert "Traceback" not in error
        cli.await_nothing_left(within=1)

    with ThreadPoolExecutor(2) as several:
        list(several.map(kill_one, range(KILLS)))


def programs(cli: Cli) -> subprocess.Popen[str]:
    """A program that uses the library, once it has begun."""
    cli.command = (sys.executable, "-c", PROGRAM)
    process = cli.start(stderr=subprocess.DEVNULL)
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    return process


def test_a_program_is_killed_at_50_random_moments(clis: Callable[[], Cli]) -> None:
    kill_owners(clis, programs, moments(3, PROGRAM_S))


FORKING = """
import os, sandbox, signal
with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
    a.popen(['sleep', '999'])
    if os.fork() == 0:
        signal.pause()
    print('begun', flush=True)
    signal.pause()
"""


def test_a_fork_of_the_program_that_outlives_it_does_not_keep_the_lab(cli: Cli) -> None:
    # It has a copy of the way to init: that this way is still open does not mean that the owner lives.
    cli.command = (sys.executable, "-c", FORKING)
    process = cli.start()
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    (fork,) = (each for each in psutil.Process(process.pid).children() if each.cmdline()[0] == sys.executable)
    process.kill()
    process.wait(5)
    wait_for(lambda: [pid for pid, _ in cli.processes()] == [fork.pid], within=1, what="the lab is gone")
    fork.kill()
    cli.await_nothing_left()


def fork_server(cli: Cli) -> psutil.Process | None:
    for pid, words in marked(cli.mark, variable=LAUNCH):
        if FORK_SERVER in words and psutil.pid_exists(pid):
            try:
                process = psutil.Process(pid)
                # An init, a fork of it, has the same command line, but a PID namespace of its own.
                if os.readlink(f"/proc/{pid}/ns/pid") == os.readlink("/proc/self/ns/pid"):
                    return process
            except (psutil.NoSuchProcess, OSError):
                continue
    return None


@pytest.mark.deadline(60)
def test_the_fork_server_is_killed_at_50_random_moments_and_the_program_goes_on(cli: Cli) -> None:
    after = moments(4, 0.03)
    process = programs(cli)
    killed: set[int] = set()
    for number in range(KILLS):
        server = wait_for(lambda: fork_server(cli), within=5, what="there is a fork server, again")
        assert server
        pause(after(number))
        with suppress(psutil.NoSuchProcess):
            server.kill()
        killed.add(server.pid)
        assert process.poll() is None
    assert len(killed) > KILLS / 2
    wait_for(lambda: (server := fork_server(cli)) and server.pid not in killed, within=5)
    process.kill()
    process.wait(5)
    cli.await_nothing_left(within=1)


def test_a_thousand_processes_end_with_the_launcher(cli: Cli) -> None:
    script = "for i in $(seq 500); do sleep 999 & done; echo ready; wait"
    process = cli.start("run", *PAIR, "--", "sh", "-c", script)
    assert process.stdout
    assert sorted(process.stdout.readline() for _ in range(2)) == ["a | ready\n", "b | ready\n"]
    process.kill()
    process.wait(5)
    cli.await_nothing_left(within=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_what_ignores_every_signal_ends_with_the_launcher(cli: Cli, number: signal.Signals) -> None:
    process = cli.start("run", "--", "sh", "-c", "trap '' HUP INT TERM; echo ready; sleep 999; sleep 999")
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.poll() is None
    process.kill()
    process.wait(5)
    cli.await_nothing_left(within=1)


def test_a_stopped_launcher_that_is_killed_leaves_nothing(cli: Cli) -> None:
    process = cli.start("run", *PAIR, "--", "sh", "-c", "echo ready; sleep 999")
    assert process.stdout
    assert process.stdout.readline()
    process.send_signal(signal.SIGTSTP)
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, within=5)
    process.kill()
    process.wait(5)
    cli.await_nothing_left(within=1)


def test_a_refused_request_touches_nothing(cli: Cli, links_of_the_host: None) -> None:
    del links_of_the_host
    before = Census.take(cli.mark)
    for words in (
        ("run", "--pair", "a:192.168.1.0", "b:192.168.1.2", "--", "true"),
        ("run", "--pair", "a:192.168.1.1", "b:192.168.2.2", "--", "true"),
        ("run", "--pair", "a:192.168.1.1", "a:192.168.1.2", "--", "true"),
        ("run", "--pair", "a:192.168.1.1", "--", "true"),
        ("run", *PAIR),
        ("run", "--", ""),
        ("run", "--no-such-option", "--", "true"),
        ("run", *PAIR, "--", "true", ":::", "true", ":::", "true"),
        ("run", "--pair", os.fsdecode(b"\xff:1.2.3.4"), "b:1.2.3.5", "--", "true"),
        ("run", "--until", "c", *PAIR, "--", "true"),
    ):
        done = cli(*words)
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        assert done.stderr.startswith("sandbox: error: ")
        assert done.stderr.count("\n") == 1
        assert done.stderr.isprintable() or done.stderr[:-1].isprintable()
    assert not [each for each in Census.take(cli.mark).left_since(before) if "links" in each or "processes" in each]


# --- labs that stay

SWITCH = ("--switch", "lan:10.0.0.0/24,fd00::/64", "--node", "a", "--node", "b")


def test_up_is_killed_at_random_moments_and_there_is_a_whole_lab_or_none(
    clis: Callable[[], Cli], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    after = moments(6, 0.25)
    whole = 0
    for number in range(KILLS // 2):
        cli = clis()
        process = cli.start("up", "-d", "--name", "x", *SWITCH)
        pause(after(number))
        process.kill()
        process.wait(5)
        if kept.names():
            with sandbox.connect("x") as lab:
                assert lab["a"].run(["ping", "-c1", "-W2", "b"], stdout=subprocess.DEVNULL).returncode == 0
                lab.down()
            whole += 1
        cli.await_nothing_left(within=1)
        assert kept.names() == []
    assert whole < KILLS // 2


def test_whoever_works_in_a_kept_lab_is_killed_and_the_lab_is_sound(
    clis: Callable[[], Cli], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    after = moments(7, 0.25)
    owner = clis()
    assert owner("up", "-d", "--name", "x", *SWITCH).returncode == 0
    works = (
        ("exec", "x/a", "--", "sleep", "999"),
        ("link", "x", "a:10.9.0.1", "b:10.9.0.2"),
        ("add", "x", "c", "--switch", "lan"),
        ("stats", "x"),
    )
    for number in range(KILLS // 2):
        cli = clis()
        process = cli.start(*works[number % len(works)])
        pause(after(number))
        process.kill()
        process.wait(5)
        cli.await_nothing_left(within=1)
        with sandbox.connect("x") as lab:
            assert lab["a"].run(["ping", "-c1", "-W2", "b"], stdout=subprocess.DEVNULL).returncode == 0
            for node in {"c"} & set(lab.topology.nodes):
                lab.remove_node(node)
            for link in lab.links[2:]:
                link.remove()
    assert owner("down", "x").returncode == 0
    owner.await_nothing_left(within=1)


def test_a_kept_lab_ends_with_its_init_killed_at_random_moments(
    clis: Callable[[], Cli], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    after = moments(8, 0.1)
    for number in range(10):
        cli = clis()
        assert cli("up", "-d", "--name", "x", *SWITCH).returncode == 0
        with sandbox.connect("x") as lab:
            init = psutil.Process(lab.init_pid)
        cli.start("exec", "x/a", "--", "sleep", "999")
        pause(after(number))
        init.kill()
        cli.await_nothing_left(within=1)
        assert kept.names() == []
