"""Where programs run that give names to what they make: in namespaces that go, with all names, when they end."""

from __future__ import annotations

import os
import sys

FLAGS = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
CHECKOUT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PEERS = os.path.join(CHECKOUT, "benchmarks", "peers")
PYTHON = os.path.realpath(sys.executable)


def script(name: str) -> str:
    """The path of a peer's program."""
    return os.path.join(PEERS, name)


def apart(*program: str) -> tuple[str, ...]:
    """The words that run a program there, from the checkout."""
    return ("unshare", *FLAGS, "sh", script("apart.sh"), CHECKOUT, *program)


def again(*program: str) -> tuple[str, ...]:
    """The words that run a program anew for each line of their input, and answer how long it took."""
    return (PYTHON, "-I", "-S", script("run_again.py"), *program)
