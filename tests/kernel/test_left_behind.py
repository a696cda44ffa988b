"""Nothing outlives its owner, whoever is killed and whenever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

import sandbox
from reliability.census import SLACK, Census, wait_for
from reliability.cli import pause
from reliability.moments import Moments, delay_s
from sandbox.lab import kept

from .conftest import PAIR, Cli

KILLS = 12  # of each; `./sbx reliability moments` has a thousand


@pytest.fixture(autouse=True)
def namespaces_are_freed() -> Iterator[None]:
    """The kernel ends up with no more network namespaces than before."""

    def namespaces() -> int:
        return Census.take("nobody").network_namespaces

    before = namespaces()
    yield
    wait_for(lambda: namespaces() <= before + SLACK, within=5, what="network namespaces are freed")


def moments(seed: int, longest: float) -> Callable[[int], float]:
    """The delay of each try: random, the same every time."""
    return lambda number: delay_s(f"{seed} {number}", longest)


# The last are a program that uses the library, its fork server, and an init of it: it is to go on without these two.
@pytest.mark.parametrize("victim", ["launcher", "init", "command", "program", "server", "lab"])
def test_whoever_is_killed_at_random_moments_leaves_nothing(victim: str, tmp_path: Path) -> None:
    many = Moments(tmp_path)
    with ThreadPoolExecutor(2) as several:
        assert list(several.map(many.attempt, (f"{victim} {number}" for number in range(KILLS)))) == [""] * KILLS


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


@pytest.fixture
def silent(tmp_path: Path) -> tuple[str, ...]:
    """What executes a program where tmp_path/silent is a file system that never answers."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("that takes /dev/fuse")
    directory = tmp_path / "silent"
    directory.mkdir()
    return ("unshare", "--mount", sys.executable, str(Path(__file__).with_name("silent.py")), str(directory))


def test_an_init_that_waits_for_a_silent_file_system_ends_with_the_launcher(cli: Cli, silent: tuple[str, ...]) -> None:
    holder = cli.start("run", "--", f"{silent[-1]}/program", before=silent)
    assert holder.stdout
    os.kill(int(holder.stdout.readline()), signal.SIGKILL)
    wait_for(lambda: [pid for pid, _ in cli.processes()] == [holder.pid], within=1, what="the lab is gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_launcher_that_cannot_begin_ends_when_it_is_told_to(
    cli: Cli, silent: tuple[str, ...], number: signal.Signals
) -> None:
    holder = cli.start("run", "--", f"{silent[-1]}/program", before=silent)
    assert holder.stdout
    launcher = int(holder.stdout.readline())

    def is_gone() -> bool:
        try:
            os.kill(launcher, number)  # in the first second it waits for the command to begin
        except ProcessLookupError:
            return True
        return False

    wait_for(is_gone, within=2)
    wait_for(lambda: [pid for pid, _ in cli.processes()] == [holder.pid], within=1, what="the lab is gone")


GIVING_UP = """
import sandbox, signal, sys
def give_up(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, give_up)
with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
    b.popen(['sleep', '999'])
    signal.alarm(1)
    try:
        a.popen([sys.argv[1]])
    except TimeoutError:
        pass
print('closed', flush=True)
"""


def test_a_lab_whose_init_waits_for_a_silent_file_system_can_be_closed(cli: Cli, silent: tuple[str, ...]) -> None:
    cli.command = (sys.executable, "-c", GIVING_UP, f"{silent[-1]}/program")
    holder = cli.start(before=silent)
    assert holder.stdout
    assert [holder.stdout.readline().strip().isdigit(), holder.stdout.readline()] == [True, "closed\n"]
    wait_for(lambda: [pid for pid, _ in cli.processes()] == [holder.pid], within=2, what="the lab is gone")


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

KEPT = 25

SWITCH = ("--switch", "lan:10.0.0.0/24,fd00::/64", "--node", "a", "--node", "b")


def test_up_is_killed_at_random_moments_and_there_is_a_whole_lab_or_none(
    clis: Callable[[], Cli], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    after = moments(6, 0.25)
    whole = 0
    for number in range(KEPT):
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
    assert whole < KEPT


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
    for number in range(KEPT):
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
