"""How the probes are carried out: each under a launcher, with the bait outside."""

from __future__ import annotations

import ast
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .bait import LOGIN

HERE = Path(__file__).parent
Said = dict[str, str]  # by probe
FAMILIES = ("files", "processes", "network", "namespaces", "machine")

# The doors of sandbox/kernel that need no namespace, and nothing else: what they hold by themselves. A user who has no
# capabilities has none to lock.
WALLS = """
import os, sys
from sandbox.kernel import caps, keyring, landlock, seccomp, syscalls
keyring.own_session()
caps.lock() if os.getuid() == 0 else caps.no_new_privileges()
landlock.restrict(["/"], ["/tmp", "/dev"])
seccomp.install(seccomp.program(syscalls.machine()))
os.execvp(sys.argv[1], sys.argv[1:])
"""

# One lab, in which each probe is a command of its own: one container for all of them.
TOGETHER = """
import json, subprocess, sys
import sandbox
python, contain, families, texts, bait = sys.argv[1], sys.argv[2] == "contain", *map(json.loads, sys.argv[3:])
with sandbox.Lab(sandbox.Topology.alone(), contain=contain) as lab:
    for probe, family in families.items():
        words = [python, "-I", "-S", "-c", texts[family], probe, json.dumps(bait)]
        done = lab.nodes[0].run(words, stdin=0, capture_output=True, text=True, timeout=30)
        print(json.dumps([probe, done.returncode, done.stdout, done.stderr]), flush=True)
"""

# Words before a command. The interpreter inside is the system's: a home may not be seen there.
LAUNCHERS: dict[str, Sequence[str]] = {
    "plain": (),
    "sandbox": (sys.executable, "-m", "sandbox", "run", "--"),
    "contain": (sys.executable, "-m", "sandbox", "run", "--contain", "--"),
    "bwrap": (
        *("bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        "--",
    ),
    "nsjail": ("nsjail", "-Mo", "-Q", "--chroot", "/", "--"),
    "walls": (sys.executable, "-c", WALLS),
}
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


@functools.cache
def probes() -> dict[str, str]:
    """The family of each probe by its name."""
    found = {}
    for family in FAMILIES:
        for node in ast.parse(_source(family)).body:
            if isinstance(node, ast.FunctionDef) and [each.arg for each in node.args.args] == ["bait"]:
                found[node.name] = family
    return found


@functools.cache
def text(family: str) -> str:
    """The program that carries out a probe of a family; it imports nothing but the standard library."""
    tree = ast.parse(_source(family))
    own = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.level)]
    return f"{_source('common')}\n{ast.unparse(ast.Module(own[2:], []))}\nmain()\n"


def carry_out(launcher: Sequence[str], probe: str, bait: Mapping[str, Any], *, timeout: float = 30) -> str:
    """What a probe says under a launcher: ESCAPED or REFUSED, and why; else what went wrong."""
    words = [*launcher, PYTHON, "-I", "-S", "-c", text(probes()[probe]), probe, json.dumps(bait)]
    done = _log_in(words, bait, timeout)
    return _said(done.returncode, done.stdout, done.stderr)


def carry_out_together(launcher: str, wanted: Iterable[str], bait: Mapping[str, Any], *, timeout: float = 100) -> Said:
    """What each of these probes says in one lab: "sandbox", or "contain", where it is one container."""
    families = {probe: probes()[probe] for probe in wanted}
    told = (families, {family: text(family) for family in FAMILIES}, bait)
    words = [sys.executable, "-c", TOGETHER, PYTHON, launcher, *map(json.dumps, told)]
    done = _log_in(words, bait, timeout)
    said = dict.fromkeys(families, f"FAILED ({done.returncode}: {done.stderr})")
    for line in done.stdout.splitlines():
        probe, *what = json.loads(line)
        said[probe] = _said(*what)
    return said


def _log_in(words: list[str], bait: Mapping[str, Any], timeout: float) -> subprocess.CompletedProcess[str]:
    """Carry out a command as somebody who has a terminal, a key and open files: see LOGIN."""
    login = [sys.executable, "-I", "-S", "-c", LOGIN, bait["key"], bait["directory"]]
    terminal, end = os.openpty()
    try:
        return subprocess.run(
            [*login, *words],
            stdin=end,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=bait["directory"],
            env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
            start_new_session=True,
        )
    finally:
        os.close(end)
        os.close(terminal)


def _said(returncode: int, stdout: str, stderr: str) -> str:
    said = stdout.strip()
    return said if said.startswith(("ESCAPED", "REFUSED")) else f"FAILED ({returncode}: {said}{stderr})"


def is_there(launcher: Sequence[str]) -> bool:
    """Whether this machine has it."""
    return not launcher or shutil.which(launcher[0]) is not None


def _source(name: str) -> str:
    return (HERE / f"{name}.py").read_text(encoding="utf-8")
