"""Where control groups may be made: below one's own group in version 1, in a subtree that is one's own in version 2.

A group of version 2 that shares out controllers has no processes of its own (cgroups(7), no internal processes). So
there a process of ours has to step aside, into a group of its own, before one can be made beside it.
"""

from __future__ import annotations

import os
from time import monotonic, sleep

from ..errors import NotAllowed
from ..kernel import cgroup
from ..values import value
from .controllers import ACCOUNT, CPU, KEYS, MEMORY, PIDS, needed
from .program import find as find_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..kernel.cgroup import Hierarchy
    from ..topology import Topology

SHARED_OUT, PROCESSES = "cgroup.subtree_control", "cgroup.procs"
# What would be escaped by making groups beside one's own.
OF_ONE_S_OWN = ("memory.max", "memory.high", "memory.swap.max", "pids.max", "cpu.max")
NO_LIMIT = "max"
# Is there where systemd is the first process: sd_booted(3). A scope is a group for what runs already, and as such
# delegated: systemd.resource-control(5), Delegate=.
SYSTEMD = "/run/systemd/system"
SCOPE = ("--scope", "--quiet", "--collect", "--property=Delegate=yes")
PATIENCE_S = 0.2  # with a parent that is just ending


@value
class Place:
    """A directory in which groups of `version` 1 or 2 may be made that have `controllers`."""

    version: int
    path: str
    controllers: tuple[str, ...]


def wanted(topology: Topology) -> list[str]:
    """The controllers that the limits of a topology take."""
    asked = {controller for _, limits in topology.limits for controller in needed(limits)}
    return [controller for controller in (MEMORY, PIDS, CPU) if controller in asked]


def find(controllers: Sequence[str]) -> list[Place]:
    """Places for all of them. Raises NotAllowed, with what is in the way and how it is had."""
    hierarchies = cgroup.hierarchies()
    places = []
    for each in hierarchies:
        held = tuple(name for name in controllers if name in each.controllers)
        if each.version == 1 and held:
            _check_is_own(each, held)
            # Where both are one hierarchy, which is usual, the group that limits the time counts it as well.
            counts = (ACCOUNT,) if CPU in held and ACCOUNT in each.controllers else ()
            places.append(Place(1, each.own, held + counts))
    left = [name for name in controllers if all(name not in place.controllers for place in places)]
    if left:
        places.append(_in_a_subtree(_unified(), left))
    return places


def step_aside(topology: Topology) -> None:
    """Make room where this process is alone in a subtree of version 2, which it leaves for a group of its own there.

    Where that is of no use nothing is done. What it takes is held until the process ends, by a descriptor.
    """
    controllers = wanted(topology)
    if not controllers:
        return
    try:
        find(controllers)
    except NotAllowed:
        unified = _unified()
        if unified and _could_share_out(unified, controllers):
            _share_out(unified.own, controllers)


def scope(topology: Topology) -> list[str]:
    """The words that start a program in a scope of its own, if that is how it comes to a place of its own, else none.

    That takes systemd, and its bus. A scope called sandbox-... is taken for one that was made so.
    """
    controllers, unified = wanted(topology), _unified()
    is_in_one = unified is None or os.path.basename(unified.own).startswith(cgroup.PREFIX)
    if not controllers or not os.path.isdir(SYSTEMD) or is_in_one:
        return []
    try:
        find(controllers)
    except NotAllowed:
        pass
    else:
        return []
    assert unified is not None
    has_all = {*controllers} <= {*cgroup.words(f"{unified.mount}/cgroup.controllers")}
    is_user = os.getuid() != 0
    bus = f"{os.environ.get('XDG_RUNTIME_DIR') or f'/run/user/{os.getuid()}'}" if is_user else "/run"
    if not has_all or not os.path.exists(f"{bus}/systemd/private") or _could_share_out(unified, controllers):
        return []
    try:
        program = find_program("systemd-run", os.environ)
    except OSError:
        return []
    return [program, *["--user"][:is_user], *SCOPE]


def _unified() -> Hierarchy | None:
    return next((each for each in cgroup.hierarchies() if each.version == 2), None)


def _could_share_out(unified: Hierarchy, controllers: Sequence[str]) -> bool:
    return _is_own(unified.own) and {*controllers} <= {*unified.controllers} and _is_alone(unified.own)


def _share_out(path: str, controllers: Sequence[str]) -> None:
    aside = cgroup.Group(path, os.getpid())
    try:
        aside.join(".")
        _write(f"{path}/{SHARED_OUT}", _switched_on(controllers))
    except OSError:
        # Somebody else came in meanwhile: whoever asks for a place will be told that there is none.
        _write(f"{path}/{PROCESSES}", "0")
        aside.remove()


def share_out(group: cgroup.Group, controllers: Sequence[str]) -> None:
    """Let groups in `group`, of version 2, have `controllers`."""
    group.write(SHARED_OUT, _switched_on(controllers))


def _switched_on(controllers: Sequence[str]) -> str:
    return " ".join(f"+{name}" for name in controllers)


def _check_is_own(hierarchy: Hierarchy, controllers: tuple[str, ...]) -> None:
    if os.access(hierarchy.own, os.W_OK | os.X_OK):
        return
    keys = _keys(controllers)
    if os.getuid() == 0:
        what = f"{keys}: cgroups are read-only here, most likely in a container"
        raise NotAllowed(what, "run it with --privileged, or outside of it")
    fix = "do it as root: sudo sandbox ...; or have root make you one, see docs/limits.md"
    raise NotAllowed(f"{keys}: the cgroup {hierarchy.own!r} is not yours", fix)


def _in_a_subtree(unified: Hierarchy | None, controllers: Sequence[str]) -> Place:
    known = cgroup.words(f"{unified.mount}/cgroup.controllers") if unified else []
    missing = [name for name in controllers if name not in known]
    if unified is None or missing:
        what = f"{_keys(missing or controllers)}: this machine has no cgroup controller for it"
        raise NotAllowed(what, "boot with cgroup_enable=memory, or mount cgroups: mount -t cgroup2 none /sys/fs/cgroup")
    for path in _candidates(unified):
        if set(controllers) <= {*cgroup.words(f"{path}/{SHARED_OUT}")} and _is_own(path):
            return Place(2, path, tuple(controllers))
    undelegated = [name for name in controllers if name not in unified.controllers]
    if undelegated:
        what = f"{_keys(undelegated)}: the cgroup controller is not delegated to this user"
        drop_in = f"[Service]\\nDelegate={CPU} {MEMORY} {PIDS}"
        raise NotAllowed(what, f"as root: printf '{drop_in}' | systemctl edit --stdin user@.service; then log in again")
    what = f"{_keys(controllers)}: the cgroup {unified.own!r} is shared with others, and its parent is not ours"
    raise NotAllowed(what, "start it in one of its own: systemd-run --user --scope -p Delegate=yes sandbox ...")


def _candidates(unified: Hierarchy) -> Iterator[str]:
    """One's own group, and the one around it unless that is somebody else's to fill."""
    yield unified.own
    has_stepped_aside = cgroup.is_of_ours(unified.own)
    # Where systemd runs it is the only one who makes groups in those that it has not delegated: it may well take
    # controllers away from there. And beside a group that is limited there would be no limit.
    limits = (cgroup.words(f"{unified.own}/{file}") for file in OF_ONE_S_OWN)
    is_free = not os.path.isdir(SYSTEMD) and all(words[:1] in ([], [NO_LIMIT]) for words in limits)
    if unified.own != unified.mount and (has_stepped_aside or is_free):
        yield os.path.dirname(unified.own)


def _is_own(path: str) -> bool:
    """Whether groups may be made there, processes be moved, and controllers be shared out."""
    return os.access(path, os.W_OK | os.X_OK) and all(
        os.access(f"{path}/{file}", os.W_OK) for file in (PROCESSES, SHARED_OUT)
    )


def _is_alone(path: str) -> bool:
    """Whether this is the only process in a group, once others that may be ending have."""
    deadline = monotonic() + PATIENCE_S
    while cgroup.words(f"{path}/{PROCESSES}") != [str(os.getpid())]:
        if monotonic() >= deadline:
            return False
        sleep(0.001)
    return True


def _keys(controllers: Sequence[str]) -> str:
    return ", ".join(KEYS[name] for name in controllers)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
