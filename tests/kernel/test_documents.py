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


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Each command after a `$`, and what is shown below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command = COMMAND.match(part)
        assert command
        yield re.sub(r"\\\n *", "", command[0].strip()), part[command.end() :]


SESSIONS = [(document.name, list(commands(each))) for document in DOCUMENTS for each in blocks(document, "console")]
PROGRAMS = [(document.name, each) for document in DOCUMENTS for each in blocks(document, "python")]


def run(words: str | list[str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a command, or a line of a shell, for which `sandbox` is the tree under test; it must succeed."""
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    script = programs / "sandbox"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m sandbox "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environment["XDG_RUNTIME_DIR"] = str(tmp_path)
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
        assert sum(len(session) for document, session in SESSIONS if document == name) >= fewest
        assert len([each for each in PROGRAMS if each[0] == name]) == 1
    assert sum("\n" in shown for _, session in SESSIONS for _, shown in session) >= 7


@pytest.mark.deadline(60)
@pytest.mark.parametrize(
    ("document", "session"), SESSIONS, ids=[f"{name} {session[0][0]}" for name, session in SESSIONS]
)
def test_the_commands_of_a_document_run(document: str, session: list[tuple[str, str]], tmp_path: Path) -> None:
    for command, shown in session:
        # ./sbx is `sandbox` after an installation, which this suite itself came from.
        done = run(command.replace("./sbx", "sandbox"), tmp_path)
        assert not shown or told(done.stdout) == told(shown), document
    assert not list(tmp_path.glob("sandbox/*.sock")), "a lab that was put up is taken down"


@pytest.mark.parametrize(("document", "program"), PROGRAMS, ids=[name for name, _ in PROGRAMS])
def test_a_program_of_a_document_runs(document: str, program: str, tmp_path: Path) -> None:
    assert document
    run([sys.executable, "-c", program], tmp_path)
