"""Mininet, from Debian: installed when it is missing, kept in namespaces of its own."""

from __future__ import annotations

import os
import shutil
import subprocess

PACKAGES = ("mininet", "bridge-utils")
COMMANDS = ("mnexec", "brctl", "unshare")
# Links and bridges that it would make on the host are in a network that goes with it, and so are its shells,
# whatever happens to this program.
APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
PYTHON = "/usr/bin/python3"  # whose modules are Debian's
SCRIPT = os.path.join(os.path.dirname(__file__), "mininet_lab.py")
WIRE = os.path.join(os.path.dirname(__file__), "mininet_wire.py")


def command(shape: str, n: int) -> tuple[str, ...]:
    """The program that builds and stops this lab each time it is asked to."""
    return (*APART, PYTHON, "-I", SCRIPT, shape, str(n))


def why_missing() -> str:
    """Why there is no Mininet here, or nothing when there is one, if need be by now."""
    if is_here():
        return ""
    install = ["apt-get", "-o", "DPkg::Lock::Timeout=120", "install", "-y", "--no-install-recommends", *PACKAGES]
    try:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(install, env=quiet, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return f"no Mininet - try: apt-get update && apt-get install {' '.join(PACKAGES)}"
    return "" if is_here() else "the installed Mininet does not start"


def is_here() -> bool:
    """Whether there is a Mininet that starts."""
    if not all(map(shutil.which, COMMANDS)):
        return False
    return subprocess.run([PYTHON, "-I", "-c", "import mininet.net"], capture_output=True).returncode == 0
