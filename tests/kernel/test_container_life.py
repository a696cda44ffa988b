"""Containers come with the first command of a node and go with it, the lab, or whoever owns that; commands in them are
started, signalled and reaped as others are."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

import sandbox
from reliability.census import SLACK, Census, wait_for
from reliability.terminals import has_exited
from sandbox.lab import kept

from .conftest import PAIR, Cli, one_error_line

CONTAIN = ("run", "--contain", *PAIR)
KILLS = 20
LAUNCH_S = 0.2  # from the fork of the launcher until commands run in their containers


@pytest.fixture
def node() -> Iterator[sandbox.Node]:
    with sandbox.Lab(sandbox.Topology.alone(), contain=True) as lab:
        yield lab.nodes[0]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory for the sockets of this test alone."""
    directory = tmp_path / "r"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))


# --- commands


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("setsid nohup sleep 888 & exit 4", 4)],
)
def test_the_exit_status_is_the_command_s(cli: Cli, script: str, status: int) -> None:
    assert cli("run", "--contain", "--", "sh", "-c", script).returncode == status


def test_what_cannot_be_executed_is_told_as_without(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "script").write_text("x")
    for command, status in (("no-such-program", 127), ("/etc/passwd", 126), ("/etc", 126)):
        done = cli("run", "--contain", "--", command)
        assert done.returncode == status
        assert repr(command) in one_error_line(done.stderr)


def test_input_and_output_are_byte_exact(cli: Cli) -> None:
    data = random.Random(1).randbytes(8 << 20)
    done = cli("run", "--contain", "--", "sh", "-c", "tee /dev/stderr", input=data, text=False, errors=None)
    assert [hashlib.md5(each).hexdigest() for each in (done.stdout, done.stderr)] == [hashlib.md5(data).hexdigest()] * 2


def test_all_start_together_or_none(cli: Cli) -> None:
    done = cli(*CONTAIN, "--", "sh", "-c", "echo $SANDBOX_NAME")
    assert sorted(done.stdout.splitlines()) == ["a | a", "b | b"]
    done = cli(*CONTAIN, "--", "echo", "begun", ":::", "no-such-program")
    assert (done.returncode, done.stdout) == (127, "")
    one_error_line(done.stderr)


def test_the_others_end_with_the_one_of_until(cli: Cli) -> None:
    server = ("python3", "-m", "http.server", "80")
    curl = ("curl", "-s", "-o", "/dev/null", "--retry", "9", "--retry-connrefused", "a")
    done = cli(*CONTAIN, "--until", "b", "-q", "--", *server, ":::", *curl)
    assert done.returncode == 0, done.stderr
    assert 'b | "GET' not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(cli: Cli, number: signal.Signals) -> None:
    script = f"trap 'echo caught; exit 9' {number.name[3:]}; echo ready; while :; do sleep 0.01; done"
    process = cli.start("run", "--contain", "--", "sh", "-c", script)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.stdout.readline() == "caught\n"
    assert process.wait(5) == 9


def test_orphans_are_reaped(node: sandbox.Node) -> None:
    node.run(["sh", "-c", "for i in $(seq 50); do (sleep 0 &) ; done"], check=True)

    def zombies() -> bool:
        said = node.run(["sh", "-c", "cat /proc/[0-9]*/stat"], capture_output=True, text=True).stdout
        return ") Z " in said

    wait_for(lambda: not zombies(), within=5, what="no zombie is left")


def test_a_terminal_has_job_control(cli: Cli, terminal: Any) -> None:
    shell = terminal([*cli.command, "run", "--contain", "--", "bash", "--norc", "--noprofile", "--noediting", "-i"])
    shell.expect("prompt> ")
    shell.sendline("stty size; sleep 99")
    shell.expect("33 111")
    wait_for(lambda: any("sleep 99" in words for _, words in cli.processes()), within=5)
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.expect("prompt> ")
    shell.sendline("fg")
    shell.expect("sleep 99")
    shell.send("\x03")
    shell.expect("prompt> ")
    shell.sendline("echo $? >/dev/stderr; exit 5")
    shell.expect("130")
    assert has_exited(shell) == 5


# --- the container


def inits_of(lab: sandbox.Lab) -> list[psutil.Process]:
    """Those of its containers: of its init's children each that is the first process of a PID namespace."""
    return [each for each in psutil.Process(lab._init.pid).children() if nspid(each.pid)[-1] == "1"]


def init_of(node: sandbox.Node) -> psutil.Process:
    """That of the only container there is."""
    (found,) = inits_of(node.lab)
    return found


def nspid(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1:] for line in lines if line.startswith("NSpid:"))


def test_commands_end_with_their_container_and_the_next_has_a_new_one(node: sandbox.Node) -> None:
    node.run(["touch", "/tmp/mark"], check=True)
    process = node.popen(["sleep", "99"])
    init_of(node).kill()
    assert process.wait(5) == -signal.SIGKILL
    # Whatever else is still to end in it, as much as that may be.
    assert node.run(["test", "-e", "/tmp/mark"]).returncode == 1
    assert node.run(["true"]).returncode == 0


def test_a_command_that_meets_the_end_of_a_container_has_a_new_one(node: sandbox.Node) -> None:
    for _ in range(20):
        script = "for i in $(seq 20); do sleep 99 & done; echo begun; wait"
        with node.popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "begun\n"
            init_of(node).kill()
            assert node.run(["true"]).returncode in (0, -signal.SIGKILL)
        assert node.run(["true"]).returncode == 0


def test_init_is_nobody_s_inside(node: sandbox.Node) -> None:
    script = "kill -KILL 1; kill -TERM 1; cat /proc/1/environ; readlink /proc/1/exe; sleep 0; cat /proc/1/comm"
    done = node.run(["sh", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1


def test_a_node_that_is_removed_takes_its_container_along() -> None:
    with sandbox.Lab(sandbox.Topology.parse([PAIR[1:]]), contain=True) as lab:
        lab["a"].run(["touch", "/tmp/mark"], check=True)
        lab["b"].run(["true"], check=True)
        before = inits_of(lab)
        assert len(before) == 2
        process = lab["a"].popen(["sleep", "99"])
        lab.remove_node("a")
        assert process.wait(5) == -signal.SIGKILL
        wait_for(lambda: len(inits_of(lab)) == 1, within=5)
        again = lab.add_node("a")
        assert again.run(["test", "-e", "/tmp/mark"]).returncode == 1
        lab.link("a:10.9.0.1", "b:10.9.0.2")
        done = lab["b"].run(["getent", "hosts", "a"], capture_output=True, text=True)
        assert done.stdout.split()[0] == "10.9.0.1"
        assert again.run(["ping", "-qc1", "-W2", "10.9.0.2"], stdout=subprocess.DEVNULL).returncode == 0


def test_a_kept_lab_has_its_containers_until_it_is_down(cli: Cli) -> None:
    cli.environment["XDG_RUNTIME_DIR"] = os.environ["XDG_RUNTIME_DIR"]
    switch = ("--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b")
    assert cli("up", "-d", "--name", "x", "--contain", "--tmpfs", "/tmp/room", *switch).stdout == "x\n"
    try:
        assert json.loads(cli("inspect", "x", "--json").stdout)["contain"] == {"tmpfs": ["/tmp/room"]}
        assert cli("inspect", "x").stdout.rstrip().endswith('in containers: tmpfs = ["/tmp/room"]')
        assert cli("exec", "x/a", "--", "touch", "/tmp/room/mark").returncode == 0
        done = cli("exec", "-e", "A=1", "-w", "/tmp", "x/a", "--", "sh", "-c", "pwd; echo $A; ls room")
        assert done.stdout == "/tmp\n1\nmark\n"
        assert cli("exec", "x/b", "--", "ls", "/tmp/room").stdout == ""
        assert cli("add", "x", "c", "--switch", "lan").returncode == 0
        assert cli("exec", "x/a", "--", "ping", "-qc1", "-W2", "c").returncode == 0
        assert cli("exec", "x/c", "--", "ping", "-qc1", "-W2", "a").returncode == 0
    finally:
        assert cli("down", "x").returncode == 0
    cli.await_nothing_left()
    assert kept.names() == []


def test_services_run_in_containers(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(
        """
contain = true
[switches.lan]
subnets = ["10.0.0.0/24"]
[nodes.web]
on = "lan"
command = "cd /tmp && echo $GREETING >index.html && exec python3 -m http.server 80"
ready = { port = 80 }
[nodes.client]
on = "lan"
depends_on = "web"
command = "curl -s http://web/index.html; grep NoNewPrivs /proc/self/status"
"""
    )
    done = cli("run", "lab.toml", "--until", "client", "-e", "GREETING=hello")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("client")] == [
        "client | hello",
        "client | NoNewPrivs:\t1",
    ]


def test_many_fit_under_a_low_limit_of_descriptors(cli: Cli) -> None:
    before = ("sh", "-c", 'ulimit -Sn 128; exec "$@"', "sh")
    done = cli("run", "--contain", "--topology", "star:20", "--raw", "--", "sh", "-c", "ulimit -Sn", before=before)
    assert done.stdout == "128\n" * 20, done.stderr


# --- nothing is left


@pytest.fixture
def namespaces_are_freed() -> Iterator[None]:
    """The kernel ends up with no more network namespaces, nor this machine with more mounts, than before."""
    before = Census.take("nobody")
    yield

    def left() -> list[str]:
        now = Census.take("nobody")
        more = now.network_namespaces > before.network_namespaces + SLACK
        return [*(now.mounts - before.mounts), *(["network namespaces"] if more else [])]

    wait_for(lambda: not left(), within=5, what="namespaces and mounts are freed")


def pause(seconds: float) -> None:
    """Time that passes, to hit any instant of a launch; no fact is waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.0005)


def descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@pytest.mark.deadline(90)
@pytest.mark.usefixtures("namespaces_are_freed")
@pytest.mark.parametrize("who", ["the launcher", "the lab's init", "the init of a container"])
def test_whoever_is_killed_at_random_moments_nothing_is_left(clis: Callable[[], Cli], who: str) -> None:
    chance = random.Random(who)
    moments = [chance.uniform(0, LAUNCH_S) for _ in range(KILLS)]

    def kill_one(moment: float) -> None:
        cli = clis()
        process = cli.start(*CONTAIN, "--", "sh", "-c", "setsid sleep 99 & sleep 99")
        pause(moment)
        killed = victim(psutil.Process(process.pid), who)
        killed.kill()
        if who == "the init of a container":
            # The commands of the other node run on: its owner has to end for that.
            assert process.poll() in (None, 125, 137)
            process.kill()
        assert process.wait(5) in (-9, 125, 137)
        cli.await_nothing_left(within=2)

    with ThreadPoolExecutor(2) as several:
        list(several.map(kill_one, moments))


def victim(launcher: psutil.Process, who: str) -> psutil.Process:
    """The process that is meant, or the nearest to it that there is by now."""
    if who == "the launcher":
        return launcher
    (init, *_) = wait_for(lambda: descendants(launcher)[:1], within=5, what="init is forked")
    inside = descendants(init) if who == "the init of a container" else []
    return inside[0] if inside else init


PROGRAM = """
import sandbox, signal, sys
with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2', contain=True) as (a, b):
    for node in (a, b):
        node.popen(['sh', '-c', 'setsid sleep 99 & sleep 99'])
    print('begun', flush=True)
    signal.pause()
"""


@pytest.mark.usefixtures("namespaces_are_freed")
def test_a_program_that_is_killed_leaves_nothing(cli: Cli) -> None:
    cli.command = (sys.executable, "-c", PROGRAM)
    process = cli.start()
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    process.kill()
    process.wait(5)
    cli.await_nothing_left(within=1)
