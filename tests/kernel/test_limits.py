"""Limits in force: of memory, processes, processors, files and time. What a test lets run away was seen to be bound."""

from __future__ import annotations

import json
import os
import pwd
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

import sandbox
from reliability.census import wait_for
from reliability.terminals import has_exited
from sandbox.errors import NotAllowed
from sandbox.init import places
from sandbox.kernel import cgroup, status
from sandbox.topology.limits import Limits

from .conftest import PAIR, Cli, one_error_line
from .groups import delegated

PYTHON = (sys.executable, "-I", "-S", "-c")
MIB = 1 << 20
# Takes 4 MiB after the other, touching each page, 256 MiB at most.
HOG = (*PYTHON, "taken = []\nfor _ in range(64): taken.append(bytearray(b'x') * (4 << 20))\nprint('took all')")
# Forks children that wait, 200 at most, until it may not; then says how many there are.
BOMB = """
import os, signal, sys
children = []
try:
    for _ in range(200):
        pid = os.fork()
        if pid == 0:
            signal.pause()
        children.append(pid)
except BlockingIOError:
    pass
print(len(children), flush=True)
sys.stdin.read()
for pid in children:
    os.kill(pid, signal.SIGKILL)
"""
NODES = ("a", "b")
MAY_RAISE = os.getuid() == 0 and bool(int(status.fields()["CapEff"], 16) >> 24 & 1)
MAY_DUMP_CORES = pytest.mark.skipif(
    not MAY_RAISE and resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY,
    reason="ulimit -Hc is less here",
)


def of_labs() -> list[str]:
    """The groups of labs that are there."""
    return [path for path, _, _ in cgroup.find()]


def refusals() -> list[str]:
    """Why this machine, or this user, has no such limits."""
    try:
        places.find(["memory", "pids", "cpu"])
    except NotAllowed as refusal:
        return [str(refusal)]
    return []


@pytest.fixture
def cgroups() -> Iterator[None]:
    """Cgroups may be made here; none may be left."""
    for why in refusals():
        pytest.skip(why)
    before = of_labs()
    yield
    assert sorted(set(of_labs()) - set(before)) == []


def limit_of(pid: int, controller: str, *names: str) -> int:
    """The number in the first of the files `names` that limits the process, as the kernel has it."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for each in cgroup.hierarchies():
            if (each.version == 2 and not controllers) or controller in controllers.split(","):
                for name in names:
                    with suppress(FileNotFoundError, NotADirectoryError):
                        return int((Path(each.mount) / path.lstrip("/") / ".." / name).read_text())
    pytest.fail(f"no limit of {controller} for {pid}")


# --- memory


def test_a_hog_is_killed_within_its_limit_and_the_other_node_goes_on(cli: Cli, cgroups: None) -> None:
    del cgroups
    done = cli("run", "--memory", "a:64M", *PAIR, "--", *HOG, ":::", "ping", "-q", "-c", "20", "-i", "0.05", "a")
    assert done.returncode == 137
    assert "20 packets transmitted, 20 received, 0% packet loss" in done.stdout
    assert "took all" not in done.stdout
    assert done.stderr == "sandbox: memory limit 64M reached in a\nsandbox: a exited with 137\n"


def test_a_command_alone_is_killed_and_one_line_says_why(cli: Cli, cgroups: None) -> None:
    del cgroups
    done = cli("run", "--memory", "64M", "--", *HOG)
    assert (done.returncode, done.stdout, done.stderr) == (137, "", "sandbox: memory limit 64M reached in sandbox\n")
    assert cli("run", "--memory", "512M", "--", *HOG).stdout == "took all\n"


def test_a_child_that_was_killed_is_told_of_as_well(cli: Cli, cgroups: None) -> None:
    del cgroups
    script = ("sh", "-c", '"$@"; echo status $?', "sh", *HOG)
    done = cli("run", "--memory", "64M", "--", *script)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "status 137")
    assert "sandbox: memory limit 64M reached in sandbox\n" in done.stderr


def test_the_limit_holds_for_all_commands_of_a_node_together(cgroups: None) -> None:
    del cgroups
    script = "taken = bytearray(b'x') * (40 << 20); print('took', flush=True); import sys; sys.stdin.read()"
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with sandbox.Lab(sandbox.Topology.alone("a"), limits=Limits(memory="64M")) as lab:
        first = lab["a"].popen([*PYTHON, script], **options)
        assert first.stdout
        assert first.stdout.readline() == "took\n"
        assert limit_of(first.pid, "memory", "memory.limit_in_bytes", "memory.max") == 64 * MIB
        second = lab["a"].popen([*PYTHON, script], **options)
        ended = wait_for(lambda: [each for each in (first, second) if each.poll() is not None], within=10)
        assert [(each.returncode, each.limits_reached) for each in ended] == [(-9, ("memory limit 64M reached in a",))]
        for each in (first, second):
            each.kill()
            each.communicate()


def test_swap_is_no_way_out(cgroups: None) -> None:
    del cgroups
    with sandbox.Lab(sandbox.Topology.alone("a"), limits=Limits(memory="64M")) as lab:
        pid = lab["a"].popen(["sleep", "99"]).pid
        most = limit_of(pid, "memory", "memory.memsw.limit_in_bytes", "memory.swap.max")
        assert most in (64 * MIB, 0)  # of both together, or of swap alone


def test_in_json_the_end_tells_of_it(cli: Cli, cgroups: None) -> None:
    del cgroups
    done = cli("run", "--json", "--memory", "64M", "--", *HOG)
    said = {"node": "sandbox", "exit": 137, "reached": ["memory limit 64M reached in sandbox"]}
    assert json.loads(done.stdout.splitlines()[-1]) == said


def test_less_memory_than_it_takes_to_start_is_told_of_as_well(cli: Cli, cgroups: None) -> None:
    del cgroups
    done = cli("run", "--memory", "512k", "--", *HOG)
    assert (done.returncode, done.stderr) == (137, "sandbox: memory limit 512K reached in sandbox\n")


# --- processes


def test_a_fork_bomb_is_bounded_and_the_other_node_answers(cgroups: None) -> None:
    del cgroups
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    topology = sandbox.Topology.parse([PAIR[1:]])
    with sandbox.Lab(topology, limits={"a": Limits(pids=50)}) as lab:
        waiting = lab["a"].popen(["sleep", "99"])
        assert limit_of(waiting.pid, "pids", "pids.max") == 50
        waiting.kill()
        waiting.wait()
        bomb = lab["a"].popen([*PYTHON, BOMB], **options)
        assert bomb.stdout
        assert int(bomb.stdout.readline()) == 49  # and itself
        pings = lab["b"].run(["ping", "-q", "-c", "50", "-i", "0.02", "a"], capture_output=True, text=True)
        assert "50 packets transmitted, 50 received, 0% packet loss" in pings.stdout
        assert lab["b"].run(["true"]).returncode == 0
        bomb.communicate("", timeout=10)
        assert (bomb.returncode, bomb.limits_reached) == (0, ("process limit 50 reached in a",))


def test_a_full_node_is_told_of_once_and_is_usable_again(cli: Cli, cgroups: None) -> None:
    del cgroups
    script = "i=0; while [ $i -lt 9 ]; do (:); sleep 0 & i=$((i + 1)); done; wait"
    done = cli("run", "--pids", "3", "--", "sh", "-c", script)
    assert done.stderr.count("sandbox: process limit 3 reached in sandbox\n") == 1
    done = cli("run", "--pids", "3", "--", "true")
    assert (done.returncode, done.stderr) == (0, "")


# --- processors


def test_half_a_processor_is_what_a_node_gets(cgroups: None) -> None:
    del cgroups
    script = "import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass\nprint(time.process_time())"
    with sandbox.Lab(sandbox.Topology.alone("a"), limits=Limits(cpus=0.5)) as lab:
        began = time.monotonic()
        done = lab["a"].run([*PYTHON, script], capture_output=True, text=True, check=True)
        took_s = time.monotonic() - began
    # Less where others want the processor as well; more by what is left of one period.
    assert 0.1 < float(done.stdout) / took_s < 0.6


# --- each process


@pytest.mark.parametrize(
    ("ulimit", "shown", "values"),
    [
        ("nofile=64", "n", "64 64"),
        ("nofile=64:128", "n", "64 128"),
        pytest.param("core=0:unlimited", "c", None, marks=MAY_DUMP_CORES),
        ("nofile=3", "n", "3 3"),
        ("fsize=4096", "f", None),
    ],
)
def test_a_ulimit_is_what_the_command_has(cli: Cli, ulimit: str, shown: str, values: str | None) -> None:
    before = of_labs()
    done = cli("run", "--ulimit", ulimit, "--", *SHELL, f"echo $(ulimit -S{shown}) $(ulimit -H{shown})")
    if ulimit == "nofile=3":  # nothing more can be opened, the libraries of a shell neither
        assert done.returncode == 127
        return
    assert (done.returncode, done.stderr) == (0, "")
    assert values is None or done.stdout == f"{values}\n"
    assert of_labs() == before


SHELL = ("sh", "-c")


def test_a_ulimit_is_each_nodes_own(cli: Cli) -> None:
    done = cli("run", "--ulimit", "nofile=99", "--ulimit", "b:nofile=64", *PAIR, "--", *SHELL, "ulimit -n")
    assert sorted(done.stdout.splitlines()) == ["a | 99", "b | 64"]


def test_more_than_this_user_may_have_is_refused(cli: Cli) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = int(Path("/proc/sys/fs/nr_open").read_text())
    wanted = most + 1 if MAY_RAISE else hard + 1
    done = cli("run", "--ulimit", f"nofile={wanted}", "--", "echo", "x")
    assert (done.returncode, done.stdout) == (125, "")
    expected = f"fs.nr_open, {most} - sudo sysctl" if MAY_RAISE else f"the hard limit here, {hard} - ask for less"
    assert expected in one_error_line(done.stderr)


@pytest.mark.skipif(not MAY_RAISE, reason="that takes CAP_SYS_RESOURCE")
def test_root_may_raise_a_limit(cli: Cli) -> None:
    before = ("sh", "-c", 'ulimit -n 99; exec "$@"', "sh")
    assert (
        cli("run", "--ulimit", "nofile=200:300", "--", *SHELL, "ulimit -Sn; ulimit -Hn", before=before).stdout
        == "200\n300\n"
    )
    done = cli("run", "--as-root", "--ulimit", "nofile=200:300", "--", "true", before=before)
    assert "more than the hard limit here, 99" in one_error_line(done.stderr)


@pytest.mark.skipif(os.getuid() != 0, reason="it binds everybody else")
def test_a_ulimit_that_does_not_bind_root_is_refused(cli: Cli) -> None:
    done = cli("run", "--ulimit", "nproc=9", "--", "true")
    assert done.returncode == 125
    assert "it does not bind root, see getrlimit(2) - limit the node: --pids 9" in one_error_line(done.stderr)


# --- time


def test_what_takes_too_long_is_ended_and_its_children_are(cli: Cli) -> None:
    began = time.monotonic()
    done = cli("run", "--timeout", "0.4s", *PAIR, "--", *SHELL, "setsid sleep 888 & sleep 999")
    assert time.monotonic() - began < 4
    assert (done.returncode, done.stderr) == (124, "sandbox: timeout of 0.4 s reached\n")
    cli.await_nothing_left(within=1)


def test_what_ends_in_time_is_left_alone(cli: Cli) -> None:
    done = cli("run", "--timeout", "20s", "--", *SHELL, "exit 3")
    assert (done.returncode, done.stderr) == (3, "")


def test_a_command_may_tidy_up_when_its_time_is_over(cli: Cli) -> None:
    script = "trap 'echo tidied; exit 0' TERM; echo begun; while :; do sleep 0.01; done"
    done = cli("run", "--timeout", "0.5", "--", *SHELL, script)
    assert (done.returncode, done.stdout) == (124, "begun\ntidied\n")


def test_what_ignores_that_is_killed(cli: Cli) -> None:
    began = time.monotonic()
    done = cli("run", "--timeout", "0.2", "--", *SHELL, "trap '' TERM; while :; do sleep 0.1; done")
    assert done.returncode == 124
    assert 5 < time.monotonic() - began < 10


def test_a_service_has_no_more_time_than_others(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(
        '[nodes.a]\ncommand = "sleep 99"\nready = { port = 80 }\n[nodes.b]\ndepends_on = "a"\ncommand = "true"\n'
    )
    done = cli("run", "lab.toml", "--timeout", "0.4")
    assert (done.returncode, done.stderr) == (124, "sandbox: timeout of 0.4 s reached\n")


def test_on_a_terminal_as_well(terminal: Any) -> None:
    shown = terminal([*Cli.command, "run", "--timeout", "0.3", "--", "sleep", "99"])
    shown.expect("sandbox: timeout of 0.3 s reached")
    assert has_exited(shown) == 124


def test_a_limit_that_was_reached_on_a_terminal_is_told_of(terminal: Any, cgroups: None) -> None:
    del cgroups
    shown = terminal([*Cli.command, "run", "--memory", "64M", "--", *HOG])
    shown.expect("sandbox: memory limit 64M reached in sandbox")
    assert has_exited(shown) == 137


# --- nothing is left, and nothing is there unasked


def test_without_limits_there_is_no_group(cli: Cli) -> None:
    before = of_labs()
    process = cli.start(
        "run", "--ulimit", "nofile=64", "--timeout", "20", "--", *SHELL, "cat /proc/self/cgroup; sleep 99"
    )
    assert process.stdout
    assert process.stdout.readline() in Path("/proc/self/cgroup").read_text().splitlines(keepends=True)
    assert of_labs() == before


@pytest.mark.parametrize("command", [("true",), ("sh", "-c", "setsid sleep 999 & exit 3"), ("no-such-program",)])
def test_groups_go_with_the_lab(cli: Cli, cgroups: None, command: tuple[str, ...]) -> None:
    before = of_labs()
    cli("run", "--memory", "64M", "--pids", "20", "--cpus", "1", *PAIR, "--", *command)
    assert of_labs() == before
    del cgroups


def test_groups_go_with_the_launcher(cli: Cli, cgroups: None) -> None:
    del cgroups
    before = of_labs()
    process = cli.start("run", "--pids", "20", *PAIR, "--", *SHELL, "echo ready; sleep 999 & sleep 999")
    assert process.stdout
    process.stdout.readline()
    assert of_labs() != before
    process.kill()
    process.wait(5)
    wait_for(lambda: of_labs() == before, within=2, what="the groups are gone")


def test_what_a_killed_init_leaves_is_told_of_and_goes_with_the_next(cli: Cli, cgroups: None) -> None:
    del cgroups
    before = of_labs()
    process = cli.start("run", "--pids", "20", "--", *SHELL, "echo ready; sleep 999")
    assert process.stdout
    process.stdout.readline()
    (init,) = psutil.Process(process.pid).children()
    (left,) = set(of_labs()) - set(before)
    init.kill()
    assert process.wait(5) == 137
    cli.await_nothing_left()
    assert (left, init.pid, True) in list(cgroup.find())
    assert left in cli("ps").stdout
    doctor = {each["name"]: each for each in json.loads(cli("doctor", "--json").stdout)["checks"]}
    assert left in doctor["cgroups"]["seen"]
    assert cli("run", "--pids", "20", "--", "true").returncode == 0
    assert of_labs() == before


def test_a_group_that_is_owned_is_not_swept(cli: Cli, cgroups: None) -> None:
    del cgroups
    with sandbox.Lab(sandbox.Topology.alone("a"), limits=Limits(pids=9)) as lab:
        mine = of_labs()  # nothing runs in it
        assert cli("run", "--pids", "20", "--", "true").returncode == 0
        assert set(mine) <= set(of_labs())
        assert lab["a"].run(["true"]).returncode == 0


def test_a_refused_limit_leaves_nothing(cli: Cli, cgroups: None) -> None:
    del cgroups
    done = cli("run", "--pids", "9", "--ulimit", "nofile=99999999999", "--", "true")
    assert done.returncode == 125
    one_error_line(done.stderr)


# --- who is bound cannot change that

RAISE = """
for file in $(find /sys/fs/cgroup -name pids.max -path '*sandbox-*'); do echo 999 > $file; done
find /sys/fs/cgroup -name cgroup.procs | while read file; do echo $$ > $file; done
mkdir /sys/fs/cgroup/pids/mine
unshare --user --map-root-user --mount --cgroup sh -c '
    mount -t tmpfs none /mnt && mount -t cgroup -o pids none /mnt || mount -t cgroup2 none /mnt
    for file in /mnt/pids.max /mnt/*/pids.max; do echo 999 > $file; done
    for file in /mnt/cgroup.procs /mnt/*/cgroup.procs; do echo $$ > $file; done
    mount -o remount,rw,bind /sys/fs/cgroup/pids; echo 999 > /sys/fs/cgroup/pids/sandbox-*/node-a/pids.max'
files=$(find /proc/[0-9]*/root/sys/fs/cgroup -name pids.max -path '*sandbox-*' 2> /dev/null)
for file in $files; do echo 999 > $file; done
echo tried
"""


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("as_root", [False, True])
def test_no_command_changes_a_limit_or_leaves_its_group(cgroups: None, node: str, as_root: bool) -> None:
    del cgroups
    limits = {"a": Limits(pids=20)}
    with sandbox.Lab(sandbox.Topology.parse([PAIR[1:]]), limits=limits, as_root=as_root) as lab:
        bound, other = lab["a"].popen(["sleep", "99"]), lab["b"].popen(["sleep", "99"])
        group = Path(f"/proc/{bound.pid}/cgroup").read_text()
        done = lab[node].run([*SHELL, RAISE], capture_output=True, text=True)
        assert done.stdout.endswith("tried\n")
        assert "Read-only file system" in done.stderr
        assert limit_of(bound.pid, "pids", "pids.max") == 20
        assert Path(f"/proc/{bound.pid}/cgroup").read_text() == group
        bomb = lab["a"].run([*PYTHON, BOMB], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert int(bomb.stdout) == 18  # itself, and the one that sleeps
        other.kill()


# --- kept labs, files, users


@pytest.fixture
def kept(cli: Cli, tmp_path: Path) -> Iterator[Cli]:
    """A kept lab `x` with limits."""
    cli.environment["XDG_RUNTIME_DIR"] = str(tmp_path)
    (tmp_path / "x.toml").write_text(
        '[nodes.a]\nmemory = "64M"\npids = 20\ncpus = 0.5\nulimits = { nofile = 64 }\n'
        f"command = {json.dumps(HOG)}\n[nodes.b]\n"
    )
    done = cli("up", "-d", "x.toml")
    assert done.returncode == 0, done.stderr
    yield cli
    assert cli("down", "x").returncode == 0


def test_a_kept_lab_is_bound_and_shows_what_it_uses(cgroups: None, kept: Cli) -> None:
    del cgroups
    log = wait_for(lambda: kept("logs", "x/a").stderr, within=10, what="the service was killed")
    assert log == "sandbox: memory limit 64M reached in a\n"
    assert kept("exec", "x/a", "--", *SHELL, "ulimit -n").stdout == "64\n"
    done = kept("exec", "x/a", "--", *HOG)
    assert (done.returncode, done.stderr) == (137, "sandbox: memory limit 64M reached in a\n")
    process = kept.start("exec", "x/a", "--", *SHELL, "echo ready; sleep 99")
    assert process.stdout
    process.stdout.readline()
    records = [
        each for each in json.loads(kept("stats", "x", "--json", "--interval", "0.1").stdout) if "memory" in each
    ]
    assert [(each["node"], each["memory"]["limit"], each["pids"]) for each in records] == [
        ("a", 64 * MIB, {"used": 2, "limit": 20})
    ]
    assert 0 < records[0]["memory"]["used"] < 64 * MIB
    assert records[0]["cpus"]["limit"] == 0.5
    assert "/64M  2/20  0.0" in kept("stats", "x", "--interval", "0.1").stdout


def test_where_no_group_may_be_made_it_is_refused(cli: Cli) -> None:
    if not refusals():
        pytest.skip("they may be made here")
    for limit in (("--memory", "64M"), ("--pids", "20"), ("--cpus", "0.5")):
        done = cli("run", *limit, "--", "echo", "x")
        assert (done.returncode, done.stdout) == (125, "")
        assert f"error: {limit[0].removeprefix('--')}: " in one_error_line(done.stderr)
        assert " - " in done.stderr
    with pytest.raises(NotAllowed):
        sandbox.run(["true"], limits=Limits(pids=9))


def test_the_doctor_tells_which_limits_are_to_be_had(cli: Cli) -> None:
    checks = {each["name"]: each for each in json.loads(cli("doctor", "--json").stdout)["checks"]}
    for key in ("--memory", "--pids", "--cpus"):
        assert checks[key]["ok"] or checks[key]["fix"]
    assert all(checks[key]["ok"] for key in ("--memory", "--pids", "--cpus")) is not bool(refusals())


USER = pwd.getpwnam("nobody")


@pytest.fixture
def as_user() -> tuple[str, ...]:
    """Words by which a command of root's is nobody's."""
    words = ("setpriv", f"--reuid={USER.pw_uid}", f"--regid={USER.pw_gid}", "--clear-groups")
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("this takes root, and setpriv of util-linux")
    if subprocess.run([*words, sys.executable, "-c", "import sandbox"], cwd="/", capture_output=True).returncode:
        pytest.skip("nobody may not run this interpreter and this checkout")
    return words


def test_an_ordinary_user_is_told_what_it_takes(as_user: tuple[str, ...], cli: Cli) -> None:
    for limit in (("--memory", "64M"), ("--pids", "20"), ("--cpus", "0.5")):
        done = cli("run", *limit, "--", "echo", "x", before=as_user, cwd="/")
        assert (done.returncode, done.stdout) == (125, "")
        assert f"error: {limit[0].removeprefix('--')}: " in one_error_line(done.stderr)
        assert " - " in done.stderr


def test_an_ordinary_user_who_was_delegated_groups_has_limits(as_user: tuple[str, ...], cli: Cli) -> None:
    hog = (*SHELL, "head -c 256m /dev/zero | tail")
    with delegated(USER.pw_uid, USER.pw_gid) as words:
        if not words:
            pytest.skip("this machine has no cgroups of version 1")
        before = (*words, *as_user)
        done = cli("run", "--memory", "64M", "--pids", "9", "--cpus", "1", "--", *hog, before=before, cwd="/")
        assert done.returncode == 137
        assert done.stderr.endswith("sandbox: memory limit 64M reached in sandbox\n")
        look = RAISE + "cat /sys/fs/cgroup/pids$(sed -n s/.*:pids://p /proc/self/cgroup)/../pids.max"
        done = cli("run", "--pids", "20", "--", *SHELL, look, before=before, cwd="/")
        assert done.stdout.endswith("tried\n20\n")
