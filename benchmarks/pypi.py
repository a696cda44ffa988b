"""What a peer needs of PyPI's: in a venv of the benchmarks' own, beside the checkout's other products."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

VENV = Path(__file__).parent.parent / "build" / "peers-venv"
PYTHON = str(VENV / "bin" / "python")
# What it starts is looked for in the venv first, as where that is activated.
ACTIVATED = ("env", f"PATH={VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}")


@dataclass(frozen=True)
class PyPI:
    """A package of PyPI that is imported by its own name."""

    package: str

    def why_missing(self, *, install: bool) -> str:
        """Why it is not here, or nothing where it is, if need be by now."""
        if self.version():
            return ""
        return self._install() if install else "a bench that is not quick installs it"

    def version(self) -> str:
        """The package and its version; nothing where it is not here."""
        asked = f"from importlib.metadata import version; print({self.package!r}, version({self.package!r}))"
        if not VENV.exists():
            return ""
        return subprocess.run([PYTHON, "-I", "-c", asked], capture_output=True, text=True).stdout.strip()

    def _install(self) -> str:
        print(f"benchmarks: installing {self.package} in {VENV} (pip)", file=sys.stderr)
        for words in ([sys.executable, "-I", "-m", "venv", str(VENV)], [PYTHON, *_pip(self.package)]):
            done = subprocess.run(words, capture_output=True, text=True)
            if done.returncode:
                return f"pip: {done.stderr.strip().rpartition(chr(10))[2]}"
        return ""


def _pip(package: str) -> list[str]:
    return ["-I", "-m", "pip", "install", "--disable-pip-version-check", package]
