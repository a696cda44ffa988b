"""What the numbers were measured on, and what is compared."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import sandbox

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


def describe() -> Mapping[str, str]:
    """The versions and the processor that the numbers depend on, and whether it was busy."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "sandbox": sandbox.__version__,
        "python": platform.python_version(),
        "kernel": f"{platform.release()} {platform.machine()}",
        "iproute2": subprocess.check_output(["ip", "-V"], text=True).split(", ")[1].strip().removeprefix("iproute2-"),
        "cpu": f"{os.cpu_count()} x {_processor()}, load {os.getloadavg()[0]:.1f} at the start",
    }


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


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"
