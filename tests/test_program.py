"""Finding programs: where a shell would, and with exec's own refusals."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.init import program

Tree = Callable[[str], None]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Directories with a `tool` of each kind; the current directory holds one too."""
    for name in ("first", "second", "plain", "directory", "empty", "pipe", "dangling", "text"):
        (tmp_path / name).mkdir()
    for name, status in (("first", 1), ("second", 2), (".", 3)):
        executable(tmp_path / name / "tool", f"#!/bin/sh\nexit {status}\n")
    (tmp_path / "plain" / "tool").write_text("not executable")
    (tmp_path / "directory" / "tool").mkdir()
    os.mkfifo(tmp_path / "pipe" / "tool", 0o755)
    (tmp_path / "dangling" / "tool").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


PATHS = [
    "first",
    "second",
    "first:second",
    "second:first",
    "empty:first",
    "plain:first",
    "directory:first",
    "pipe:second",
    "dangling:second",
    "nowhere:second",
    "first/tool:second",  # a file where a directory should be
    "",
    ":first",
    "empty::first",
    "first:",
    "empty:",
    ".",
    "empty",
    "directory",
    "dangling",
    "nowhere",
    "directory:dangling:nowhere:empty",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("tree")
def test_path_is_searched_as_a_shell_does(path: str) -> None:
    shell = subprocess.run(["/bin/sh", "-c", "tool"], env={"PATH": path}, stderr=subprocess.DEVNULL)
    if shell.returncode == 127:
        with pytest.raises(FileNotFoundError) as caught:
            program.find("tool", {"PATH": path})
        assert caught.value.filename == "tool"
    else:
        found = program.find("tool", {"PATH": path})
        assert subprocess.run([os.path.abspath(found)]).returncode == shell.returncode


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("path", ["plain", "plain:empty", "empty:plain:directory"])
def test_a_file_in_path_that_is_not_executable_is_told_when_nothing_better_comes(path: str) -> None:
    with pytest.raises(PermissionError) as caught:
        program.find("tool", {"PATH": path})
    assert caught.value.filename == "plain/tool"


def test_without_path_the_usual_places_are_searched() -> None:
    assert program.find("sh", {}) in ("/usr/bin/sh", "/bin/sh")


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("name", ["first/tool", "./tool", "./first/../tool"])
def test_a_name_with_a_slash_is_itself_whatever_path_says(name: str) -> None:
    assert program.find(name, {"PATH": "second"}) == name


@pytest.mark.parametrize(
    ("name", "refusal", "number"),
    [
        ("./nowhere", FileNotFoundError, errno.ENOENT),
        ("dangling/tool", FileNotFoundError, errno.ENOENT),
        ("tool/tool", NotADirectoryError, errno.ENOTDIR),
        ("plain/tool", PermissionError, errno.EACCES),
        ("./directory", PermissionError, errno.EACCES),
        ("directory/", PermissionError, errno.EACCES),
        ("pipe/tool", PermissionError, errno.EACCES),
        ("/dev/null", PermissionError, errno.EACCES),
    ],
)
@pytest.mark.usefixtures("tree")
def test_what_cannot_be_executed_is_refused_by_its_name(name: str, refusal: type[OSError], number: int) -> None:
    with pytest.raises(refusal) as caught:
        program.find(name, {"PATH": "first"})
    assert caught.value.errno == number
    assert caught.value.filename == name
    assert caught.value.strerror == os.strerror(number)


@pytest.mark.parametrize("first", ["#!/bin/sh", "#! /bin/sh -eu", "#!/usr/bin/env python3", "#!/bin/sh\r", "#!"])
@pytest.mark.parametrize("program_", ["/bin/sh"])
def test_programs_and_scripts_pass_the_check(tree: Path, first: str, program_: str) -> None:
    program.check(program_)
    if "\r" not in first:
        program.check(str(executable(tree / "script", f"{first}\nexit 0\n")))


@pytest.mark.parametrize(
    ("first", "refusal", "named"),
    [
        ("#!/no/such/interpreter", FileNotFoundError, "/no/such/interpreter"),
        ("#!/bin/sh\r", FileNotFoundError, "/bin/sh\r"),
        ("#!/tmp", PermissionError, "/tmp"),
        ("#!/etc/passwd -x", PermissionError, "/etc/passwd"),
    ],
)
def test_a_script_whose_interpreter_cannot_be_executed_is_refused(
    tree: Path, first: str, refusal: type[OSError], named: str
) -> None:
    script = executable(tree / "script", f"{first}\nexit 0\n")
    with pytest.raises(refusal) as caught:
        program.check(str(script))
    assert caught.value.filename == named


@pytest.mark.skipif(os.path.exists(program.BINFMT), reason="binfmt_misc may make any format executable")
@pytest.mark.parametrize("content", ["", "exit 0\n", "\x7fEL", "MZ", "# !/bin/sh"])
def test_a_bad_format_is_refused_as_exec_does(tree: Path, content: str) -> None:
    path = executable(tree / "odd", content)
    with pytest.raises(OSError, match="Exec format error") as caught:
        program.check(str(path))
    assert caught.value.errno == errno.ENOEXEC
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="Exec format error"):
        subprocess.run([path])


def test_a_program_that_may_be_executed_but_not_read_passes(tree: Path) -> None:
    tree.chmod(0o755)
    executable(tree / "secret", "#!/no/such/interpreter\n").chmod(0o111)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.getuid() == 0:  # who can read everything
                os.setresuid(65534, 65534, 65534)
            assert not os.access("secret", os.R_OK)
            assert program.find("./secret", {}) == "./secret"
            program.check("secret")
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
