"""How the probes are carried out: each under a launcher, with the bait outside."""

from __future__ import annotations

import ast
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .bait import LOGIN

HERE = Path(__file__).parent
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
    login = [sys.executable, "-I", "-S", "-c", LOGIN, bait["key"], bait["directory"]]
    terminal, end = os.openpty()
    try:
        done = subprocess.run(
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
    said = done.stdout.strip()
    return said if said.startswith(("ESCAPED", "REFUSED")) else f"FAILED ({done.returncode}: {said}{done.stderr})"


def is_there(launcher: Sequence[str]) -> bool:
    """Whether this machine has it."""
    return not launcher or shutil.which(launcher[0]) is not None


def _source(name: str) -> str:
    return (HERE / f"{name}.py").read_text(encoding="utf-8")
