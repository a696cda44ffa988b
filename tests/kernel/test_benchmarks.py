"""What ours is measured against does what it claims: C makes init's system calls, a peer's pair has a link."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import floor
from benchmarks.apart import PYTHON
from benchmarks.peer import PAIRS, Peer
from reliability.census import MARK, Census, wait_for

NODES = 80  # more than have their settings written through one instance of proc
CALLS = ("unshare", "socket", "setsockopt", "sendto", "recvfrom", "fsopen", "fsmount")
BUILD = f"""
import os, sys
from benchmarks.shapes import SHAPES
from sandbox.init.apply import Builder
from sandbox.plan import plan
Builder().apply(plan(SHAPES[sys.argv[1]]({NODES})))
os._exit(0)
"""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="benchmarks need root"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed"),
]


def calls(tmp_path: Path, strace: str, *argv: str) -> Counter[str]:
    """How often a program makes each of CALLS."""
    trace = tmp_path / "trace"
    words = [strace, "-f", "-qq", "-e", f"trace={','.join(CALLS)}", "-o", str(trace), *argv]
    subprocess.run(words, input=b"build\n", stdout=subprocess.DEVNULL, check=True)
    lines = (line.split(maxsplit=1)[1] for line in trace.read_text().splitlines() if "resumed>" not in line)
    return Counter(name for line in lines if (name := line.partition("(")[0]) in CALLS)


@pytest.mark.parametrize("shape", ["pairs", "switch", "chain"])
def test_labs_in_c_makes_the_system_calls_of_init(shape: str, tmp_path: Path, strace: str) -> None:
    with floor.compiled("labs") as program:
        theirs = calls(tmp_path, strace, program, shape, str(NODES))
    ours = calls(tmp_path, strace, sys.executable, "-c", BUILD, shape)
    assert ours == theirs
    assert ours["unshare"] >= NODES


# Whoever is refused was answered. Others than us do not wait until a link can send: "Network is unreachable", at first.
ASK = """
import contextlib, socket, time
deadline = time.monotonic() + 5
while time.monotonic() < deadline:
    with contextlib.suppress(OSError):
        try:
            socket.create_connection(("192.168.1.2", 9), timeout=5)
        except ConnectionRefusedError:
            print("answered", flush=True)
            raise SystemExit
raise TimeoutError
"""
# Where both run at the same time: the second waits for the first, which may have begun before there was a second.
MEET = """
import contextlib, socket, time
deadline = time.monotonic() + 20
try:
    server = socket.create_server(("192.168.1.2", 9))
except OSError:
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("192.168.1.2", 9), timeout=1)
            print("answered", flush=True)
            raise SystemExit
    raise TimeoutError
server.settimeout(20)
server.accept()
print("answered", flush=True)
"""
AT_ONCE = ("crun", "runc", "podman")  # whose two commands run at the same time
FIELDS = ("links", "mounts", "processes")  # what nobody else on this machine changes meanwhile


def await_nothing_left(before: Census) -> None:
    def is_as_before() -> bool:
        now = Census.take(os.environ[MARK])
        return all(getattr(now, field) <= getattr(before, field) for field in FIELDS)

    wait_for(is_as_before, within=5, what="as it was before")
    assert not [
        path for path in Path("/run/netns").glob("*") if path.name not in {Path(each).name for each in before.files}
    ]


@pytest.fixture(params=PAIRS, ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Peer:
    found: Peer = request.param
    if why := found.needs.why_missing(install=False):
        pytest.skip(f"{found.name}: {why}")
    return found


def test_the_ends_of_a_peers_pair_reach_each_other_and_nothing_is_left(peer: Peer) -> None:
    before = Census.take(os.environ[MARK])
    program = MEET if peer.name in AT_ONCE else ASK
    done = subprocess.run(peer.words(PYTHON, "-I", "-S", "-c", program), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    if peer.name in ("crun", "runc"):  # whose containers' statuses nobody hears
        assert done.stdout.count("answered") == 2
    await_nothing_left(before)


def test_a_peer_that_is_killed_leaves_nothing(peer: Peer) -> None:
    before = Census.take(os.environ[MARK])
    command = ["sleep", f"61.{os.getpid()}"]  # nobody else's, of whom others on this machine may test the same
    with subprocess.Popen(peer.words(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            wait_for(lambda: runs(*command), within=20, what="the command runs")
        finally:
            running.kill()
    await_nothing_left(before)
    assert not runs(*command)


def runs(*command: str) -> bool:
    """Whether a process on this machine does."""
    words = b"".join(f"{word}\0".encode() for word in command)
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes() == words:
                return True
    return False
