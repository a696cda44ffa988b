"""Each example, run as its reader would, from another directory."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox

EXAMPLES = Path(__file__).parents[2] / "examples"
FEWER_LINES_THAN = 30


def run(name: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run an example with this interpreter's `sandbox` first in PATH."""
    program = directory / "sandbox"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sandbox "$@"\n')
    program.chmod(0o755)
    interpreter = sys.executable if name.endswith(".py") else "sh"
    return subprocess.run(
        [interpreter, EXAMPLES / name],
        cwd=directory,
        env={**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )


def output(name: str, directory: Path) -> str:
    """What an example prints; it must succeed, and complain of nothing."""
    ran = run(name, directory)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    return ran.stdout


def answers(text: str) -> list[str]:
    """The addresses that answered a ping, in order, without loss."""
    assert "100% packet loss" not in text
    return re.findall(r"bytes from (?:\S+ \()?([0-9.]+)", text)


def test_alone(tmp_path: Path) -> None:
    lines = output("alone.py", tmp_path).splitlines()
    assert lines[0].split()[:3] == ["lo", "UNKNOWN", "127.0.0.1/8"]
    assert lines[1:] == ["routes: none", "servers: none"]


def test_pair(tmp_path: Path) -> None:
    assert answers(output("pair.py", tmp_path)) == ["192.168.1.2", "192.168.1.1"]


def test_pair_by_shell(tmp_path: Path) -> None:
    lines = output("pair.sh", tmp_path).splitlines()
    assert {line[:4] for line in lines} == {"a | ", "b | "}
    assert answers("\n".join(line for line in lines if line.startswith("a | "))) == ["192.168.1.2"]
    assert answers("\n".join(line for line in lines if line.startswith("b | "))) == ["192.168.1.1"]


@pytest.fixture
def port_80_of_the_host() -> Iterator[socket.socket | None]:
    """A server on the host's port 80; None where that is taken already, or not ours to take."""
    with socket.socket() as server:
        try:
            server.bind(("", 80))
        except OSError:
            yield None
        else:
            server.listen()
            server.setblocking(False)
            yield server


def test_names(tmp_path: Path, port_80_of_the_host: socket.socket | None) -> None:
    assert output("names.py", tmp_path).splitlines() == ["server:80 is server", "client:80 is client"]
    if port_80_of_the_host:
        with pytest.raises(BlockingIOError):  # nobody came
            port_80_of_the_host.accept()


def test_chain(tmp_path: Path) -> None:
    lines = output("chain.py", tmp_path).splitlines()
    assert [line.split()[0].partition("@")[0] for line in lines[:3]] == ["lo", "eth0", "eth1"]
    assert [line.split()[2] for line in lines[1:3]] == ["10.0.1.2/24", "10.0.2.1/24"]
    assert answers("\n".join(lines)) == ["10.0.1.1", "10.0.2.2"]


def test_chain_by_shell(tmp_path: Path) -> None:
    ran = run("chain.sh", tmp_path)
    assert ran.returncode == 0, ran
    assert {line[:4] for line in ran.stdout.splitlines()} == {"b | "}
    assert answers(ran.stdout) == ["10.0.1.1", "10.0.2.2"]


def test_switch_by_shell(tmp_path: Path) -> None:
    ran = run("switch.sh", tmp_path)
    assert ran.returncode == 0, ran
    assert [line for line in ran.stdout.splitlines() if line.startswith("me ")] == [
        "me   | red says 200",
        "me   | blue says 200",
    ]
    # The servers tell who asked: the node that was given the third address.
    assert [line.split()[2] for line in ran.stderr.splitlines() if "GET /" in line] == ["10.0.0.3"] * 2


def test_router(tmp_path: Path) -> None:
    ran = run("router.py", tmp_path)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    lines = ran.stdout.splitlines()
    assert lines[0].split() == ["default", "via", "10.0.1.254", "dev", "eth0"]
    assert "From r (10.0.1.254) icmp_seq=1 Time to live exceeded" in lines
    assert re.findall(r"bytes from b \((\S+)\): icmp_seq=1 ttl=(\d+)", ran.stdout) == [("10.0.2.1", "63")]


def test_offline(tmp_path: Path) -> None:
    # The connection would wait for a minute if packets merely vanished; run() does not.
    assert output("offline.py", tmp_path) == "no way out: Network is unreachable\n"


def test_lab(tmp_path: Path) -> None:
    ran = run("lab.sh", tmp_path)
    assert ran.returncode == 0, ran
    assert "second | http://www/ answers" in ran.stdout.splitlines()
    assert sandbox.Topology.load(str(EXAMPLES / "lab.toml")).aliases == (("www", "web"),)


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_example_is_short_says_what_it_teaches_and_is_run_here(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < FEWER_LINES_THAN
    assert text.startswith({".py": '"""', ".sh": "#!/bin/sh\n# ", ".toml": "# "}[path.suffix])
    assert f'"{path.name}"' in Path(__file__).read_text()
