"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime

import sandbox


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


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"
