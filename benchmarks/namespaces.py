"""How many network namespaces the machine has."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path


def network_namespaces() -> int:
    """How many there are, as the kernel counts them, or as far as this user can see.

    The kernel gives the memory of those that are gone back only with the next that goes (net_complete_free in
    net/core/net_namespace.c, since Linux 6.14): so one goes first, where that is allowed.
    """
    try:
        if os.getuid() == 0:
            subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL)
        slabs = Path("/proc/slabinfo").read_text().splitlines()
        return next(int(line.split()[1]) for line in slabs if line.startswith("net_namespace "))
    except (PermissionError, FileNotFoundError, StopIteration):
        return len(Counter(_namespaces_of_processes()))


def _namespaces_of_processes() -> Iterator[str]:
    for entry in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            yield str(entry.readlink())
        except OSError:
            continue  # another's, or gone
