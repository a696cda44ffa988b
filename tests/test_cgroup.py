"""Where cgroups may be made. What is told by the kernel is text here, and a tree of version 2 one of ordinary files.

The real thing is in tests/kernel/test_limits.py, of the version that the machine has.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.cli import launch
from sandbox.errors import NotAllowed
from sandbox.init import places
from sandbox.init.groups import Groups
from sandbox.kernel import cgroup
from sandbox.kernel.cgroup import Hierarchy
from sandbox.topology import Topology
from sandbox.topology.limits import Limits, limited

MEMORY = limited(Topology.alone("a"), Limits(memory="64M"))

# --- what the kernel tells

HYBRID = r"""
30 20 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:11 - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 /docker/1f /sys/fs/cgroup/memory rw,nosuid shared:12 - cgroup cgroup rw,memory
34 30 0:30 / /sys/fs/cgroup/my\040pids rw,nosuid - cgroup cgroup rw,pids
35 30 0:31 /docker/2e /sys/fs/cgroup/freezer rw,nosuid - cgroup cgroup rw,freezer
36 30 0:32 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,name=systemd
""".strip()
MEMBERSHIP = """
6:name=systemd:/user.slice
5:freezer:/docker/1f
4:pids:/a:b
3:memory:/docker/1f/inner
2:cpu,cpuacct:/
0::/user.slice/session-1.scope
""".strip()


def test_each_hierarchy_is_found_with_the_group_of_this_process() -> None:
    found = {each.controllers: (each.version, each.own) for each in cgroup.parse(HYBRID, MEMBERSHIP)}
    assert found == {
        (): (2, "/sys/fs/cgroup/unified/user.slice/session-1.scope"),
        ("cpu", "cpuacct"): (1, "/sys/fs/cgroup/cpu,cpuacct"),
        ("memory",): (1, "/sys/fs/cgroup/memory/inner"),
        ("pids",): (1, "/sys/fs/cgroup/my pids/a:b"),
        ("name=systemd",): (1, "/sys/fs/cgroup/systemd/user.slice"),
    }


def test_a_group_outside_of_the_namespace_is_not_found() -> None:
    mount = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
    assert cgroup.parse(mount, "0::/../other") == []
    (found,) = cgroup.parse(mount, "0::/")
    assert (found.own, found.mount) == ("/sys/fs/cgroup", "/sys/fs/cgroup")


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("sandbox-12-0", True),
        ("sandbox-12", False),
        ("sandbox-12.scope", False),
        ("sandbox-a-0", False),
        ("other", False),
    ],
)
def test_a_group_of_ours_is_told_by_its_name(name: str, is_ours: bool) -> None:
    assert cgroup.is_of_ours(f"/sys/fs/cgroup/{name}") is is_ours


# --- version 2

FILES = ("cgroup.procs", "cgroup.subtree_control", "cgroup.controllers", "memory.max", "memory.swap.max", "pids.max")


class Tree:
    """Groups of version 2 as ordinary files: what is written there stays there, and no kernel makes anything of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.make("", controllers="cpu memory pids", shared_out="cpu memory pids")
        self.own = ""

    def make(self, path: str, *, controllers: str = "", shared_out: str = "", **limits: str) -> Path:
        """A group; `limits` by the names of their files, `_` for the dot."""
        directory = self.root / path
        directory.mkdir(exist_ok=True)
        contents = {"cgroup.controllers": controllers, "cgroup.subtree_control": shared_out}
        contents |= {"cgroup.procs": "", "memory.max": "max\n", "pids.max": "max\n"}
        contents |= {name.replace("_", ".", 1): content for name, content in limits.items()}
        for name, content in contents.items():
            (directory / name).write_text(content)
        return directory

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def hierarchies(self) -> list[Hierarchy]:
        own = self.root / self.own
        controllers = tuple((own / "cgroup.controllers").read_text().split())
        return [Hierarchy(2, controllers, str(self.root), str(own))]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """A machine with version 2 alone, and no systemd."""
    tree = Tree(tmp_path)
    monkeypatch.setattr(cgroup, "hierarchies", tree.hierarchies)
    monkeypatch.setattr(places, "SYSTEMD", str(tmp_path / "no-systemd"))
    monkeypatch.setattr(places, "PATIENCE_S", 0)
    mkdir: Callable[..., None] = os.mkdir

    def as_the_kernel(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        """A new group has its files at once."""
        mkdir(path, mode, dir_fd=dir_fd)
        for name in FILES if "sandbox-" in str(path) or dir_fd else ():
            with open(os.open(f"{path}/{name}", os.O_CREAT | os.O_WRONLY, dir_fd=dir_fd), "w"):
                pass

    monkeypatch.setattr(os, "mkdir", as_the_kernel)
    return tree


def test_groups_are_made_where_controllers_are_shared_out(tree: Tree) -> None:
    (place,) = places.find(["memory", "pids"])
    assert (place.version, place.path, place.controllers) == (2, str(tree.root), ("memory", "pids"))


def test_a_program_that_is_alone_steps_aside(tree: Tree) -> None:
    tree.own = "mine"
    mine = tree.make("mine", controllers="memory pids", cgroup_procs=f"{os.getpid()}\n")
    (tree.root / "cgroup.procs").unlink()  # the root is not ours
    places.step_aside(MEMORY)
    aside = f"mine/sandbox-{os.getpid()}-0"
    assert tree.read(f"{aside}/cgroup.procs") == "0"
    assert tree.read("mine/cgroup.subtree_control") == "+memory"
    # As the kernel would tell it from then on.
    tree.own = aside
    tree.make("mine", controllers="memory pids", shared_out="memory")
    (tree.root / aside / "cgroup.controllers").write_text("memory")
    assert [place.path for place in places.find(["memory"])] == [str(mine)]


def test_who_is_not_alone_stays_and_is_told_why(tree: Tree) -> None:
    tree.own = "shared"
    tree.make("shared", controllers="memory pids", cgroup_procs=f"{os.getpid()}\n1\n")
    (tree.root / "cgroup.procs").unlink()
    places.step_aside(MEMORY)
    assert tree.read("shared/cgroup.subtree_control") == ""
    with pytest.raises(NotAllowed, match=r"is shared with others.* - start it in one of its own: systemd-run"):
        places.find(["memory"])


def test_the_group_around_ones_own_is_taken_where_it_is_ours(tree: Tree) -> None:
    tree.own = "session"
    tree.make("session", controllers="memory", cgroup_procs="1\n")
    assert [place.path for place in places.find(["memory"])] == [str(tree.root)]


def test_limits_of_ones_own_are_not_escaped(tree: Tree) -> None:
    tree.own = "session"
    tree.make("session", controllers="memory", cgroup_procs="1\n", memory_max="1000000\n")
    with pytest.raises(NotAllowed, match="is shared with others"):
        places.find(["memory"])


def test_what_systemd_has_not_delegated_is_left_to_it(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.own = "session"
    tree.make("session", controllers="memory", cgroup_procs="1\n")
    monkeypatch.setattr(places, "SYSTEMD", str(tree.root))
    with pytest.raises(NotAllowed, match="is shared with others"):
        places.find(["memory"])


def test_a_controller_that_is_not_delegated_is_named(tree: Tree) -> None:
    tree.own = "mine"
    tree.make("mine", controllers="memory pids", cgroup_procs=f"{os.getpid()}\n")
    (tree.root / "cgroup.procs").unlink()
    with pytest.raises(NotAllowed, match=r"cpus: the cgroup controller is not delegated .*Delegate=cpu memory pids"):
        places.find(["memory", "cpu"])


def test_a_controller_that_is_not_there_is_named(tree: Tree) -> None:
    tree.make("", controllers="pids", shared_out="pids")
    with pytest.raises(NotAllowed, match="memory: this machine has no cgroup controller for it - boot with"):
        places.find(["memory", "pids"])


def test_limits_are_written_into_groups_of_their_own(tree: Tree) -> None:
    groups = Groups(limited(Topology.alone("a"), Limits(memory="64M", pids=9)))
    groups.open(rootless=True)
    (name,) = [path.name for path in tree.root.iterdir() if path.is_dir()]
    pid = os.readlink("/proc/self")
    assert name == f"sandbox-{pid}-0"
    assert tree.read(f"{name}/cgroup.subtree_control") == "+memory +pids"
    node = f"{name}/node-a"
    assert [tree.read(f"{node}/{file}") for file in ("memory.max", "memory.swap.max", "pids.max")] == [
        "67108864",
        "0",
        "9",
    ]
    groups.join("a")
    assert tree.read(f"{node}/commands/cgroup.procs") == "0"
    (tree.root / node / "memory.events").write_text("low 0\noom_kill 1\n")
    (tree.root / node / "pids.events").write_text("max 0\n")
    assert groups.reached("a") == ["memory limit 64M reached in a"]
    assert groups.reached("a") == []
    assert groups.reached("b") == []
    (tree.root / node / "memory.current").write_text("1048576\n")
    (tree.root / node / "pids.current").write_text("3\n")
    assert groups.use() == ["a memory 1048576 67108864", "a pids 3 9"]


# --- a scope of systemd's


@pytest.fixture
def systemd(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """A machine with systemd, on which this is one of several programs of a session."""
    tree.own = "session"
    tree.make("session", controllers="memory pids", cgroup_procs="1\n")
    for path in ("run/systemd/private", "bin/systemd-run"):
        (tree.root / path).parent.mkdir(parents=True)
        (tree.root / path).touch(0o755)
    monkeypatch.setattr(places, "SYSTEMD", str(tree.root))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tree.root / "run"))
    monkeypatch.setenv("PATH", str(tree.root / "bin"))
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    return tree


def test_a_program_is_started_in_a_scope_of_its_own(systemd: Tree) -> None:
    program, *words = places.scope(MEMORY)
    assert program == str(systemd.root / "bin" / "systemd-run")
    assert words == ["--user", "--scope", "--quiet", "--collect", "--property=Delegate=yes"]


def test_the_command_line_starts_itself_anew_there(systemd: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[Any] = []

    class Executed(Exception):
        """Nothing comes after exec."""

    def execv(_: str, words: list[str]) -> None:
        executed.extend(words)
        raise Executed

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(Executed):
        launch.launch(MEMORY, as_root=False)
    assert executed[5:] == [
        "--property=Delegate=yes",
        f"--unit=sandbox-{os.getpid()}",
        "--",
        sys.executable,
        *sys.orig_argv[1:],
    ]
    del systemd


def test_it_does_so_once(systemd: Tree) -> None:
    systemd.own = "sandbox-17.scope"
    systemd.make("sandbox-17.scope", controllers="pids", cgroup_procs="1\n")
    assert places.scope(MEMORY) == []


def test_no_scope_is_asked_for_where_there_is_no_need(systemd: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.scope(limited(Topology.alone("a"), Limits(ulimits={"nofile": 3}))) == []
    systemd.make("session", controllers="memory pids", cgroup_procs=f"{os.getpid()}\n")
    assert places.scope(MEMORY) == []  # it can step aside
    systemd.make("session", controllers="memory pids", cgroup_procs="1\n")
    assert places.scope(MEMORY) != []
    monkeypatch.setattr(places, "SYSTEMD", "/nonexistent")
    assert places.scope(MEMORY) == []


def test_no_scope_is_asked_for_without_a_bus_or_a_program(systemd: Tree) -> None:
    (systemd.root / "bin" / "systemd-run").unlink()
    assert places.scope(MEMORY) == []
    (systemd.root / "run/systemd/private").unlink()
    assert places.scope(MEMORY) == []
