"""Control groups: what holds for processes together, cgroups(7). Of both versions; nothing here knows what limits are.

A group is a directory and has a name that everybody sees, so it can be left behind. Ours are called sandbox-PID-N,
after the pid of a lab's init, and locked by it, flock(2): one that is not locked has no owner, whatever became of the
pid since. Whoever makes one sweeps those first.
"""

from __future__ import annotations

import errno
import fcntl
import os
from itertools import count
from time import monotonic, sleep

from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "sandbox-"
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
KINDS = ("cgroup", "cgroup2")
PATIENCE_S = 2.0  # with processes that were reaped, and are still leaving


@value
class Hierarchy:
    """A tree of groups of `version` 1 or 2: its `controllers`, where it is mounted, and the group of this process."""

    version: int
    controllers: tuple[str, ...]
    mount: str
    own: str


def hierarchies() -> list[Hierarchy]:
    """Those that are mounted here. Of version 2 the controllers are those that this process's group may use."""
    return parse(_text("/proc/self/mountinfo"), _text("/proc/self/cgroup"))


def parse(mountinfo: str, membership: str) -> list[Hierarchy]:
    """See hierarchies(): of the texts of /proc/PID/mountinfo and /proc/PID/cgroup."""
    own_paths = {}
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        own_paths[frozenset(controllers.split(","))] = path
    found: dict[frozenset[str], Hierarchy] = {}
    for mount, root, kind, options in _mounts(mountinfo):
        if kind not in KINDS:
            continue
        version = KINDS.index(kind) + 1
        key = next((each for each in own_paths if version == 1 and each and each <= options), frozenset({""}))
        own = _below(own_paths.get(key), root, mount)
        if own and (version == 2) == (key == {""}):
            names = tuple(words(f"{own}/cgroup.controllers")) if version == 2 else tuple(sorted(key))
            found.setdefault(key, Hierarchy(version, names, mount, own))
    return list(found.values())


def mount_points() -> dict[str, list[str]]:
    """Where control groups are mounted, in this process's view, and with which options. The last one lies on top."""
    lines = (line.split() for line in _text("/proc/self/mountinfo").splitlines())
    return {_unescaped(each[4]): each[5].split(",") for each in lines if each[each.index("-") + 1] in KINDS}


class Group:
    """A group of one's own below `parent`, named after `pid`: nobody sweeps it as long as it is held.

    Groups below it are named by their path in it. Raises OSError.
    """

    def __init__(self, parent: str, pid: int) -> None:
        for number in count():
            self.path = f"{parent}/{PREFIX}{pid}-{number}"
            try:
                os.mkdir(self.path, 0o700)  # whoever may open it could lock it
                self._fd = os.open(self.path, DIRECTORY)
            except (FileExistsError, FileNotFoundError):
                if not os.path.isdir(parent):
                    raise
                continue  # another's; or a sweeper was faster
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            if os.path.isdir(self.path):
                return
            os.close(self._fd)

    def make(self, name: str) -> None:
        """Make a group in it."""
        os.mkdir(name, dir_fd=self._fd)

    def has(self, file: str) -> bool:
        """Whether there is such a file in it, or in one below."""
        return os.access(file, os.F_OK, dir_fd=self._fd)

    def write(self, file: str, text: str) -> None:
        """Write a file of it, or of one below. Raises OSError, its filename the file."""
        try:
            fd = os.open(file, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._fd)
            try:
                os.write(fd, text.encode())
            finally:
                os.close(fd)
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{self.path}/{file}") from None

    def read(self, file: str) -> str:
        """The text of a file of it, or of one below."""
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._fd)
        with open(fd, encoding="utf-8") as opened:
            return opened.read()

    def join(self, name: str) -> None:
        """Have this process, and what it starts from now on, be in the group `name`, which is in it."""
        self.write(f"{name}/cgroup.procs", "0")

    def remove(self) -> None:
        """Take it away with all in it. Those that were in it must have ended; what cannot go is swept later."""
        try:
            _remove(self.path)
        except OSError:
            return
        finally:
            os.close(self._fd)


def sweep(parent: str) -> list[str]:
    """Take away what labs that are gone have left directly below `parent`; returns the paths."""
    return [path for path, is_stale in _ours(parent, fcntl.LOCK_EX) if is_stale and _is_removed(path)]


def is_of_ours(path: str) -> bool:
    """Whether a group is called as one of a lab is."""
    prefix, _, numbers = os.path.basename(path).partition("-")
    pid, _, number = numbers.partition("-")
    return f"{prefix}-" == PREFIX and pid.isdecimal() and number.isdecimal()


def find() -> Iterator[tuple[str, int, bool]]:
    """Every group of labs on this machine: its path, the pid of the lab's init, and whether that is gone."""
    for hierarchy in hierarchies():
        for directory, _, _ in os.walk(hierarchy.mount):
            if not os.path.basename(directory).startswith(PREFIX):
                for path, is_stale in _ours(directory, fcntl.LOCK_SH):
                    yield path, int(path.rpartition("/")[2].split("-")[1]), is_stale


def _ours(parent: str, lock: int) -> Iterator[tuple[str, bool]]:
    """The groups of labs directly below `parent`, and whether their owners are gone: these are locked meanwhile."""
    try:
        names = os.listdir(parent)
    except OSError:
        return
    for name in filter(is_of_ours, names):
        try:
            fd = os.open(f"{parent}/{name}", DIRECTORY)
        except OSError:
            continue  # it went meanwhile
        yield f"{parent}/{name}", _is_locked(fd, lock)
        os.close(fd)


def _is_locked(fd: int, lock: int) -> bool:
    try:
        fcntl.flock(fd, lock | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_removed(path: str) -> bool:
    try:
        _remove(path, patience_s=0)
    except OSError:
        return False
    return True


def _remove(path: str, *, patience_s: float = PATIENCE_S) -> None:
    """Remove a group and those in it. A process that was reaped is counted for an instant more: EBUSY."""
    deadline = monotonic() + patience_s
    _open_up(path)
    with os.scandir(path) as entries:
        below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    for each in below:
        _remove(each, patience_s=patience_s)
    while True:
        try:
            os.rmdir(path)
        except OSError as error:
            if error.errno != errno.EBUSY or monotonic() >= deadline:
                raise
            sleep(0.001)
        else:
            return


def _open_up(path: str) -> None:
    """A group that a command has made, in a view of its own, may be closed to its owner."""
    try:
        os.chmod(path, 0o700)
    except OSError:
        return  # then it need not be


def _mounts(mountinfo: str) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """Mount point, root, kind and options of each mount: proc_pid_mountinfo(5)."""
    for line in mountinfo.splitlines():
        words = line.split()
        kind, _, options = words[words.index("-") + 1 :]
        yield _unescaped(words[4]), _unescaped(words[3]), kind, frozenset(options.split(","))


def _below(path: str | None, root: str, mount: str) -> str | None:
    """The directory of the group `path` in a mount of `root`, or None where that does not show it."""
    if path is None or path.startswith("/.."):
        return None
    inside = path if root == "/" else path.removeprefix(root) if f"{path}/".startswith(f"{root}/") else None
    return None if inside is None else f"{mount}{inside}".rstrip("/")


def _unescaped(path: str) -> str:
    """mountinfo writes spaces, tabs, newlines and backslashes in octal."""
    for octal in ("040", "011", "012", "134"):
        path = path.replace(f"\\{octal}", chr(int(octal, 8)))
    return path


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def words(path: str) -> list[str]:
    """What a file of cgroups says; nothing where it is not there, or not to be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().split()
    except OSError:
        return []
