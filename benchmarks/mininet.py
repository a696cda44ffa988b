"""Mininet, from Debian: installed when it is missing, kept in namespaces of its own."""

from __future__ import annotations

import os
import subprocess

from .apart import FLAGS
from .debian import Debian

NEEDED = Debian({"mnexec": "mininet", "brctl": "bridge-utils"})
# Links and bridges that it would make on the host are in a network that goes with it, and so are its shells,
# whatever happens to this program.
APART = ("unshare", *FLAGS)
PYTHON = "/usr/bin/python3"  # whose modules are Debian's
WIRE = os.path.join(os.path.dirname(__file__), "mininet_wire.py")


def why_missing(*, install: bool) -> str:
    """Why there is no Mininet here, or nothing when there is one, if need be by now."""
    return NEEDED.why_missing(install=install) or ("" if is_here() else "the installed Mininet does not start")


def is_here() -> bool:
    """Whether there is a Mininet that starts."""
    return subprocess.run([PYTHON, "-I", "-c", "import mininet.net"], capture_output=True).returncode == 0
