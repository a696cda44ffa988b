"""What becomes of the command: its exit status, its streams, its surroundings."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import psutil
import pytest

import sandbox
from reliability.census import wait_for

from .conftest import PAIR, Cli, one_error_line

MOST_ENDED_BY = [number for number in (*range(1, 32), *range(34, 65)) if number != signal.SIGSTOP]
MEBIBYTE = 1024 * 1024
PRIVATE_MOUNTS = ("unshare", "-m") if os.getuid() == 0 else ("unshare", "-Urm")


# --- exit status


def test_every_exit_status_is_passed_on(node: sandbox.Node) -> None:
    statuses = [node.run(["sh", "-c", f"exit {number}"]).returncode for number in range(256)]
    assert statuses == list(range(256))


def test_every_signal_ends_a_command_as_it_would_elsewhere(node: sandbox.Node) -> None:
    def status(number: int, run: Any, **options: Any) -> int:
        return run(["sh", "-c", f"ulimit -c 0; kill -{number} $$"], stderr=subprocess.DEVNULL, **options).returncode  # type: ignore[no-any-return]

    elsewhere = {number: status(number, subprocess.run, start_new_session=True) for number in MOST_ENDED_BY}
    assert {number: status(number, node.run) for number in MOST_ENDED_BY} == elsewhere
    assert sum(each < 0 for each in elsewhere.values()) == 54  # the others are ignored by default


@pytest.mark.parametrize("number", [34, 64])
def test_the_end_by_a_realtime_signal_is_128_and_its_number(cli: Cli, number: int) -> None:
    assert cli("run", "--", "sh", "-c", f"ulimit -c 0; kill -{number} $$").returncode == 128 + number


def test_the_first_failure_of_several_commands_is_the_exit_status(cli: Cli) -> None:
    done = cli("run", *PAIR, "--", "sh", "-c", "sleep 0.3; exit 4", ":::", "sh", "-c", "exit 3")
    assert done.returncode == 3


def test_all_commands_succeed_or_none_does(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", *PAIR, "--", "touch", str(tmp_path / "started"), ":::", "no-such-program")
    assert done.returncode == 127
    assert not (tmp_path / "started").exists()


def test_when_the_node_of_until_ends_the_others_are_stopped(cli: Cli) -> None:
    begun = time.monotonic()
    done = cli("run", *PAIR, "--until", "b", "--", "sleep", "99", ":::", "sh", "-c", "exit 7")
    assert done.returncode == 7
    assert time.monotonic() - begun < 3


# --- what cannot be executed


def test_a_script_without_first_line_is_not_executable(node: sandbox.Node, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("true\n")
    script.chmod(0o755)
    with pytest.raises(OSError, match="Exec format error") as raised:
        node.run([script])
    assert raised.value.errno == errno.ENOEXEC


def test_too_long_an_argument_is_our_failure_and_named(node: sandbox.Node) -> None:
    with pytest.raises(sandbox.StepFailed, match="Argument list too long") as raised:
        node.run(["true", "x" * 200_000])
    assert (raised.value.errno, raised.value.exit_status) == (errno.E2BIG, 125)


@pytest.mark.parametrize("name", ["ENOMEM", "EMFILE", "ENFILE"])
def test_want_of_memory_or_descriptors_at_exec_is_our_failure_and_named(
    node: sandbox.Node, name: str, strace: str
) -> None:
    with node.popen(["sleep", "99"]) as sleeping:
        init = psutil.Process(sleeping.pid).ppid()
        inject = [strace, "-f", "-qq", "-p", str(init), "-e", f"inject=execve:error={name}"]
        with subprocess.Popen(inject, stderr=subprocess.PIPE) as tracer:
            try:
                _await_traced(init)
                with pytest.raises(sandbox.SandboxError) as raised:
                    node.run(["true"], timeout=10)
            finally:
                tracer.terminate()
                tracer.communicate(timeout=10)
                sleeping.kill()
    assert raised.value.exit_status == 125
    assert os.strerror(getattr(errno, name)) in str(raised.value) or "ulimit -n" in str(raised.value)
    assert node.run(["true"]).returncode == 0


def _await_traced(pid: int) -> None:
    def is_traced() -> bool:
        status = Path(f"/proc/{pid}/status").read_text()
        return "TracerPid:\t0\n" not in status

    wait_for(is_traced, within=5, what="strace is attached")


# --- background processes


def test_what_it_leaves_in_the_background_ends_with_it(cli: Cli) -> None:
    done = cli("run", "--", "sh", "-c", "setsid nohup sleep 888 >/dev/null 2>&1 & exit 3")
    assert done.returncode == 3
    cli.await_nothing_left(within=1)


@pytest.mark.parametrize("several", [False, True], ids=["one", "two"])
def test_a_background_process_that_holds_the_output_is_not_waited_for(cli: Cli, several: bool) -> None:
    begun = time.monotonic()
    done = cli("run", *(PAIR if several else ()), "--", "sh", "-c", "sleep 99 & echo x")
    assert sorted(done.stdout.splitlines()) == (["a | x", "b | x"] if several else ["x"])
    assert time.monotonic() - begun < 5


def test_a_background_process_that_holds_the_output_is_not_waited_for_by_the_library() -> None:
    begun = time.monotonic()
    assert sandbox.run(["sh", "-c", "sleep 99 & echo x"], capture_output=True).stdout == b"x\n"
    assert time.monotonic() - begun < 5


ORPHANS = """
import os, time
for _ in range(500):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.wait()
deadline = time.monotonic() + 10
while (left := [pid for pid in os.listdir('/proc') if pid.isdigit() and pid not in ('1', str(os.getpid()))]):
    assert time.monotonic() < deadline, left
"""


def test_of_500_orphans_none_stays_a_zombie(node: sandbox.Node) -> None:
    done = node.run([sys.executable, "-I", "-S", "-c", ORPHANS], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# --- streams


def test_what_a_command_wrote_is_told_before_its_end(cli: Cli) -> None:
    """Half of the launches had it the other way round."""
    for _ in range(10):
        lines = cli("run", *PAIR, "--json", "--", "sh", "-c", "seq 3000; printf last").stdout.splitlines()
        records = [json.loads(line) for line in lines]
        for node in "ab":
            assert ["exit" in record for record in records if record["node"] == node].index(True) == 3001


@pytest.mark.parametrize("several", [False, True], ids=["one", "two"])
@pytest.mark.parametrize("options", [(), ("--raw",), ("--json",)], ids=["plain", "raw", "json"])
def test_output_that_nobody_reads_ends_the_run_at_once(cli: Cli, several: bool, options: tuple[str, ...]) -> None:
    process = cli.start("run", *(PAIR if several else ()), *options, "--", "yes")
    assert process.stdout
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(5) == 128 + signal.SIGPIPE
    assert process.stderr
    assert "Traceback" not in process.stderr.read()


def test_a_pipe_inside_the_command_ends_at_once(cli: Cli) -> None:
    done = cli("run", "--", "sh", "-c", "yes | head -1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "y\n", "")


def test_a_full_disk_is_seen_by_the_command_whose_output_it_is(cli: Cli) -> None:
    with open("/dev/full", "wb") as full:
        done = cli("run", "--", "sh", "-c", "echo x || exit 5", stdout=full)
    assert done.returncode == 5


def test_a_full_disk_under_the_output_of_several_is_our_failure(cli: Cli) -> None:
    with open("/dev/full", "wb") as full:
        done = cli("run", *PAIR, "--", "echo", "x", stdout=full)
    assert done.returncode == 125
    assert "No space left on device" in one_error_line(done.stderr)


STREAMS = """
import os, sys
targets = [os.readlink(f"/proc/self/fd/{number}") for number in range(3)]
open(sys.argv[1] + "/" + os.environ["SANDBOX_NAME"], "w").write(" ".join(targets))
"""
CLOSED = list(chain.from_iterable(combinations((0, 1, 2), count) for count in (1, 2, 3)))


@pytest.mark.parametrize("several", [False, True], ids=["one", "two"])
@pytest.mark.parametrize("closed", CLOSED, ids=lambda closed: "".join(map(str, closed)))
def test_a_stream_that_was_closed_at_the_start_is_dev_null(
    cli: Cli, tmp_path: Path, closed: Sequence[int], several: bool
) -> None:
    closing = "".join(f" {number}>&-" for number in closed)
    words = (sys.executable, "-I", "-S", "-c", STREAMS, str(tmp_path))
    before = ("sh", "-c", f'exec "$@"{closing}', "sh")
    done = cli("run", *(PAIR if several else ()), "--", *words, before=before)
    assert done.returncode == 0, done.stderr
    for name in ("a", "b") if several else ("sandbox",):
        targets = (tmp_path / name).read_text().split()[:3]
        assert len(targets) == 3
        assert all(target == "/dev/null" for number, target in enumerate(targets) if number in closed and not several)


DESCRIPTORS = "import os; print(sorted(set(map(int, os.listdir('/proc/self/fd'))) - {3}))"


@pytest.mark.parametrize("several", [False, True], ids=["one", "two"])
def test_no_descriptor_but_the_first_three_reaches_the_command(cli: Cli, several: bool) -> None:
    words = (sys.executable, "-I", "-S", "-c", DESCRIPTORS)
    before = ("sh", "-c", 'exec "$@" 9</etc/passwd', "sh")
    done = cli("run", *(PAIR if several else ()), "--raw", "--", *words, before=before)
    assert set(done.stdout.splitlines()) == {"[0, 1, 2]"}


def test_the_only_command_reads_our_input(cli: Cli) -> None:
    assert cli("run", "--", "cat", input="for you\n").stdout == "for you\n"


def test_of_several_commands_none_reads_our_input(cli: Cli) -> None:
    assert cli("run", *PAIR, "--", "cat", input="for nobody\n").stdout == ""


def test_of_several_commands_the_chosen_one_reads_our_input(cli: Cli) -> None:
    assert cli("run", *PAIR, "-i", "b", "--", "cat", input="for b\n").stdout == "b | for b\n"


# --- surroundings


def test_it_runs_where_we_are(cli: Cli, tmp_path: Path) -> None:
    assert cli("run", "--", "pwd").stdout == f"{tmp_path}\n"


def test_a_deleted_directory_is_told(cli: Cli) -> None:
    before = ("sh", "-c", 'mkdir here && cd here && rmdir ../here && exec "$@"', "sh")
    done = cli("run", "--", "true", before=before, env={**cli.environment, "PYTHONSAFEPATH": "1"})
    assert done.returncode == 125
    assert "current directory" in one_error_line(done.stderr)


@pytest.mark.parametrize("mode", [0o100, 0o000], ids=["unreadable", "forbidden"])
def test_an_unreadable_directory_works_or_is_told(cli: Cli, tmp_path: Path, mode: int) -> None:
    here = tmp_path / "here"
    here.mkdir()
    before = ("sh", "-c", f'cd here && chmod {mode:o} . && exec "$@"', "sh")
    try:
        done = cli("run", "--", "true", before=before, env={**cli.environment, "PYTHONSAFEPATH": "1"})
    finally:
        here.chmod(0o700)
    if mode or os.getuid() == 0:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 125
        assert "Permission denied" in one_error_line(done.stderr)


@pytest.mark.parametrize("name", ["HOME", "PATH", "USER", "LANG"])
def test_an_unset_variable_stays_unset(cli: Cli, name: str) -> None:
    environment = {key: content for key, content in cli.environment.items() if key != name}
    done = cli("run", "--", "sh", "-c", f"env | grep -c ^{name}=", env=environment)
    assert (done.stdout, done.stderr) == ("0\n" if name != "PATH" else done.stdout, "")


def test_an_environment_of_nearly_2_mb_reaches_the_command(cli: Cli) -> None:
    environment = {**cli.environment, **{f"LARGE_{number}": "x" * 100_000 for number in range(19)}}
    done = cli("run", "--", "sh", "-c", "env | grep -c ^LARGE_", env=environment)
    assert (done.returncode, done.stdout) == (0, "19\n")


def test_an_environment_too_large_for_exec_is_our_failure_and_named(node: sandbox.Node) -> None:
    with pytest.raises(sandbox.StepFailed, match="Argument list too long"):
        node.run(["true"], env={f"LARGE_{number}": "x" * 100_000 for number in range(100)})


def test_bytes_that_are_no_text_survive(cli: Cli) -> None:
    word = os.fsdecode(b"\xff\xfe \xc3")
    done = cli("run", "--", "printf", "%s", word)
    assert done.stdout == word


def test_umask_and_limits_are_the_callers(cli: Cli) -> None:
    before = ("sh", "-c", 'umask 027; ulimit -n 123; ulimit -c 0; exec "$@"', "sh")
    assert cli("run", "--", "sh", "-c", "umask; ulimit -n", before=before).stdout == "0027\n123\n"


@pytest.mark.parametrize("limit", range(4, 17))
@pytest.mark.parametrize("several", [False, True], ids=["one", "two"])
def test_few_descriptors_are_enough_or_it_is_told(cli: Cli, tmp_path: Path, limit: int, several: bool) -> None:
    marker = tmp_path / "started"
    before = ("sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh")
    done = cli("run", *(PAIR if several else ()), "--", "touch", str(marker), before=before, timeout=5)
    if done.returncode == 0:
        assert marker.exists()
    elif "sandbox: error: " in done.stderr:
        assert done.returncode == 125
        assert not marker.exists()
        assert "ulimit -n" in one_error_line(done.stderr)
    else:  # so few that Python itself did not start
        assert not marker.exists()
        assert limit < 8, done.stderr
