"""The last moments before a contained command: what is different for a process that is already in its container."""

from __future__ import annotations

import errno
import os
import stat

from .. import capabilities
from ..kernel import caps, keyring, landlock, seccomp, signals, syscalls
from .root import SCRATCH, home
from .spawn import stages_of_the_user, stages_of_what_it_inherits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..command import Command
    from ..containment import Containment
    from ..kernel.descriptors import Limits
    from .container import Container
    from .spawn import Stage

# Where every container may write; what is bound for writing, and more of these, it is told.
WRITABLE = ("/dev", "/proc", *SCRATCH)


def stages(
    command: Command, container: Container, wanted: dict[int, int], limits: Limits, report_fd: int
) -> Iterator[Stage]:
    """All but the filter, which comes last: it would be in the way of finding the program."""
    containment = container.containment
    kept = [capabilities.number(name) for name in containment.cap_add]
    yield "take its ids", "setpriv --reuid 0 --regid 0 --clear-groups", container.ids.take
    yield "begin a session", "setsid", os.setsid
    yield "begin a session of keys", "keyctl session", keyring.own_session
    yield from stages_of_what_it_inherits(command, wanted, limits, report_fd)
    yield from stages_of_the_user(command)
    yield "forbid to look into it", "prctl PR_SET_DUMPABLE", caps.forbid_tracing
    yield "give up capabilities", "setpriv --bounding-set -all --securebits", lambda: caps.lock(kept)
    yield "cwd", f"cd {command.cwd}", lambda: _change_directory(command.cwd, if_there=command.cwd_if_there)
    yield "reset signals", "trap -", signals.reset
    yield "build a wall", "landlock_restrict_self", lambda: _build_wall(containment)


def filter_of(containment: Containment) -> bytes | None:
    """The filter for a container's commands, None where there is none. Raises OSError for an unknown machine."""
    if not containment.seccomp:
        return None
    machine = syscalls.machine()
    writes_last = bool(containment.bind or containment.rootfs_rw)
    program = seccomp.program(machine, containment.cap_add, writes_last=writes_last)
    if program is None:
        raise OSError(errno.ENOSYS, f"no filter for {machine} - run it with --no-seccomp", "seccomp")
    return program


def filter_calls(container: Container) -> Iterator[Stage]:
    """The filter, if it is asked for."""
    if (program := container.filter) is not None:
        yield "filter system calls", "seccomp", lambda: seccomp.install(program)


def _change_directory(path: str, *, if_there: bool) -> None:
    """Go there, if that is inside: a descriptor under /proc may lead elsewhere. With `if_there` else to /."""
    try:
        os.chdir(path)
        _check_inside(path)
    except OSError:
        if not if_there:
            raise
        os.chdir("/")


def _check_inside(path: str) -> None:
    here = os.getcwd()  # a path that begins with (unreachable) is an error to Python as well
    if not here.startswith("/") or not os.path.samestat(os.stat(here), os.stat(".")):
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _build_wall(containment: Containment) -> None:
    writable = (*WRITABLE, *home(containment), *(each.target for each in containment.tmpfs))
    binds = (bind.target for bind in containment.bind)
    places = ("/",) if containment.root else [path for path in (*writable, *binds) if os.path.exists(path)]
    everywhere = (*places, *filter(_can_be_opened_anew, (0, 1, 2)))
    # Not alone: commands of one node may signal each other, and who is outside of it is in another PID namespace.
    landlock.restrict(("/",), everywhere, alone=False)


def _can_be_opened_anew(fd: int) -> bool:
    """Whether a descriptor is of a file, as its output redirected to one is; not of a pipe or a socket."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISCHR(mode)
