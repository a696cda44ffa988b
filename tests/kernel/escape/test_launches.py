"""Ways out that begin with how a container is launched: descriptors, directories, programs, systems that are given."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import sandbox

from ..conftest import Cli, one_error_line
from .launchers import PYTHON

ROOT = Path(sandbox.__file__).parents[1]
IS_ROOT = os.getuid() == 0
CONTAIN = ("run", "--contain")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory that everybody may write to, with a file that says where it is."""
    place = tmp_path / "outside"
    place.mkdir()
    place.chmod(0o777)
    (place / "name").write_text("outside")
    return place


# What is ours: whoever is on the way into a container reads nothing of it there, where a command may have written it.

OURS = sorted({str(ROOT), sys.prefix, str(Path(os.__file__).parent)})


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--ulimit", "nofile=64"),
        ("--cap-add", "net_raw"),
        ("--workdir", "/tmp"),
        ("--no-seccomp",),
        ("--pair", "a:10.0.0.1", "b:10.0.0.2"),
        *([("--user", "1000")] if IS_ROOT else []),
    ],
    ids=" ".join,
)
def test_nothing_of_ours_is_read_inside(cli: Cli, words: tuple[str, ...]) -> None:
    hidden = [word for place in OURS for word in ("--tmpfs", place)]
    done = cli(*CONTAIN, *hidden, *words, "--raw", "--", "echo", "ran")
    assert set(done.stdout.split()) == {"ran"}, done


def test_what_a_command_writes_in_place_of_ours_is_not_executed_for_the_next() -> None:
    evil = 'import os\nos.close(os.open("/tmp/evil", os.O_CREAT))\n'
    package = ROOT / "sandbox"
    modules = [*package.glob("init/*.py"), *package.glob("kernel/*.py"), *package.glob("kernel/seccomp/*.py")]
    stdlib = Path(os.__file__).parent
    modules += [
        stdlib / name for name in ("resource.py", "stat.py", "signal.py", "contextlib.py", "encodings/ascii.py")
    ]
    script = 'for file; do mkdir -p "${file%/*}"; printf %s "$0" >"$file"; done'
    with sandbox.Lab(sandbox.Topology.alone(), contain=sandbox.Containment(tmpfs=OURS)) as lab:
        node = lab.nodes[0]
        node.run(["sh", "-c", script, evil, *map(str, modules)], check=True)
        node.run(["test", "-s", str(package / "init/contained.py")], check=True)
        done = node.run(["ls", "/tmp"], capture_output=True, text=True, check=True)
    assert "evil" not in done.stdout


# Descriptors, and where a command starts.


def test_a_descriptor_of_the_callers_is_no_way_out(cli: Cli, outside: Path) -> None:
    script = 'exec 9<"$0"; exec "$@"'
    before = ("sh", "-c", script, str(outside))
    done = cli(*CONTAIN, "--workdir", "/proc/self/fd/9", "--", "cat", "name", before=before)
    assert (done.returncode, done.stdout) == (125, "")
    one_error_line(done.stderr)


def test_no_descriptor_comes_along(cli: Cli, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    words = [str(number) for number in range(3, 21)]
    opened = " ".join(f'{number}<"$0"' for number in words if len(number) == 1)
    # A shell opens numbers of one digit only.
    more = "import os, sys\nfor n in range(10, 21): os.dup2(os.open(sys.argv[1], os.O_RDONLY), n)\n"
    more += "os.execvp(sys.argv[2], sys.argv[2:])"
    before = ("sh", "-c", f'exec {opened}; exec "$@"', str(secret), PYTHON, "-c", more, str(secret))
    script = "for n in $(seq 3 20); do [ -e /proc/self/fd/$n ] && readlink /proc/self/fd/$n; done; echo done"
    done = cli(*CONTAIN, "--", "sh", "-c", script, before=before)
    assert done.stdout == "done\n", done.stderr


def test_a_link_that_leads_out_of_the_view_is_no_workdir(cli: Cli, outside: Path, tmp_path: Path) -> None:
    bound = tmp_path / "bound"
    bound.mkdir()
    (bound / "link").symlink_to(outside)
    done = cli(*CONTAIN, "--bind", f"{bound}:/tmp/bound", "--workdir", "/tmp/bound/link", "--", "cat", "name")
    # What is there inside is the same file of the host's, if it is to be seen at all, and then only to be read.
    if done.returncode == 0:
        done = cli(*CONTAIN, "--bind", f"{bound}:/tmp/bound", "--workdir", "/tmp/bound/link", "--", "touch", "made")
        assert "Read-only" in done.stderr
    assert not (outside / "made").exists()


def test_the_directory_of_the_caller_is_read_only(cli: Cli, outside: Path) -> None:
    done = cli(*CONTAIN, "--", "sh", "-c", "touch made; touch ../made; touch /made; echo done", cwd=outside)
    assert done.stdout == "done\n"
    assert not (outside / "made").exists()


def test_what_others_call_their_sockets_is_in_nobodys_way(cli: Cli) -> None:
    with tempfile.TemporaryDirectory(prefix="sandbox-sockets-", dir="/var/tmp") as name, ExitStack() as stack:
        place = Path(name)
        place.chmod(0o755)
        for kind in ("file", "loop", "magic", "socket"):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(place / kind))
            listener.listen()
        for kind in ("file", "loop", "magic"):
            (place / kind).unlink()
        (place / "file").write_text("a file")
        (place / "loop").symlink_to("loop")
        (place / "magic").symlink_to("/proc/self/fd/0")
        done = cli(*CONTAIN, "--", "sh", "-c", f"cat {place}/file; test -S {place}/socket || echo , no socket")
    assert done.stdout == "a file, no socket\n", done


# Links that change while containers are launched.


FLIP = """
import os, select, sys
place, *targets = sys.argv[1:]
for number in range(10_000_000):
    os.symlink(targets[number % len(targets)], place + ".new")
    os.rename(place + ".new", place)
    if number % 64 == 0 and select.select([0], [], [], 0)[0]:
        break
"""


@contextmanager
def flipping(place: Path, *targets: Path | str) -> Iterator[None]:
    """A link that leads to one and to the other of some targets, as fast as that can be."""
    place.symlink_to(targets[0])
    words = [sys.executable, "-I", "-S", "-c", FLIP, str(place), *map(str, targets)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as flipper:
        try:
            yield
        finally:
            assert flipper.stdin
            flipper.stdin.close()
            assert flipper.wait(10) == 0


@pytest.mark.deadline(100)
def test_a_source_that_is_exchanged_is_one_or_the_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(name)
    with flipping(tmp_path / "place", tmp_path / "one", tmp_path / "two"):
        contain = sandbox.Containment(ro_bind=f"{tmp_path / 'place'}:/tmp/place")
        said = [
            sandbox.run(["cat", "/tmp/place/name"], contain=contain, capture_output=True, text=True).stdout
            for _ in range(LAUNCHES)
        ]
    assert set(said) == {"one", "two"}


LAUNCHES = 100


@pytest.mark.deadline(100)
def test_a_target_that_is_exchanged_writes_nothing_outside_the_view(tmp_path: Path, outside: Path) -> None:
    bound, source = tmp_path / "bound", tmp_path / "source"
    for place in (bound, source):
        place.mkdir()
        place.chmod(0o777)
    (bound / "within").mkdir()
    with flipping(bound / "place", "within", outside, "../../../../../etc", "/proc/self/root", "/proc/1/root"):
        contain = sandbox.Containment(bind=[f"{bound}:/tmp/bound", f"{source}:/tmp/bound/place"])
        for _ in range(LAUNCHES):
            script = f"echo x >/tmp/bound/place/made; echo x >{outside}/made; echo x >/etc/made; :"
            try:
                sandbox.run(["sh", "-c", script], contain=contain, capture_output=True)
            except sandbox.SandboxError:
                continue  # there is no such place at that moment, or it cannot be mounted over
    made = [str(path) for path in tmp_path.rglob("made")]
    assert set(made) <= {str(source / "made"), str(bound / "within" / "made")}
    assert not Path("/etc/made").exists()
    assert [path.name for path in outside.iterdir()] == ["name"]


# The files of another system, made by somebody who means harm.


PLACES = ("tmp", "dev", "proc", "sys", "run", "home", "etc", "etc/hosts", "dev/shm")


def system(place: Path) -> Path:
    """A root that borrows its programs."""
    place.mkdir()
    for name in ("bin", "lib", "lib64", "sbin"):
        (place / name).symlink_to(f"usr/{name}")
    (place / "usr").mkdir()
    return place


@pytest.mark.deadline(60)
@pytest.mark.parametrize("kind", ["absolute", "relative", "to-proc", "file"])
@pytest.mark.parametrize("option", ["--rootfs", "--rootfs-rw"])
def test_a_malicious_root_leads_nowhere(cli: Cli, tmp_path: Path, outside: Path, kind: str, option: str) -> None:
    (outside / "hosts").write_text("of the host's")
    target = {"absolute": str(outside), "relative": "../" * 20 + str(outside)[1:], "to-proc": f"/proc/1/root{outside}"}
    for number, place in enumerate(PLACES):
        root = system(tmp_path / f"root-{number}")
        (root / place).parent.mkdir(exist_ok=True)
        if kind == "file":
            (root / place).write_text("a file")
        else:
            (root / place).symlink_to(target[kind] + ("/hosts" if place == "etc/hosts" else ""))
        script = f"echo x >/{place}/made; echo x >/etc/hosts; stat -fc %T /proc; cat {outside}/name; :"
        done = cli(*CONTAIN, option, str(root), "--ro-bind", "/usr", "--", "/bin/sh", "-c", script)
        assert done.returncode in (0, 125), (place, done)
        if done.returncode == 125:
            one_error_line(done.stderr)
        else:
            assert done.stdout == "proc\n", (place, done)
    assert sorted(path.name for path in outside.iterdir()) == ["hosts", "name"]
    assert (outside / "hosts").read_text() == "of the host's"


@pytest.mark.parametrize("place", ["proc", "sys", "dev"])
def test_what_the_next_command_believes_is_behind_no_link(cli: Cli, tmp_path: Path, place: str) -> None:
    root = system(tmp_path / "root")
    (root / "other").mkdir()
    (root / place).symlink_to("other")
    done = cli(*CONTAIN, "--rootfs", str(root), "--ro-bind", "/usr", "--", "/bin/true")
    assert done.returncode == 125
    assert "Too many levels of symbolic links" in one_error_line(done.stderr)


# Programs that give privileges, and what may be left for others.


@pytest.fixture
def privileged(tmp_path: Path) -> Path:
    """Programs with the identity of their owner, and with capabilities, where such can be made."""
    place = tmp_path / "programs"
    place.mkdir()
    place.chmod(0o777)
    for name in ("setuid", "capable"):
        shutil.copy("/bin/cat", place / name)
    (place / "setuid").chmod(0o6755)
    if IS_ROOT:
        os.chown(place / "setuid", 65534, 65534)
        (place / "setuid").chmod(0o6755)
        # struct vfs_cap_data of version 2, effective: CAP_NET_RAW.
        os.setxattr(place / "capable", "security.capability", struct.pack("<5I", 0x0200_0001, 1 << 13, 0, 0, 0))
    return place


@pytest.mark.parametrize("how", ["--bind", "--ro-bind", "as it is"])
def test_setuid_programs_and_capable_ones_give_nothing(cli: Cli, privileged: Path, how: str) -> None:
    bind = () if how == "as it is" else (how, str(privileged))
    inside = "/var/tmp" if how == "as it is" else str(privileged)
    script = 'for p in setuid capable; do "$0/$p" /proc/self/status | grep -E "^(Uid|Gid|CapEff|CapPrm)"; done'
    with visible(privileged) as place:
        done = cli(*CONTAIN, *bind, "--", "sh", "-c", script, str(place) if not bind else inside)
    lines = done.stdout.splitlines()
    assert len(lines) == 8, done
    ids = {number for line in lines if line[1:3] == "id" for number in line.split()[1:]}
    assert len(ids) <= 2, lines  # uid and gid, each the same four times
    assert all(int(line.split()[1], 16) == 0 for line in lines if line.startswith("Cap")), lines


@contextmanager
def visible(directory: Path) -> Iterator[Path]:
    """A copy where a container sees it: its /tmp is its own, and so may be the home."""
    copy = Path("/var/tmp") / f"sandbox-visible-{os.getpid()}"
    subprocess.run(["cp", "-a", str(directory), str(copy)], check=True)
    try:
        yield copy
    finally:
        shutil.rmtree(copy)


def test_su_gives_nothing(cli: Cli) -> None:
    if shutil.which("su") is None:
        pytest.skip("su is not installed")
    user = ("--user", "65534") if IS_ROOT else ()
    done = cli(*CONTAIN, *user, "--", "su", "-c", "id -u; cat /etc/shadow", timeout=10)
    assert done.returncode not in (0, 125)
    assert done.stdout == ""


@pytest.mark.parametrize(
    "how", ["chmod u+s mine", "chmod 6755 mine", "install -m 4755 mine other", "mkdir -m 2777 set"]
)
def test_nothing_is_made_setuid_among_the_hosts_files(cli: Cli, outside: Path, how: str) -> None:
    shutil.copy("/bin/true", outside / "mine")
    (outside / "mine").chmod(0o777)
    cli(*CONTAIN, "--bind", str(outside), "--workdir", str(outside), "--", "sh", "-c", f"cp mine own; {how}; {how} own")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in outside.iterdir()}
    assert "own" in modes
    assert not any(mode & 0o6000 for mode in modes.values()), modes


@pytest.mark.skipif(not IS_ROOT, reason="only root makes devices")
def test_a_device_that_is_bound_with_its_directory_cannot_be_opened(cli: Cli, outside: Path) -> None:
    os.mknod(outside / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    done = cli(*CONTAIN, "--bind", str(outside), "--", "sh", "-c", f"echo x >{outside}/null")
    assert "Permission denied" in done.stderr


def test_a_dump_of_a_crash_stays_inside(cli: Cli, outside: Path) -> None:
    if Path("/proc/sys/kernel/core_pattern").read_text().startswith("|"):
        pytest.skip("a program of the host's takes what crashes: kernel.core_pattern")
    script = "ulimit -c unlimited; cd /tmp; sh -c 'kill -SEGV $$'; echo $?; ls /tmp"
    done = cli(*CONTAIN, "--", "sh", "-c", script, cwd=outside)
    assert done.stdout.startswith("139\n"), done
    assert [path.name for path in outside.iterdir()] == ["name"]


# A sandbox in a sandbox.


def test_a_sandbox_in_a_container_is_refused_in_one_line(cli: Cli) -> None:
    places = {sys.prefix, sys.base_prefix, str(ROOT)} - {"/usr"}
    bound = [word for place in sorted(places) for word in ("--ro-bind", place)]
    words = (sys.executable, "-m", "sandbox", "run")
    for inner in ((), ("--contain",)):
        done = cli(*CONTAIN, *bound, "--", *words, *inner, "--", "echo", "ran")
        assert (done.returncode, done.stdout) == (125, ""), done
        assert done.stderr.startswith("sandbox: error: "), done.stderr
        # The outer one says which command failed.
        assert "contain" in one_error_line(done.stderr.splitlines(keepends=True)[0]), done.stderr
