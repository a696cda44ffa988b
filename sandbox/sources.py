"""What a container is to have of the host's: found there, before anything is touched."""

from __future__ import annotations

import os

from .containment import MACHINES, Bind, Tmpfs, contained
from .errors import NotAllowed, RequestError
from .values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .containment import Containment
    from .topology import Topology

# In every container these, and $HOME, are empty: there is room for anything.
ROOMY = ("/tmp", "/run", "/home", "/dev/shm")


def settled(topology: Topology, contain: bool | Containment | None = None) -> Topology:
    """`topology` as `contain` would have it (see contained()), its sources absolute, and each seen to be there.

    Relative ones are meant from the current directory on. Raises RequestError for what is not there or cannot be put
    where it is to be, NotAllowed on a machine whose calls no filter knows.
    """
    topology = contained(topology, contain)
    if topology.containment is None:
        return topology
    settled = _absolute(topology.containment)
    for bind in (*settled.bind, *settled.ro_bind):
        _check_source(bind)
    if settled.root:
        _check_root(settled.root)
    else:
        _check_targets(settled)
    if settled.seccomp and os.uname().machine not in MACHINES:
        what = f"no filter of system calls is known for this machine, {os.uname().machine}"
        raise NotAllowed(what, "go without it: --no-seccomp, or seccomp=False")
    return replace(topology, containment=settled)


def _absolute(containment: Containment) -> Containment:
    def absolute(bind: Bind) -> Bind:
        source = os.path.abspath(bind.source)
        return Bind(source, bind.target or source, bind.writable)

    return replace(
        containment,
        bind=tuple(map(absolute, containment.bind)),
        ro_bind=tuple(map(absolute, containment.ro_bind)),
        rootfs=containment.rootfs and os.path.abspath(containment.rootfs),
        rootfs_rw=containment.rootfs_rw and os.path.abspath(containment.rootfs_rw),
    )


def _check_source(bind: Bind) -> None:
    try:
        os.stat(bind.source)
    except OSError as error:
        fix = "write SRC[:DST], SRC a file or directory that is there"
        raise RequestError(f"bind {bind.source!r}: {error.strerror} - {fix}") from None


def _check_root(path: str) -> None:
    fix = "write the directory of an unpacked image, with bin, etc and usr in it"
    try:
        entries = os.listdir(path)
    except OSError as error:
        raise RequestError(f"rootfs {path!r}: {error.strerror} - {fix}") from None
    if not entries:
        raise RequestError(f"rootfs {path!r}: an empty directory - {fix}")


def _check_targets(containment: Containment) -> None:
    """Nothing can be made in a root that is read-only: what is mounted needs a place that is there, or room."""
    home = os.path.normpath(os.environ.get("HOME") or "/home")
    room = Tmpfs("/tmp")  # what is in each of these is much the same: nothing
    around: dict[str, Bind | Tmpfs] = {each: room for each in (*ROOMY, home) if each.startswith("/") and each != "/"}
    for mount in containment.mounts:
        place = os.path.realpath(mount.target)
        outer = max((each for each in around if place.startswith(f"{each}/")), key=len, default="")
        _check_target(mount, _beneath(place, outer, around.get(outer)))
        around[place] = mount


def _beneath(place: str, outer: str, mount: Bind | Tmpfs | None) -> str | None:
    """The path on the host of what is at `place`, which lies in a mount at `outer`; None where there is room for it."""
    if mount is None:
        return place
    if isinstance(mount, Tmpfs):
        return None
    path = mount.source + place[len(outer) :]
    return None if mount.writable and not os.path.exists(path) else path


def _check_target(mount: Bind | Tmpfs, path: str | None) -> None:
    if path is None:
        return
    if not os.path.exists(path):
        what = f"{mount.target!r}: neither there nor below a directory that can be written"
        raise RequestError(f"{what} - take a place below /tmp, /run, /home or $HOME, or put a tmpfs around it")
    is_directory = os.path.isdir(mount.source) if isinstance(mount, Bind) else True
    if os.path.isdir(path) != is_directory:
        here, there = ("a directory", "a file") if is_directory else ("a file", "a directory")
        raise RequestError(f"{mount.target!r}: {there}, and {here} was to go over it - choose another place")
