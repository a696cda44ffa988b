"""The files of a container: the stages by which its init makes itself a root of its own, from what it was born with.

They are carried out in a user namespace of the container's own. The mounts it was born with are copies that the kernel
keeps it from taking apart (MNT_LOCKED, mount_namespaces(7)); so a new tree is built beside them, and they are left as a
whole. While that goes on, the old root is at /old and the new one at /new.
"""

from __future__ import annotations

import errno
import os
import stat

from ..containment import Bind
from ..kernel import mounts, tree
from ..kernel.mounts import HARMLESS, MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_REC, mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ..containment import Containment

    Stage = tuple[str, str, Callable[[], object]]

BASE = "/proc"  # is there wherever this runs: what is to be made is put over it
OLD, NEW, OWN = "/old", "/new", "/own"
FDS = f"{OLD}/proc/self/fd"

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
# What tells of the host, or changes it: moby's oci/defaults.go.
MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
    "/sys/fs/cgroup",
)
UNWRITABLE = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)
NOBODY_COMES_THERE = (*NOT_THERE, errno.ELOOP, errno.ENAMETOOLONG)
# Neither may be a link: who could exchange it would show the next command a /proc of their own, which it believes.
PLAIN = ("/proc", "/sys", "/dev")
PAGE, LEAST_INODES = 4096, 1024
# Empty for each container, and its own: mode of each.
SCRATCH = {"/tmp": 0o1777, "/run": 0o755, "/home": 0o755}


def home(containment: Containment) -> dict[str, int]:
    """The directory of whoever starts it, which is empty as well, with its mode; nothing where there is none."""
    path = os.path.normpath(os.environ.get("HOME") or "/")
    # Another system has a home for root, and none of anybody else's.
    is_one = path != "/" and path.startswith("/") and (not containment.root or path.startswith("/home/"))
    return {path: 0o700} if is_one else {}


class Root:
    """The root of one container: see Blueprint. `trees` are copies of what is bound, in order.

    Afterwards `opened` are descriptors of `files`: inside nobody can write them.
    """

    def __init__(
        self,
        containment: Containment,
        files: Mapping[str, str],
        hidden: Sequence[str],
        trees: Sequence[int],
        rootfs_fd: int | None,
    ) -> None:
        self._containment = containment
        self._files = files
        self._hidden = hidden
        self._trees = trees
        self._rootfs_fd = rootfs_fd
        self._root_fd = -1
        self.opened: dict[str, int] = {}

    def stages(self) -> Iterator[Stage]:
        """What is to be done, in its order."""
        yield "make room for a new root", "mount -t tmpfs tmpfs DIR", self._make_room
        yield "put the files into it", "mount --rbind -o ro,nosuid,nodev / DIR", self._put_files
        yield "give it devices", "mount -t tmpfs tmpfs DIR/dev", self._give_devices
        yield "mount /proc", "mount -t proc proc DIR/proc", self._give_processes
        yield "mask what is the host's", "mount --bind /dev/null DIR/proc/kcore", self._mask
        for path, mode in {**SCRATCH, **home(self._containment)}.items():
            yield f"mount {path}", f"mount -t tmpfs tmpfs DIR{path}", later(self._scratch, path, mode)
        # A file system that is read-only does not keep anybody from a socket on it.
        yield "hide the host's sockets", "mount --bind /dev/null DIR/SOCKET", self._hide
        for path, text in self._files.items():
            yield f"give it {path}", f"mount --bind FILE DIR{path}", later(self._give_file, path, text)
        trees = iter(self._trees)
        for each in self._containment.mounts:
            if isinstance(each, Bind):
                by_hand = f"mount --rbind {each.source} DIR{each.target}"
                yield f"bind {each.target}", by_hand, later(self._bind, each, next(trees))
            else:
                by_hand = f"mount -t tmpfs tmpfs DIR{each.target}"
                yield f"mount {each.target}", by_hand, later(self._tmpfs, each.target, 0o1777, each.size_bytes)
        yield "leave the old root", "pivot_root . . && umount -l .", self._leave

    def _make_room(self) -> None:
        mount("tmpfs", BASE, "tmpfs", HARMLESS, b"mode=755,size=16m")
        for name in (OLD, NEW, OWN):
            os.mkdir(BASE + name)
        tree.change_root(BASE, BASE + OLD)
        os.chdir("/")

    def _put_files(self) -> None:
        if self._rootfs_fd is None:
            mount(OLD, NEW, None, MS_BIND | MS_REC)
            tree.restrict(NEW, tree.READ_ONLY | tree.NO_SETUID | tree.NO_DEVICES)
        else:
            self._put_rootfs(self._rootfs_fd)
            mount(f"{OLD}/sys", f"{FDS}/{self._made('/sys')}", None, MS_BIND | MS_REC)
        # Only now: what was opened before is what is beneath.
        self._root_fd = os.open(NEW, os.O_PATH | os.O_CLOEXEC)

    def _put_rootfs(self, rootfs_fd: int) -> None:
        place = os.open(NEW, os.O_PATH | os.O_CLOEXEC)
        tree.attach(rootfs_fd, place)
        if not self._containment.rootfs_rw:
            self._cover(NEW)
        tree.restrict(NEW, tree.NO_SETUID | tree.NO_DEVICES)
        self._root_fd = os.open(NEW, os.O_PATH | os.O_CLOEXEC)

    def _cover(self, below: str) -> None:
        """Have changes go to a tmpfs: overlayfs, in a user namespace since Linux 5.11."""
        mount("tmpfs", OWN, "tmpfs", MS_NOSUID | MS_NODEV, _most(self._containment.tmp_size, 0o755))
        for name in ("changes", "work"):
            os.mkdir(f"{OWN}/{name}")
        options = f"lowerdir={below},upperdir={OWN}/changes,workdir={OWN}/work,userxattr"
        mount("overlay", NEW, "overlay", MS_NOSUID | MS_NODEV, options.encode())

    def _give_devices(self) -> None:
        dev = f"{FDS}/{self._made('/dev')}"
        mount("tmpfs", dev, "tmpfs", MS_NOSUID | MS_NOEXEC, b"mode=755,size=64k")
        dev = f"{FDS}/{tree.inside(self._root_fd, '/dev')}"
        for name in DEVICES:
            os.close(os.open(f"{dev}/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
            mount(f"{OLD}/dev/{name}", f"{dev}/{name}", None, MS_BIND)
        for name, target in LINKS.items():
            os.symlink(target, f"{dev}/{name}")
        for name in ("pts", "shm", "mqueue"):
            os.mkdir(f"{dev}/{name}")
        tree.restrict(f"{dev}/.", tree.READ_ONLY)
        mount("devpts", f"{dev}/pts", "devpts", MS_NOSUID | MS_NOEXEC, b"newinstance,ptmxmode=0666,mode=620")
        mount("mqueue", f"{dev}/mqueue", "mqueue", HARMLESS)
        self._tmpfs("/dev/shm", 0o1777, None)

    def _give_processes(self) -> None:
        mount("proc", f"{FDS}/{self._made('/proc')}", "proc", HARMLESS)

    def _mask(self) -> None:
        for path in MASKED:
            if fd := self._found(path):
                if os.path.isdir(f"{FDS}/{fd}"):
                    mount("tmpfs", f"{FDS}/{fd}", "tmpfs", HARMLESS | mounts.MS_RDONLY, b"mode=755,size=0,nr_inodes=1")
                else:
                    mount(f"{OLD}/dev/null", f"{FDS}/{fd}", None, MS_BIND)
        for path in UNWRITABLE:
            if fd := self._found(path):
                mount(f"{FDS}/{fd}", f"{FDS}/{fd}", None, MS_BIND)
                tree.restrict(f"{FDS}/{tree.inside(self._root_fd, path)}", tree.READ_ONLY)

    def _hide(self) -> None:
        for path in () if self._containment.root else self._hidden:
            try:
                fd = tree.inside(self._root_fd, path)
            except OSError as error:
                if error.errno in NOBODY_COMES_THERE:
                    continue
                raise
            # Who gave it that name may have seen other files under it.
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                mount(f"{OLD}/dev/null", f"{FDS}/{fd}", None, MS_BIND)
            os.close(fd)

    def _scratch(self, path: str, mode: int) -> None:
        # A home is hidden by now where all of them are.
        has_room = any(path.startswith(f"{each}/") for each in SCRATCH)
        if self._containment.root or has_room or self._found(path):
            self._tmpfs(path, mode, None)

    def _tmpfs(self, path: str, mode: int, size: int | None) -> None:
        options = _most(size or self._containment.tmp_size, mode)
        mount("tmpfs", f"{FDS}/{self._made(path)}", "tmpfs", MS_NOSUID | MS_NODEV, options)

    def _give_file(self, path: str, text: str) -> None:
        own = f"{OWN}{path.replace('/', '-')}"
        fd = os.open(own, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC)
        os.fchmod(fd, 0o644)
        os.write(fd, text.encode())
        self.opened[path] = fd
        mount(own, f"{FDS}/{self._made(path, is_file=True)}", None, MS_BIND)
        tree.restrict(f"{FDS}/{tree.inside(self._root_fd, path)}", tree.READ_ONLY)

    def _bind(self, bind: Bind, tree_fd: int) -> None:
        is_file = not os.path.isdir(f"{FDS}/{tree_fd}")
        tree.attach(tree_fd, self._made(bind.target, is_file=is_file))

    def _leave(self) -> None:
        os.chdir(NEW)
        # Onto itself: the old root is then mounted over the new one, and taken away from there.
        tree.change_root(".", ".")
        tree.let_go(".")
        os.chdir("/")

    def _found(self, path: str) -> int:
        """The descriptor of what is at `path`, 0 where there is nothing."""
        try:
            return tree.inside(self._root_fd, path, through_links=path not in PLAIN)
        except OSError as error:
            if error.errno in NOT_THERE:
                return 0
            raise

    def _made(self, path: str, *, is_file: bool = False) -> int:
        """The descriptor of what is at `path`, which is made where there is nothing, as far as that can be."""
        if found := self._found(path):
            return found
        parent, _, name = path.rstrip("/").rpartition("/")
        parent_fd = self._made(parent or "/")
        try:
            if is_file:
                os.close(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644, dir_fd=parent_fd))
            else:
                os.mkdir(name, 0o755, dir_fd=parent_fd)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        return tree.inside(self._root_fd, path)


def _most(size: int, mode: int) -> bytes:
    """Options of a tmpfs, in which a file with anything in it takes a page, and an empty one or a directory none."""
    return f"mode={mode:o},size={size},nr_inodes={max(LEAST_INODES, 2 * size // PAGE)}".encode()


def later(do: Callable[..., object], *given: Any) -> Callable[[], object]:
    """`do` with what it is to be given. functools.partial() is the same, but a launch would wait for that import."""
    return lambda: do(*given)
