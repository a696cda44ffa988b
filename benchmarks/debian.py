"""What a peer needs of Debian's: asked for when it is missing, and nothing that it brings is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

POLICY, PRESET = Path("/usr/sbin/policy-rc.d"), Path("/run/systemd/system-preset/00-benchmarks.preset")
APT_GET = ("apt-get", "-y", "-o", "DPkg::Lock::Timeout=120", "install", "--no-install-recommends")


@dataclass(frozen=True)
class Debian:
    """Commands, each with the package that has it."""

    packages: Mapping[str, str]

    def why_missing(self, *, install: bool) -> str:
        """Why a command is not here, or nothing where all are, if need be by now."""
        if not (missing := self._missing()):
            return ""
        if install:
            _install(missing)
            missing = self._missing()
        return f"try: apt-get update && apt-get install {' '.join(missing)}" if missing else ""

    def version(self) -> str:
        """That of the first package."""
        package = next(iter(self.packages.values()))
        words = ["dpkg-query", "--show", "--showformat", "${Version}", package]
        return f"{package} {subprocess.run(words, capture_output=True, text=True).stdout}".strip()

    def _missing(self) -> list[str]:
        return [package for command, package in self.packages.items() if not shutil.which(command)]


def _install(packages: list[str]) -> None:
    print(f"benchmarks: installing {' '.join(packages)} (apt-get), starting no service", file=sys.stderr)
    words = [*APT_GET, *packages]
    with _no_service_starts() as environment:
        for command in (words, ["apt-get", "update"], words):  # the lists of a minimal image are absent or stale
            try:
                done = subprocess.run(command, env=environment, capture_output=True)
            except OSError:
                return  # no Debian
            if command is words and done.returncode == 0:
                return


@contextmanager
def _no_service_starts() -> Iterator[Mapping[str, str]]:
    """The environment in which packages are installed and start nothing; see `start_no_service` in sbx."""
    with ExitStack() as stack:
        if Path("/run/systemd/system").is_dir():
            stack.enter_context(_made(PRESET, "disable *\n", 0o644))
        if not POLICY.exists():
            stack.enter_context(_made(POLICY, '#!/bin/sh\n[ -z "$INSTALLED_BY_SBX" ] || exit 101\n', 0o755))
        yield {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "INSTALLED_BY_SBX": "yes"}


@contextmanager
def _made(path: Path, content: str, mode: int) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
