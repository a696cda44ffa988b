"""Version 2 of cgroups for real, by a controller that most machines have left there: hugetlb. It limits no lab."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.kernel import cgroup

CONTROLLER = "hugetlb"
USER = pwd.getpwnam("nobody")
ROOT = Path(__file__).parents[2]

# Joins the group, becomes that user, steps aside, makes a node's group beside itself, and has a child be in it.
PROGRAM = """
import json, os, sys
group, uid, controller = sys.argv[1], int(sys.argv[2]), sys.argv[3]
sys.path.insert(0, sys.argv[4])
from sandbox.init import places
from sandbox.kernel import cgroup
from sandbox.topology import Topology
with open(f"{group}/cgroup.procs", "w") as file:
    file.write("0")
if uid:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
hierarchies = cgroup.hierarchies
cgroup.hierarchies = lambda: [each for each in hierarchies() if each.version == 2]
places.wanted = lambda topology: [controller]
places.KEYS[controller] = controller
places.SYSTEMD = "/"  # the group around it is not to be taken
said = {}
try:
    places.find([controller])
except places.NotAllowed as refusal:
    said["refused"] = str(refusal)
places.step_aside(Topology.alone())
said["aside"] = open("/proc/self/cgroup").read().splitlines()[-1]
(place,) = places.find([controller])
said["place"] = place.path
made = cgroup.Group(place.path, os.getpid())
places.share_out(made, place.controllers)
made.make("node-a")
made.make("node-a/commands")
said["limits"] = [len([file for file in os.listdir(f"{made.path}/{name}") if file.startswith(controller)])
                  for name in ("node-a", "node-a/commands")]
reading, writing = os.pipe()
if os.fork() == 0:
    made.join("node-a/commands")
    os.write(writing, open("/proc/self/cgroup").read().splitlines()[-1].encode())
    os._exit(0)
said["command"] = os.read(reading, 999).decode()
os.wait()
made.remove()
said["left"] = [path for path, _, _ in cgroup.find()]
print(json.dumps(said))
"""


@pytest.fixture
def group() -> Iterator[Path]:
    """An empty group of version 2 that has the controller."""
    unified = next((each for each in cgroup.hierarchies() if each.version == 2), None)
    if os.getuid() != 0 or unified is None or not os.access(f"{unified.mount}/cgroup.subtree_control", os.W_OK):
        pytest.skip("this takes root, and cgroups of version 2")
    root = Path(unified.mount)
    if CONTROLLER not in (root / "cgroup.controllers").read_text().split():
        pytest.skip(f"version 2 has no {CONTROLLER} here")
    was_shared_out = CONTROLLER in (root / "cgroup.subtree_control").read_text().split()
    made = root / f"tested-{os.getpid()}"
    try:
        (root / "cgroup.subtree_control").write_text(f"+{CONTROLLER}")
        made.mkdir()
    except OSError as error:
        pytest.skip(f"no such group can be made here: {error}")
    try:
        yield made
    finally:
        cgroup.sweep(str(made))
        made.rmdir()
        if not was_shared_out:
            (root / "cgroup.subtree_control").write_text(f"-{CONTROLLER}")


@pytest.mark.parametrize("uid", [0, USER.pw_uid], ids=["root", "nobody"])
def test_a_program_makes_room_in_a_subtree_of_its_own(group: Path, uid: int) -> None:
    for file in ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
        os.chown(group / file, uid, uid)
    words = [sys.executable, "-c", PROGRAM, str(group), str(uid), CONTROLLER, str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/")
    if uid and "Permission denied" in done.stderr:
        pytest.skip("nobody may not read this checkout")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert "is shared with others" in said["refused"]
    assert said["place"] == str(group)
    (aside,) = said["left"]
    assert said["aside"] == f"0::/{Path(aside).relative_to(group.parent)}"
    assert said["limits"][0] > 0
    assert said["limits"][1] == 0, "who is in the inner group sees no file with a limit"
    assert said["command"].endswith("/node-a/commands")
    # The place where it stood aside is its own until it ends, and then nobody's.
    assert cgroup.sweep(str(group)) == [aside]
