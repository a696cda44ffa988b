"""Every command and every program of the documents runs as it stands there, and prints what it is shown to print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
COMMAND = re.compile(r"(?:.*\\\n)*.*\n")  # a line, and the next after a backslash
DURATION = re.compile(r"[\d./]+ ?ms\b")


def blocks(document: Path, language: str) -> list[str]:
    """What stands between ```language and ```."""
    return re.findall(rf"^```{language}\n(.+?)^```$", document.read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(document: Path) -> Iterator[tuple[str, str]]:
    """Each command after a `$`, and what is shown below it."""
    for block in blocks(document, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command = COMMAND.match(part)
            assert command
            yield re.sub(r"\\\n *", "", command[0].strip()), part[command.end() :]


COMMANDS = [(document.name, *each) for document in DOCUMENTS for each in commands(document)]
PROGRAMS = [(document.name, each) for document in DOCUMENTS for each in blocks(document, "python")]


def run(words: str | list[str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a command, or a line of a shell, for which `sandbox` is the tree under test; it must succeed."""
    script = tmp_path / "sandbox"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m sandbox "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words, shell=isinstance(words, str), env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done


def told(output: str) -> list[str]:
    """Its lines, but for what differs from run to run: how long things take, and which node comes first."""
    return sorted(DURATION.sub("N ms", line.rstrip()) for line in output.splitlines())


def test_the_documents_have_commands_and_programs() -> None:
    for name, fewest in (("README.md", 7), ("labs.md", 9)):
        assert len([each for each in COMMANDS if each[0] == name]) >= fewest
        assert len([each for each in PROGRAMS if each[0] == name]) == 1
    assert sum("\n" in output for _, _, output in COMMANDS) >= 7


@pytest.mark.parametrize(("document", "command", "shown"), COMMANDS, ids=[" ".join(each[:2]) for each in COMMANDS])
def test_a_command_of_a_document_runs(document: str, command: str, shown: str, tmp_path: Path) -> None:
    # ./sbx is `sandbox` after an installation, which this suite itself came from.
    done = run(command.replace("./sbx", "sandbox"), tmp_path)
    assert done.stdout
    assert not shown or told(done.stdout) == told(shown), document


@pytest.mark.parametrize(("document", "program"), PROGRAMS, ids=[name for name, _ in PROGRAMS])
def test_a_program_of_a_document_runs(document: str, program: str, tmp_path: Path) -> None:
    assert document
    run([sys.executable, "-c", program], tmp_path)
