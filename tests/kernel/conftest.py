"""Real namespaces, real packets, real programs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import sandbox
from reliability.census import wait_for
from reliability.launch import PAIR, Marked

__all__ = ["PAIR", "Cli"]  # others take them from here


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "deadline(seconds): how long the test may take")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.kernel)


class Cli(Marked):
    """`sandbox` as a user starts it: a program of its own. What it starts carries this object's mark."""

    command = (sys.executable, "-m", "sandbox")

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._stack = ExitStack()

    def __call__(self, *words: str, before: tuple[str, ...] = (), timeout: float = 30, **options: Any) -> Any:
        """The CompletedProcess of `sandbox *words`; with `before`, a program that executes it."""
        options = {"capture_output": True, "text": True, "errors": "surrogateescape", **options}
        options = {"cwd": self._directory, "env": self.environment, "stdin": subprocess.DEVNULL, **options}
        if options["capture_output"] and ("stdout" in options or "stderr" in options):
            del options["capture_output"]
            options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        if "input" in options:
            del options["stdin"]
        return subprocess.run([*before, *self.command, *words], timeout=timeout, **options)

    def start(self, *words: str, before: tuple[str, ...] = (), **options: Any) -> subprocess.Popen[Any]:
        """`sandbox *words` running; it is killed at the end of the test."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        options = {"cwd": self._directory, "env": self.environment, "text": True, **options}
        process = subprocess.Popen([*before, *self.command, *words], **options)
        self._stack.callback(_finish, process)
        return process

    def close(self) -> None:
        """Kill the launchers that still run, and only these: what they had started must end by itself."""
        self._stack.close()


def _finish(process: subprocess.Popen[Any]) -> None:
    process.kill()
    process.wait(10)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


@pytest.fixture(autouse=True)
def deadline(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test waits for ever: `@pytest.mark.deadline(seconds)` where half a minute is not enough."""
    marker = request.node.get_closest_marker("deadline")
    seconds = marker.args[0] if marker else 30

    def give_up(*_: object) -> None:
        pytest.fail(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # again and again, lest one is lost in a callback
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """`sandbox` on the command line, in an empty directory; nothing of it may outlive the test."""
    cli = Cli(tmp_path)
    try:
        yield cli
        cli.close()
        cli.await_nothing_left()
    finally:
        cli.close()
        cli.kill()


@pytest.fixture
def clis(tmp_path: Path) -> Iterator[Callable[[], Cli]]:
    """One mark for each launch, so that launches side by side can be told apart."""
    made: list[Cli] = []

    def make() -> Cli:
        made.append(Cli(tmp_path))
        return made[-1]

    yield make
    for cli in made:
        cli.close()
        cli.kill()


@pytest.fixture
def terminal(cli: Cli) -> Iterator[Any]:
    """What opens terminals: see reliability.terminals."""
    from reliability.terminals import Terminals

    terminals = Terminals(cli.environment)
    yield terminals
    terminals.close()


@pytest.fixture
def pair() -> Iterator[tuple[sandbox.Node, sandbox.Node]]:
    """Two nodes joined by a veth pair: 192.168.1.1 and 192.168.1.2."""
    with sandbox.pair("a:192.168.1.1", "b:192.168.1.2") as nodes:
        yield nodes


@pytest.fixture
def node() -> Iterator[sandbox.Node]:
    """One node with nothing but loopback."""
    with sandbox.Lab(sandbox.Topology.alone()) as lab:
        yield lab.nodes[0]


@pytest.fixture
def links_of_the_host() -> Iterator[None]:
    """Fails when the host hears of any link while the test runs."""
    with subprocess.Popen(["ip", "monitor", "link"], stdout=subprocess.PIPE, text=True) as monitor:
        try:
            # It listens once its netlink socket is bound.
            wait_for(lambda: _is_bound(monitor.pid), within=5, what="ip monitor listens")
            yield
        finally:
            monitor.terminate()
            heard = monitor.communicate(timeout=5)[0]
    assert heard == ""


def _is_bound(pid: int) -> bool:
    bound = Path("/proc/net/netlink").read_text().splitlines()[1:]
    return any(int(line.split()[2]) == pid and int(line.split()[3], 16) for line in bound)


def one_error_line(stderr: str) -> str:
    """The one line of stderr; fails when there is more, or it is not an error as we write them."""
    assert stderr.startswith("sandbox: error: "), stderr
    assert stderr.count("\n") == 1, stderr
    return stderr


@pytest.fixture
def strace() -> str:
    """The strace program."""
    return shutil.which("strace") or pytest.skip("strace is not installed")
