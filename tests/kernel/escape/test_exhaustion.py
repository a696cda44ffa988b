"""A contained node that takes all it can get: it gets what its limits say, and others do not notice."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox.topology.limits import Limits

from ..conftest import PAIR, Cli
from ..test_limits import BOMB, limit_of, refusals
from .launchers import PYTHON

HOST_LATE_S = 0.5
MEASURE = """
import os, sys
nowhere = os.open(os.devnull, os.O_RDWR)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
MIB = 1 << 20


@pytest.fixture
def cgroups() -> None:
    """Cgroups may be made here."""
    for why in refusals():
        pytest.skip(why)


@contextmanager
def the_host_is_in_time() -> Iterator[None]:
    """Fail when a timer of the host's is late by more than it may be."""
    late, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            begun = time.monotonic()
            done.wait(0.05)
            late.append(time.monotonic() - begun - 0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    assert max(late) < HOST_LATE_S


@pytest.mark.deadline(40)
def test_a_fork_bomb_stays_in_its_node(cgroups: None) -> None:
    del cgroups
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    topology = sandbox.Topology.parse([PAIR[1:]])
    with sandbox.Lab(topology, contain=True, limits={"a": Limits(pids=50)}) as lab:
        waiting = lab["a"].popen(["sleep", "99"])
        # Not before this is known is anything let loose, and then 200 times at most.
        assert limit_of(waiting.pid, "pids", "pids.max") == 50
        with the_host_is_in_time():
            bomb = lab["a"].popen([PYTHON, "-I", "-S", "-c", BOMB], **options)
            assert bomb.stdout
            assert 0 < int(bomb.stdout.readline()) < 50
            pings = lab["b"].run(["ping", "-q", "-c", "50", "-i", "0.02", "a"], capture_output=True, text=True)
        assert "50 packets transmitted, 50 received, 0% packet loss" in pings.stdout
        bomb.communicate("", timeout=10)
        assert bomb.limits_reached == ("process limit 50 reached in a",)
        waiting.kill()


# Takes 4 MiB after the other, touching each page, 256 MiB at most; then files in memory, as many.
HOG = "taken = []\nfor _ in range(64): taken.append(bytearray(b'x') * (4 << 20))\nprint('took all')"
FILES = """
with open('/dev/shm/hog', 'wb') as file:
    for _ in range(64): file.write(b'x' * (4 << 20))
print('took all')
"""


@pytest.mark.deadline(40)
@pytest.mark.parametrize("hog", [HOG, FILES], ids=["memory", "files in memory"])
def test_a_hog_is_killed_and_the_other_node_goes_on(cli: Cli, cgroups: None, hog: str) -> None:
    del cgroups
    before = ("run", "--contain", "--tmp-size", "512M", "--memory", "a:64M", *PAIR)
    command = (PYTHON, "-I", "-S", "-c", hog, ":::", "ping", "-q", "-c", "50", "-i", "0.02", "a")
    with the_host_is_in_time():
        done = cli(*before, "--", *command)
    assert done.returncode == 137
    assert "50 packets transmitted, 50 received, 0% packet loss" in done.stdout
    assert "took all" not in done.stdout
    assert done.stderr == "sandbox: memory limit 64M reached in a\nsandbox: a exited with 137\n"


FILL = """
import errno, os, sys
place = sys.argv[1]
try:
    with open(f"{place}/filler", "wb", 0) as file:
        for size in range(64):
            file.write(bytes(1 << 20))
except OSError as error:
    print(errno.errorcode[error.errno], size, flush=True)
try:
    for number in range(100_000):
        os.close(os.open(f"{place}/{number}", os.O_CREAT))
except OSError as error:
    print(errno.errorcode[error.errno], number, flush=True)
"""


@pytest.mark.parametrize("place", ["/tmp", "/run", "/dev/shm", "/home", "/new"])
def test_a_disk_filler_stops_at_the_size_of_its_tmpfs(cli: Cli, place: str) -> None:
    options = ("--tmp-size", "8M", "--tmpfs", "/tmp/new:8M")
    place = "/tmp/new" if place == "/new" else place
    if place in ("/run", "/home") and os.getuid() != 0:
        place = os.environ["HOME"]
    done = cli("run", "--contain", *options, "--", PYTHON, "-I", "-S", "-c", FILL, place)
    (full, size), (no_more, files) = (line.split() for line in done.stdout.splitlines())
    assert (full, no_more) == ("ENOSPC", "ENOSPC"), done
    assert int(size) <= 8
    assert int(files) <= 2 * 8 * MIB // 4096


def test_a_system_that_is_never_changed_holds_no_more_than_that_either(cli: Cli, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "var").mkdir()
    system = ("--rootfs", str(root), "--ro-bind", "/usr", "--tmp-size", "8M")
    if not PYTHON.startswith("/usr/"):
        pytest.skip("there is no /usr/bin/python3")
    done = cli("run", "--contain", *system, "--", PYTHON, "-I", "-S", "-c", FILL, "/var")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ENOSPC", "ENOSPC"], done
    assert list((root / "var").iterdir()) == []


@pytest.mark.parametrize("nodes", [(), PAIR], ids=["alone", "two"])
def test_a_flood_of_output_takes_no_memory_of_ours(cli: Cli, nodes: tuple[str, ...]) -> None:
    # With two, every byte goes through our hands.
    words = ("run", "--contain", *nodes, "--", "sh", "-c", "head -c 100000000 /dev/zero; yes | head -c 100000000")
    # From a small process: of what was forked from this one the kernel counts what this one has.
    done = cli(*words, before=(sys.executable, "-I", "-S", "-c", MEASURE), timeout=60)
    status, most_kib = map(int, done.stdout.split())
    assert status == 0, done.stderr
    assert most_kib < 64 << 10
