"""The versions of Python that this project is proved with, as far as this machine has them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from glob import escape, glob

VERSIONS = ("3.11", "3.13")
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
# The real file: a pyenv shim would choose its version anew at each start.
REAL = "import os, sys, ensurepip; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"


def others() -> tuple[str, ...]:
    """Those that are not this one."""
    return tuple(version for version in VERSIONS if version != OWN)


def find(version: str) -> str | None:
    """The path of an interpreter of this version that makes virtual environments; None where there is none."""
    for candidate in _candidates(version):
        try:
            done = subprocess.run([candidate, "-I", "-c", REAL], capture_output=True, text=True, cwd="/", timeout=20)
        except OSError:
            continue
        found, _, path = done.stdout.strip().partition(" ")
        if found == version:
            return path
    return None


def _candidates(version: str) -> Iterator[str]:
    name = f"python{version}"
    yield from filter(None, (os.environ.get("SBX_PYTHON"), name))
    yield from (f"{directory}/{name}" for directory in ("/usr/bin", "/usr/local/bin"))
    # Unlike Path.home() and Path.glob() these do without a home, and pass over what may not be read.
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    yield from sorted(glob(f"{escape(pyenv)}/versions/{version}*/bin/{name}"), reverse=True)
