"""A view of the files for one command: the host's, but with the network, names and processes of the lab.

Each function is one step of it, for a process that is already inside the lab's namespaces. All mounts are in
the command's own mount namespace and go with it.
"""

from __future__ import annotations

import errno
import os
from _socket import sethostname

from . import namespace
from .libc import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# include/uapi/linux/mount.h
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x1, 0x2, 0x4, 0x8
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE = 0x1000, 0x4000, 0x4_0000, 0x8_0000
MS_REMOUNT = 0x20
# What a user namespace may not take away from a mount, by the name in mountinfo: mount_namespaces(7).
OPTIONS = {"nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC}
# No mount by this path, or none that can be seen: another lies over it.
COVERED = (errno.EINVAL, errno.ENOENT)
HARMLESS = MS_NOSUID | MS_NODEV | MS_NOEXEC

CGROUPS = "/sys/fs/cgroup"

# Through these glibc asks the host's daemons for names, past /etc/hosts and past the network namespace.
RESOLVER_SOCKETS = (
    "/run/nscd/socket",
    "/run/systemd/resolve/io.systemd.Resolve",
    "/run/avahi-daemon/socket",
)


def own_view(hostname: str) -> None:
    """Leave the host's mount table and hostname for copies of one's own."""
    namespace.create(namespace.HOSTNAME)
    own_table()
    sethostname(hostname)


def own_table() -> None:
    """Leave the host's mount table for a copy of one's own."""
    namespace.create(namespace.MOUNT)
    # A copy still passes mounts on to the original until it is made private.
    mount(None, "/", None, MS_REC | MS_PRIVATE)


def follow_view() -> None:
    """Leave the host's mount table and hostname for copies, in which still appears whatever the host mounts."""
    namespace.create(namespace.MOUNT | namespace.HOSTNAME)
    mount(None, "/", None, MS_REC | MS_SLAVE)


def own_files(texts: Mapping[str, str]) -> None:
    """Texts of one's own in place of files by their path. They lie on /proc, where own_processes() covers it."""
    mount("tmpfs", "/proc", "tmpfs", HARMLESS, b"mode=755,size=1m")
    for path, text in texts.items():
        own = f"/proc/{os.path.basename(path)}"
        fd = os.open(own, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC)
        os.fchmod(fd, 0o644)
        os.write(fd, text.encode())
        os.close(fd)
        mount(own, path, None, MS_BIND)


def own_processes() -> None:
    """A /proc that shows the lab's PID namespace instead of the host's."""
    mount("proc", "/proc", "proc", HARMLESS)


def own_devices() -> None:
    """A /sys that shows this network namespace's interfaces, and the cgroups that were there.

    A mount of sysfs keeps showing the namespace it was mounted in: without this, the host's interfaces.
    """
    cgroups_fd = os.open(CGROUPS, os.O_PATH | os.O_CLOEXEC) if os.path.ismount(CGROUPS) else None
    own_devices_alone()
    if cgroups_fd is not None:
        mount(f"/proc/self/fd/{cgroups_fd}", CGROUPS, None, MS_BIND | MS_REC)
        os.close(cgroups_fd)


def own_devices_alone() -> None:
    """As own_devices(), without cgroups."""
    try:
        mount("sysfs", "/sys", "sysfs", HARMLESS)
    except PermissionError:
        # Where /sys is read-only, as in a Docker container, a user namespace may have no other.
        mount("sysfs", "/sys", "sysfs", HARMLESS | MS_RDONLY)


def lock_cgroups() -> None:
    """Control groups to be looked at only, wherever they are mounted: no process is to change its own limits.

    A user may own these files, having been delegated them, and root's commands are root.
    """
    from . import cgroup  # few labs have limits

    for path, options in cgroup.mount_points().items():
        kept = sum(flag for name, flag in OPTIONS.items() if name in options)
        try:
            mount(None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | kept)
        except OSError as error:
            if error.errno not in COVERED:
                raise


def hide_resolvers() -> None:
    """The sockets of the host's name services, replaced by a file that cannot be connected to."""
    for path in RESOLVER_SOCKETS:
        if os.path.exists(path):
            mount("/dev/null", path, None, MS_BIND)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: bytes | None = None) -> None:
    """mount(2). Raises OSError, its filename the target."""
    try:
        call("mount", _text(source), _text(target), _text(kind), flags, data)
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from None


def _text(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)
