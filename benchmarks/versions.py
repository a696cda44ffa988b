"""The versions of what is compared, as far as it is here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping

from .peer import MUNET, NEST

# Each by the command that tells its version, the first number with a dot in what it prints.
COMPARED = {
    "gcc": ("gcc", "-dumpfullversion"),
    "bubblewrap": ("bwrap", "--version"),
    "crun": ("crun", "--version"),
    "runc": ("runc", "--version"),
    "podman": ("podman", "--version"),
    "Mininet": ("mn", "--version"),
    "iperf3": ("iperf3", "--version"),
    "nftables": ("nft", "--version"),
}
VERSION = re.compile(r"\d+(?:\.\d+)+\S*")


def compared() -> Mapping[str, str]:
    """The versions of what is here of others' programs."""
    return dict(_versions())


def _versions() -> Iterator[tuple[str, str]]:
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    for name, (program, option) in COMPARED.items():
        if tool := shutil.which(program, path=path):
            done = subprocess.run([tool, option], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if found := VERSION.search(done.stdout + done.stderr):
                yield name, found[0]
    for package in (MUNET, NEST):
        name, _, version = package.version().partition(" ")
        if version:
            yield name, version
