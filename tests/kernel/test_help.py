"""Each example of the help, run as it stands there, next to an example of a lab file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..test_help import EXAMPLES, OF_A_LAB, PARSERS, examples
from .conftest import Cli

ROOT = Path(__file__).parents[2]
LAB_X = ("--name", "x", "--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b")
LINES = [line for command in (*PARSERS, "exec", "learn") for line in examples(command)]
# What is behind a pipe is the business of others, and some of it root's.
LINES = list(dict.fromkeys(line.partition(" |")[0] for line in LINES if not re.search(r"sandbox (up|down)\b", line)))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A directory with a lab file, something to make, and `sandbox` on PATH; labs of its own."""
    program = tmp_path / "sandbox"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sandbox "$@"\n')
    program.chmod(0o755)
    (tmp_path / "Makefile").write_text("test:\n\t@echo tested\n")
    shutil.copy(EXAMPLES / "lab.toml", tmp_path)
    (tmp_path / "run").mkdir(mode=0o700)
    return {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
    }


@pytest.mark.deadline(60)
@pytest.mark.parametrize("line", LINES)
def test_an_example_of_the_help_runs(cli: Cli, environment: dict[str, str], line: str) -> None:
    for program in ("make", "curl"):
        if f" {program} " in line and not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    environment |= {name: cli.environment[name] for name in cli.environment.keys() - environment.keys()}
    options = {"cwd": environment["PATH"].partition(":")[0], "env": environment, "capture_output": True, "text": True}
    needs_a_lab = OF_A_LAB.search(line) or " x/" in line
    if needs_a_lab:
        assert cli("up", "-d", *LAB_X, env=environment).returncode == 0
    try:
        done = subprocess.run(line, shell=True, stdin=subprocess.DEVNULL, timeout=50, **options)  # type: ignore[call-overload]
    finally:
        if needs_a_lab:
            cli("down", "x", env=environment)
    assert done.returncode == 0, done.stderr
    assert not done.stderr.startswith("sandbox: error")
