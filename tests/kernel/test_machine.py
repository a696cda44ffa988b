"""Machines that forbid something: 125, one line that names the setting and its fix, and never half a lab."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from .conftest import PAIR, Cli, one_error_line

IS_ROOT = os.getuid() == 0
PLAIN_USER = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
NO_PRIVILEGE = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


def assert_refused(cli: Cli, before: tuple[str, ...], *named: str, pair: bool = True) -> None:
    """Fail unless `run` says on one line what is named, exits with 125, and no command ran."""
    marker = Path(cli.environment["MARKER"])
    words = ("touch", f"{marker}")
    done = cli("run", *(PAIR if pair else ()), "--", *words, before=before, timeout=10)
    assert done.returncode == 125, (done.stdout, done.stderr)
    line = one_error_line(without_strace(done.stderr))
    for each in named:
        assert each in line
    assert not marker.exists()
    cli.await_nothing_left()


def without_strace(stderr: str) -> str:
    """What is ours of stderr: strace complains there when it was too slow to change a result."""
    return "".join(line for line in stderr.splitlines(keepends=True) if "strace: " not in line)


@pytest.fixture(autouse=True)
def marker(cli: Cli, tmp_path: Path) -> None:
    """The file that a command makes to show that it ran; anybody may make it."""
    directory = tmp_path / "marked"
    directory.mkdir()
    directory.chmod(0o777)
    cli.environment["MARKER"] = str(directory / "ran")


# --- limits of namespaces: these settings belong to a user namespace, so nobody else's are changed


@pytest.mark.parametrize("pair", [False, True], ids=["one", "two"])
@pytest.mark.parametrize("kind", ["net", "pid", "mnt", "uts"])
def test_no_namespaces_of_a_kind(cli: Cli, kind: str, pair: bool) -> None:
    key = f"max_{kind}_namespaces"
    before = ("unshare", "-Ur", "sh", "-c", f'echo 0 >/proc/sys/user/{key}; exec "$@"', "sh")
    assert_refused(cli, before, f"user.{key} is 0", f"sudo sysctl -w user.{key}=", pair=pair)


def test_no_user_namespaces(cli: Cli) -> None:
    script = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"'
    before = ("unshare", "-Ur", "sh", "-c", script, "sh", *NO_PRIVILEGE)
    assert_refused(cli, before, "user.max_user_namespaces is 0", "sudo sysctl -w user.max_user_namespaces=")


@pytest.mark.parametrize("limit", [1, 2])
def test_too_few_network_namespaces_for_the_lab(cli: Cli, limit: int) -> None:
    script = f'echo {limit} >/proc/sys/user/max_net_namespaces; exec "$@"'
    before = ("unshare", "-Ur", "sh", "-c", script, "sh")
    if limit == 1:
        assert_refused(cli, before, "user.max_net_namespaces is 1")
    else:
        assert cli("run", *PAIR, "--", "true", before=before).returncode == 0


def test_no_cap_net_admin_is_no_obstacle(cli: Cli) -> None:
    before = ("unshare", "-Ur", "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")
    done = cli("run", *PAIR, "--", "ping", "-qc1", "-W1", "192.168.1.2", before=before)
    assert done.returncode == 0, done.stderr


def test_an_ordinary_user_in_a_user_namespace_is_no_obstacle(cli: Cli) -> None:
    done = cli("run", *PAIR, "--", "ping", "-qc1", "-W1", "192.168.1.2", before=PLAIN_USER)
    assert done.returncode == 0, done.stderr


def test_a_masked_proc(cli: Cli) -> None:
    script = 'mount --bind /dev/null /proc/interrupts; exec "$@"'
    before = ("unshare", "-Urm", "sh", "-c", script, "sh", *PLAIN_USER)
    assert_refused(cli, before, "/proc", "systempaths=unconfined")


def test_apparmors_switch(cli: Cli) -> None:
    switch = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if not switch.exists() or switch.read_text().strip() != "1" or IS_ROOT:
        pytest.skip("kernel.apparmor_restrict_unprivileged_userns forbids nothing here")
    assert_refused(cli, (), "kernel.apparmor_restrict_unprivileged_userns")


@pytest.mark.skipif(IS_ROOT, reason="ulimit -u does not bind root")
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_too_few_processes(cli: Cli, limit: int) -> None:
    others = sum(_owner(entry) == os.getuid() for entry in Path("/proc").glob("[0-9]*"))
    before = ("prlimit", f"--nproc={others + limit}")
    done = cli("run", *PAIR, "--", "touch", cli.environment["MARKER"], before=before, timeout=10)
    if done.returncode == 0:
        assert Path(cli.environment["MARKER"]).exists()
    else:
        assert done.returncode == 125, done.stderr
        assert "ulimit -u" in one_error_line(done.stderr)
        assert not Path(cli.environment["MARKER"]).exists()


@pytest.mark.skipif(IS_ROOT, reason="ulimit -u does not bind root")
def test_not_one_process_more(cli: Cli) -> None:
    assert_refused(cli, ("prlimit", "--nproc=1"), "ulimit -u")


def _owner(entry: Path) -> int:
    try:
        return entry.stat().st_uid
    except FileNotFoundError:
        return -1


# --- a system call that fails


CALLS = ["prctl", "capset", "mount", "unshare", "setns", "sendto", "pidfd_open", "close_range", "clone3"]


@pytest.mark.parametrize("error", ["EPERM", "ENOSYS", "ENOMEM"])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_fails_the_run(cli: Cli, strace: str, call: str, error: str) -> None:
    before = (strace, "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error={error}")
    assert_refused(cli, before)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_is_named(cli: Cli, strace: str, call: str) -> None:
    before = (strace, "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error=EIO")
    assert_refused(cli, before, os.strerror(errno.EIO))


# Each call on its own: the first, the second... until there is none left to fail.
MOST_CALLS = {"mount": 20, "prctl": 60, "unshare": 6, "setns": 3, "close_range": 4, "sendto": 12}


@pytest.mark.deadline(120)
@pytest.mark.parametrize("call", MOST_CALLS)
def test_whichever_of_the_calls_fails_it_is_all_or_nothing(cli: Cli, strace: str, call: str) -> None:
    marker = Path(cli.environment["MARKER"])
    refused = 0
    for number in range(1, MOST_CALLS[call] + 1, 1 + MOST_CALLS[call] // 12):
        inject = f"inject={call}:error=ENOMEM:when={number}"
        before = (strace, "-f", "-qq", "-o", "/dev/null", "-e", inject)
        done = cli("run", *PAIR, "--", "touch", str(marker), before=before, timeout=10)
        if done.returncode == 125:
            one_error_line(without_strace(done.stderr))
            assert not marker.exists()
            refused += 1
        else:
            assert (done.returncode, without_strace(done.stderr)) == (0, "")
            assert marker.exists()
            marker.unlink()
    assert refused


# A switch and a router: bridges, ports, routes.
SWITCHED = ("--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "r", "--pair", "r:10.1.0.1", "b:10.1.0.2")
SWITCHED = (*SWITCHED, "--router", "r")
MOST_MESSAGES = 20


@pytest.mark.deadline(60)
def test_whichever_message_to_the_kernel_fails_its_step_is_named_and_no_command_runs(cli: Cli, strace: str) -> None:
    marker = Path(cli.environment["MARKER"])
    explained = set(cli("explain", *SWITCHED, "--sh").stdout.splitlines())
    named = []
    for number in range(1, MOST_MESSAGES):
        inject = f"inject=sendto:error=EIO:when={number}"
        before = (strace, "-f", "-qq", "-o", "/dev/null", "-e", inject)
        done = cli("run", *SWITCHED, "--", "touch", str(marker), before=before, timeout=10)
        if done.returncode == 0:
            break
        line = one_error_line(without_strace(done.stderr))
        assert done.returncode == 125
        assert os.strerror(errno.EIO) in line
        assert not marker.exists()
        named.append(line.rstrip().partition(" - by hand: ")[2])
    else:
        pytest.fail(f"there are more than {MOST_MESSAGES} messages")
    assert explained.issuperset(named)
    for part in ("type bridge", "master br0 type veth", "link set dev br0 up", "route add default via"):
        assert any(part in step for step in named), (part, named)


# --- what doctor says


@pytest.mark.parametrize(
    ("before", "works"),
    [
        ((), True),
        (("unshare", "-Ur", "sh", "-c", 'echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"', "sh"), False),
        (
            ("unshare", "-Urm", "sh", "-c", 'mount --bind /dev/null /proc/interrupts; exec "$@"', "sh", *PLAIN_USER),
            False,
        ),
    ],
    ids=["here", "no-network-namespaces", "masked-proc"],
)
def test_doctor_agrees_with_run(cli: Cli, before: tuple[str, ...], works: bool) -> None:
    import json

    doctor, run = cli("doctor", "--json", before=before), cli("run", *PAIR, "--", "true", before=before)
    said = json.loads(doctor.stdout)
    assert said["works"] == works == (run.returncode == 0) == (doctor.returncode == 0)
    assert all(check["fix"] for check in said["checks"] if not check["ok"])


def test_doctor_changes_nothing(cli: Cli, links_of_the_host: None) -> None:
    del links_of_the_host
    assert cli("doctor").returncode == 0
