"""What one node may learn of another, of the lab's init, and of who is just coming in: nothing. And a real terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

import sandbox

from ..conftest import Cli
from .launchers import PYTHON

# Looks for a text, told backwards so that it finds not itself, in all that it can read.
LOOK = """
import json, os, re, sys
wanted = sys.argv[1][::-1].encode()
own = {os.getpid(), os.getppid() if os.getppid() > 1 else 0}
found, read = [], 0
def look(path, content):
    global read
    read += 1
    if wanted in content:
        found.append(path)
def file(path):
    try:
        with open(path, "rb") as opened:
            look(path, opened.read(1 << 20))
    except OSError:
        pass
def memory(pid):
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
            for line in maps:
                first, last = (int(word, 16) for word in line.split()[0].split("-"))
                if " rw" in line and last - first < 1 << 26:
                    mem.seek(first)
                    look(f"/proc/{pid}/mem", mem.read(last - first))
    except (OSError, ValueError):
        pass
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) in own:
        continue
    for name in ("environ", "cmdline", "comm", "auxv", "status", "stack", "mountinfo", "net/unix", "attr/current"):
        file(f"/proc/{pid}/{name}")
    memory(pid)
    for kind in ("fd", "cwd", "root"):
        try:
            for name in os.listdir(f"/proc/{pid}/{kind}"):
                if kind == "fd" or name != "proc":
                    file(f"/proc/{pid}/{kind}/{name}")
        except OSError:
            pass
for top in ("/tmp", "/run", "/dev/shm", "/dev/mqueue", "/home", os.environ.get("HOME", "/root"), "/var/tmp"):
    for directory, _, names in os.walk(top):
        for name in names:
            if os.path.isfile(os.path.join(directory, name)):
                file(os.path.join(directory, name))
for name in ("net/unix", "keys", "key-users", "sysvipc/shm", "sysvipc/msg", "sysvipc/sem", "mounts"):
    file(f"/proc/{name}")
print(json.dumps([read, sorted(set(found))]))
"""
KEEP = 'echo "$SECRET" >/tmp/secret; echo "$SECRET" >/dev/shm/secret; echo ready; exec sleep 25'


def test_what_is_told_to_one_node_is_not_to_be_found_in_another() -> None:
    secret = uuid.uuid4().hex
    topology = sandbox.Topology.parse([("a:10.9.0.1", "b:10.9.0.2")])
    with sandbox.Lab(topology, contain=True) as lab:
        environment = {**os.environ, "SECRET": secret}
        with lab["a"].popen(["sh", "-c", KEEP], env=environment, stdout=subprocess.PIPE, text=True) as keeper:
            assert keeper.stdout
            assert keeper.stdout.readline() == "ready\n"
            found = {node: look(lab[node], secret) for node in ("a", "b")}
            keeper.kill()
    assert {"/tmp/secret", "/dev/shm/secret"} <= set(found["a"])  # it would be seen
    assert found["b"] == []


def test_nobody_but_a_nodes_own_is_seen() -> None:
    topology = sandbox.Topology.parse([("a:10.9.0.1", "b:10.9.0.2")])
    with sandbox.Lab(topology, contain=True) as lab, lab["a"].popen(["sleep", "25"]) as other:
        script = "cd /proc; for p in [0-9]*; do echo $p $(tr '\\0' ' ' <$p/cmdline); done"
        said = lab["b"].run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
        other.kill()
    # Its init, which shows nothing of itself, the shell, and the shell's own children.
    assert said[0].startswith("1")
    assert [line.split()[1] for line in said if len(line.split()) > 1 and line.split()[1] not in ("sh", "tr")] == []


def test_the_words_of_the_launcher_are_not_shown(cli: Cli) -> None:
    words = ("--pair", "a:10.9.0.1", "b:10.9.0.2", "-e", "TOLD=secret", "--raw", "--", "echo", "secret", ":::")
    done = cli("run", "--contain", *words, "sh", "-c", "cat /proc/1/cmdline /proc/1/comm")
    assert "secret\n" in done.stdout
    assert done.stdout.replace("secret\n", "").strip("\0\n") in (
        "python",
        "python3",
        "sandbox",
        Path(sys.executable).name,
    )


def look(node: sandbox.Node, secret: str) -> list[str]:
    """Where a command in `node` finds it."""
    words = [PYTHON, "-I", "-S", "-c", LOOK, secret[::-1]]
    done = node.run(words, capture_output=True, text=True, check=True, timeout=20)
    read, found = json.loads(done.stdout)
    assert read > 10
    return list(found)


# Watches for a process that is on its way from the lab's init to a command, and looks into it.
WATCH = """
import os, select, sys
print("watching", flush=True)
seen, opened = set(), set()
def opens(path):
    try:
        os.close(os.open(path, os.O_RDONLY))
        return True
    except OSError:
        return False
def lists(path):
    # In the middle of execve(2) the numbers of descriptors can be listed, but not where they lead.
    try:
        return any(os.readlink(f"{path}/{name}") for name in os.listdir(path)) if "fd" in path else os.listdir(path)
    except OSError:
        return False
def is_coming(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().startswith(("python", "sandbox"))
    except OSError:
        return False
own = str(os.getpid())
while not select.select([0], [], [], 0)[0]:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if pid in ("1", own) or not is_coming(pid):
            continue
        seen.add(pid)
        for name in ("mem", "environ", "maps", "auxv"):
            if opens(f"/proc/{pid}/{name}") and is_coming(pid):
                opened.add(name)
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                if file.read().strip(chr(0)) and is_coming(pid):
                    opened.add("cmdline")
        except OSError:
            pass
        for name in ("fd", "root", "cwd", "map_files"):
            if lists(f"/proc/{pid}/{name}") and is_coming(pid):
                opened.add(name)
print(len(seen), *sorted(opened))
"""


def test_nobody_inside_looks_into_who_is_coming_in() -> None:
    with sandbox.Lab(sandbox.Topology.alone(), contain=True) as lab:
        node = lab.nodes[0]
        words = [PYTHON, "-I", "-S", "-c", WATCH]
        with node.popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
            assert watcher.stdout
            assert watcher.stdout.readline() == "watching\n"
            for _ in range(60):
                node.run(["true"], check=True)
            seen, *opened = watcher.communicate(timeout=10)[0].split()
    assert int(seen) > 0  # it came in time for some
    assert opened == []


TYPE = r"""
import fcntl
refused = 0
for key in "echo PW''NED\n":
    try:
        fcntl.ioctl(0, 0x5412, key.encode())
    except OSError:
        refused += 1
print("refused", refused, flush=True)
"""


@pytest.mark.parametrize("contain", [True, False])
def test_nothing_is_typed_into_a_terminal(terminal: Any, tmp_path: Path, contain: bool) -> None:
    if not contain and (os.getuid() != 0 or not Path("/proc/sys/dev/tty/legacy_tiocsti").exists()):
        pytest.skip("who may type is the kernel's affair: dev.tty.legacy_tiocsti")
    script = tmp_path / "type.py"
    script.write_text(TYPE)
    shell = terminal.shell()
    launch = f"{' '.join(Cli.command)} run --contain --ro-bind {script}:/tmp/type.py -- " if contain else ""
    shell.sendline(f"{launch}{PYTHON} -I {'/tmp/type.py' if contain else script}; echo sta''tus $?")
    shell.expect("refused (\\d+)")
    assert (int(shell.match.group(1)) > 0) is contain
    shell.expect("status 0")
    shell.sendline("echo o''ver")
    shell.expect("over")
    assert ("PWNED" in shell.before) is not contain
