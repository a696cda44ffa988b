"""Commands that init executes itself are as those for which it forks: what they find, and what keeps them from it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox.command import Command

# What a program finds itself in; not which number it has, nor 32 and 33, which posix_spawn(3) leaves ignored.
FOUND = r"""
import ctypes, json, os, re, resource
status = {key: text.strip() for key, _, text in (line.partition(":") for line in open("/proc/self/status"))}
fields = "Umask Uid Gid Groups SigBlk SigIgn SigPnd CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp".split()
found = {key: status[key] for key in fields}
found["SigIgn"] = int(found["SigIgn"], 16) & ~(3 << 31)
found["fds"] = {
    fd: (re.sub(r"\d+", "N", os.readlink(f"/proc/self/fd/{fd}")), open(f"/proc/self/fdinfo/{fd}").read().split()[3])
    for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")
}
found["mounts"] = [
    (re.sub(r"\d+", "N", line[3]), *line[4:6], *(re.sub(":.*", "", word) for word in line[6:line.index("-")]),
     *line[line.index("-") + 1:])
    for line in map(str.split, open("/proc/self/mountinfo"))
]
prctl = ctypes.CDLL(None).prctl
number = ctypes.c_int()
prctl(2, ctypes.byref(number), 0, 0, 0)
found["prctl"] = [number.value, *(prctl(option, 0, 0, 0, 0) for option in (3, 7, 27, 30))]
found["limits"] = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if "RLIMIT_" in name}
found["session"] = [each == os.getpid() for each in (os.getsid(0), os.getpgid(0))] + [os.getppid()]
found["host"] = [os.uname().nodename, open("/etc/hosts").read(), sorted(os.listdir("/sys/class/net"))]
found["place"] = [os.getcwd(), os.stat("/").st_ino, os.nice(0), open("/proc/self/oom_score_adj").read()]
found["environment"] = dict(os.environ)
print(json.dumps(found))
"""


def both_ways(node: sandbox.Node, argv: list[str], **options: Any) -> list[Any]:
    """What comes of a command that init executes itself, and of one that waits for a word first, in a fork."""
    return [_outcome(node, argv, held=held, **options) for held in (False, True)]


def _outcome(
    node: sandbox.Node,
    argv: list[str],
    *,
    held: bool,
    cwd: str = "/",
    umask: int | None = None,
    env: Mapping[str, str] | None = None,
) -> Any:
    environment = node.environment() if env is None else env
    command = Command(node.name, tuple(argv), environment, cwd=cwd, umask=umask, held=held)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    reading, writing = os.pipe()
    with open(reading) as printed:
        try:
            process = node.lab.start(command, (nowhere, writing, writing))
            process.begin()
        except OSError as error:
            return type(error), error.errno, getattr(error, "__notes__", None)
        except sandbox.SandboxError as error:
            return type(error), str(error)
        finally:
            os.close(writing)
            os.close(nowhere)
        return process.wait(), printed.read()


@pytest.mark.parametrize("umask", [None, 0o077])
def test_a_command_finds_itself_in_the_same(pair: tuple[sandbox.Node, sandbox.Node], umask: int | None) -> None:
    executed, forked = both_ways(pair[0], [sys.executable, "-c", FOUND], cwd="/etc", umask=umask)
    assert (executed[0], forked[0]) == (0, 0)
    assert json.loads(executed[1]) == json.loads(forked[1])


FILES = {
    "good": (0o755, "#!/bin/sh\nexit 3\n"),
    "unreadable": (0o711, "#!/bin/sh\nexit 3\n"),
    "not-executable": (0o644, "#!/bin/sh\n"),
    "no-interpreter": (0o755, "#!/nope/sh\n"),
    "directory-for-interpreter": (0o755, "#!/etc\n"),
    "from-windows": (0o755, "#!/bin/sh\r\n"),
    "text": (0o755, "text\n"),
    "empty": (0o755, ""),
    "broken": (0o755, "\x7fELF"),
}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory with programs, and with what is none."""
    for name, (mode, text) in FILES.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo", 0o755)
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


NO_PROGRAMS = (
    "nope",
    "/nope/x",
    "directory",
    "fifo",
    "loop",
    "good/x",
    "x" * 300,
    "y/" * 3000,
    "/dev/null",
    "/dev/stdin",
)


@pytest.mark.parametrize("name", [*FILES, *NO_PROGRAMS])
def test_what_cannot_be_executed_is_told_in_the_same_way(node: sandbox.Node, programs: Path, name: str) -> None:
    for word in (name, f"./{name}"):
        executed, forked = both_ways(node, [word], cwd=str(programs), env={"PATH": f"/nope:{programs}:/bin"})
        assert executed == forked


@pytest.mark.parametrize("words", [1, 40_000])
def test_arguments_that_are_too_long_are_told_in_the_same_way(node: sandbox.Node, words: int) -> None:
    executed, forked = both_ways(node, ["true", *["x" * (4_000_000 // words)] * words])
    assert executed == forked
    assert executed[0] is sandbox.StepFailed


@pytest.mark.parametrize("cwd", ["/", "/nope", "/etc/passwd", "/sys/class/net", "/proc", "loop", "x" * 300])
def test_a_directory_is_there_or_not_in_the_same_way(node: sandbox.Node, programs: Path, cwd: str) -> None:
    executed, forked = both_ways(node, ["pwd"], cwd=str(programs / cwd))
    assert executed == forked


@pytest.mark.parametrize("path", [None, "", ":", ".", "/nope", "directory:.", "/bin"])
@pytest.mark.parametrize("name", ["true", "good", "not-executable", "directory"])
def test_a_path_is_searched_in_the_same_way(node: sandbox.Node, programs: Path, path: str | None, name: str) -> None:
    environment = {} if path is None else {"PATH": path}
    executed, forked = both_ways(node, [name], cwd=str(programs), env=environment)
    assert executed == forked


def test_the_directory_of_a_process_is_its_own_and_not_that_of_init(node: sandbox.Node) -> None:
    for outcome in both_ways(node, ["sh", "-c", "pwd -P; echo /proc/$$"], cwd="/proc/self"):
        found, own = outcome[1].split()
        assert found == own
