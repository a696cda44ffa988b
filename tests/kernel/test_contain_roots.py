"""Another root instead of the host's: it is never changed, unless that was asked for, and none of its code is ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sandbox

from .conftest import Cli
from .roots import contents, make_root
from .test_real_programs import program

AS_ROOT = os.getuid() == 0
# Whoever executes this says so, whatever happens to what it writes.
PLANTED = "import os\nos._exit(77)\n"


def test_commands_are_in_the_root_and_see_nothing_of_the_hosts(cli: Cli, tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", "sh", "ls", "cat")
    done = cli("run", "--contain", "--rootfs", str(root), "--", "/bin/sh", "-c", "ls /; cat /etc/hosts; pwd")
    assert done.returncode == 0, done.stderr
    listed = done.stdout.split()
    assert {"bin", "etc", "proc", "sys", "dev", "tmp", "run", "home"} <= set(listed)
    assert "usr" not in listed or not (root / "usr").exists()
    assert "127.0.0.1" in done.stdout
    assert done.stdout.endswith("\n/\n")


def test_what_is_changed_in_a_root_is_forgotten(cli: Cli, tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", "sh", "cat", "rm", "touch")
    before = contents(root)
    script = "echo changed >/etc/passwd; cat /etc/passwd; rm /etc/group; touch /new; cat /etc/group"
    done = cli("run", "--contain", "--rootfs", str(root), "--", "/bin/sh", "-c", script)
    assert done.stdout == "changed\n"
    assert "No such file" in done.stderr
    assert contents(root) == before


def test_a_root_is_changed_where_that_was_asked_for_and_belongs_to_whom_it_did(cli: Cli, tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", "sh", "id")
    done = cli("run", "--contain", "--rootfs-rw", str(root), "--", "/bin/sh", "-c", "id -u; echo new >/etc/new")
    assert done.stdout == f"{os.getuid()}\n", done.stderr
    assert (root / "etc" / "new").read_text() == "new\n"
    assert (root / "etc" / "new").stat().st_uid == os.getuid()


@pytest.mark.skipif(not AS_ROOT, reason="dpkg wants to be root")
def test_dpkg_installs_into_a_root_that_is_the_same_afterwards(cli: Cli, tmp_path: Path) -> None:
    programs = ("dpkg", "dpkg-query", "dpkg-deb", "dpkg-split", "tar", "rm", "diff", "ldconfig", "start-stop-daemon")
    for name in programs:
        program(name)
    root = make_root(tmp_path / "root", "sh", "cat", *programs)
    database = root / "var" / "lib" / "dpkg"
    for name in ("info", "updates", "triggers"):
        (database / name).mkdir(parents=True)
    (database / "status").touch()
    before = contents(root)
    package = built_package(tmp_path)
    script = "dpkg --force-depends -i /tmp/hello.deb >/dev/null && cat /opt/hello && dpkg -s hello"
    words = ("--contain", "--rootfs", str(root), "--ro-bind", f"{package}:/tmp/hello.deb", "--env", "PATH=/bin")
    done = cli("run", *words, "--", "/bin/sh", "-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("hello\n")
    assert "Status: install ok installed" in done.stdout
    assert contents(root) == before


def built_package(directory: Path) -> Path:
    tree = directory / "hello"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "opt").mkdir()
    (tree / "opt" / "hello").write_text("hello\n")
    control = (
        "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: hello\n"
    )
    (tree / "DEBIAN" / "control").write_text(control)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, directory / "hello.deb"], check=True, timeout=20)
    return directory / "hello.deb"


# What a root has at the places of our own code.

USES: dict[str, dict[str, Any]] = {
    "plainly": {},
    "with limits": {"options": ("--ulimit", "nofile=64", "--memory", "64M")},
    "as a user": {"options": ("--user", "1000")},
    "with a capability": {"options": ("--cap-add", "chown")},
    "without a filter": {"options": ("--no-seccomp",)},
    "that is not there": {"words": ("/bin/nothing",), "status": 127},
}


@pytest.mark.parametrize("use", USES)
def test_no_code_of_a_roots_is_run_as_ours(use: str, cli: Cli, tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", "sh", "true")
    plant(root)
    options, words = USES[use].get("options", ()), USES[use].get("words", ("/bin/true",))
    if "--user" in options and not AS_ROOT:
        pytest.skip("only root can be another")
    if "--memory" in options and not AS_ROOT:
        options = options[:2]
    done = cli("run", "--contain", "--rootfs", str(root), *options, "--", *words)
    assert done.returncode == USES[use].get("status", 0), done.stderr


def plant(root: Path) -> None:
    """Put a file that is not ours wherever a Python module would be looked for."""
    ours = Path(sandbox.__file__).parent
    modules = [path for path in ours.rglob("*.py") if path.name != "__init__.py"]
    for place in filter(os.path.isdir, sys.path):
        modules += [path for path in Path(place).glob("*.py") if path.parent != Path(__file__).parent]
        modules += Path(place, "encodings").glob("*.py")
    for path in modules:
        copy = root / path.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(PLANTED)


def test_what_a_command_puts_where_ours_lies_outside_is_not_run_for_the_next() -> None:
    """Where the project is installed in a $HOME, that is empty inside, and can be written to."""
    ours = Path(sandbox.__file__).parent
    files = [str(path) for path in ours.rglob("*.py") if path.name != "__init__.py"]
    script = f"""for each; do mkdir -p "${{each%/*}}" && echo '{PLANTED}' >"$each"; done"""
    containment = sandbox.Containment(tmpfs=[ours.parent])
    with sandbox.Lab(sandbox.Topology.alone(), contain=containment) as lab:
        (node,) = lab.nodes
        node.run(["sh", "-c", script, "sh", *files], check=True, timeout=20)
        assert node.run(["test", "-e", files[0]], timeout=20).returncode == 0
