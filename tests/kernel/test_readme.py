"""Every command and every program of the README runs as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONSOLE = re.findall(r"^\$ (.+)$", README, flags=re.MULTILINE)
PROGRAMS = re.findall(r"^```python\n(.+?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def environment(tmp_path: Path) -> dict[str, str]:
    """One in which `sandbox` is the tree under test."""
    script = tmp_path / "sandbox"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m sandbox "$@"\n')
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def test_the_readme_has_commands_and_programs() -> None:
    assert len(CONSOLE) >= 7
    assert len(PROGRAMS) == 1


@pytest.mark.parametrize("command", CONSOLE)
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path) -> None:
    # ./sbx is `sandbox` after an installation, which this suite itself came from.
    line = command.replace("./sbx", "sandbox")
    ran = subprocess.run(line, shell=True, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_readme_runs(program: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
