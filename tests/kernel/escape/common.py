"""What every probe begins with: the runner puts this text before that of a family, and a call of `main` after it."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import sys
from collections.abc import Callable
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)

AT_FDCWD = -100
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000

# By machine, what ctypes has no name for: unistd.h. From 424 on the numbers are the same everywhere.
NUMBERS = {
    "x86_64": {
        "clone": 56, "acct": 163, "pivot_root": 155, "mount": 165, "umount2": 166, "swapon": 167, "reboot": 169,
        "init_module": 175, "add_key": 248, "keyctl": 250, "perf_event_open": 298, "open_by_handle_at": 304,
        "process_vm_readv": 310, "kcmp": 312, "finit_module": 313, "kexec_load": 246, "bpf": 321, "userfaultfd": 323,
        "fanotify_init": 300, "syslog": 103, "unshare": 272, "setns": 308, "ptrace": 101, "iopl": 172, "adjtimex": 159,
    },
    "aarch64": {
        "clone": 220, "acct": 89, "pivot_root": 41, "mount": 40, "umount2": 39, "swapon": 224, "reboot": 142,
        "init_module": 105, "add_key": 217, "keyctl": 219, "perf_event_open": 241, "open_by_handle_at": 265,
        "process_vm_readv": 270, "kcmp": 272, "finit_module": 273, "kexec_load": 104, "bpf": 280, "userfaultfd": 282,
        "fanotify_init": 262, "syslog": 116, "unshare": 97, "setns": 268, "ptrace": 117, "adjtimex": 171,
    },
}  # fmt: skip
SINCE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438, "mount_setattr": 442,
}  # fmt: skip

Argument = int | bytes | None | ctypes.Array[Any] | ctypes.Structure


class Refused(Exception):
    """Not allowed, or not there."""


def syscall(name: str, *arguments: Any) -> int:
    """What a system call returns; OSError when it fails."""
    number = SINCE.get(name) or NUMBERS[os.uname().machine][name]
    words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = libc.syscall(ctypes.c_long(number), *words)
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def passes(attempt: Callable[[], object], *errors: int) -> str:
    """What a call says that fails in any case, with one of these errors once its caller is known to be allowed."""
    try:
        attempt()
    except OSError as error:
        if error.errno not in errors:
            raise
        return f"allowed: {errno.errorcode[error.errno]} only"
    return "allowed"


def opens(path: str, flags: int = os.O_RDONLY) -> str:
    """Opens a file, and neither reads nor writes it. What is masked by /dev/null can be opened, to no avail."""
    fd = os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK)
    is_null = os.fstat(fd).st_rdev == os.makedev(1, 3)
    os.close(fd)
    if is_null:
        raise OSError(errno.ENODATA, "masked", path)
    return path


def first_that_opens(paths: list[str], flags: int = os.O_RDONLY) -> str:
    """The first of some files that can be opened."""
    last: OSError | None = None
    for path in paths:
        try:
            return opens(path, flags)
        except OSError as error:
            last = error
    raise last or Refused("none there")


def is_bait(stat: os.stat_result, identity: list[int]) -> bool:
    """Whether this is the very file of the host, not one of the same name."""
    return [stat.st_dev, stat.st_ino] == identity


def processes() -> list[int]:
    """Those that can be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def others(bait: Any) -> list[int]:
    """The processes to try something with: all but this one, where those of the host are not among them.

    Else there is no sandbox, and the bait is enough: what other processes do is none of a test's business.
    """
    seen = [pid for pid in processes() if pid != os.getpid()]
    return [pid for pid in seen if pid == _marked(bait)] or seen


def bait_process(bait: Any) -> int:
    """The pid of the host's process, by what /proc shows, else the one that it has on the host."""
    if found := _marked(bait):
        return found
    if os.path.exists(f"/proc/{bait['pid']}"):
        raise Refused("another process has its number here")
    return int(bait["pid"])


def _marked(bait: Any) -> int:
    """The host's process, if /proc shows it. The launchers have its mark too, but among their last words."""
    for pid in processes():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if bait["mark"].encode() in file.read().split(b"\0")[5:6]:
                    return pid
        except OSError:
            continue
    return 0


def in_child(attempt: Callable[[], str]) -> str:
    """Carries out in a child what would change this process too much."""
    come, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(go, verdict(attempt).encode())
        os._exit(0)
    os.close(go)
    os.waitpid(pid, 0)
    with open(come, encoding="utf-8") as file:
        said = file.read()
    if not said.startswith("ESCAPED"):
        raise Refused(said.removeprefix("REFUSED (").removesuffix(")") or "killed")
    return said.removeprefix("ESCAPED (").removesuffix(")")


def verdict(attempt: Callable[[], str]) -> str:
    """ESCAPED or REFUSED, and why."""
    try:
        return f"ESCAPED ({attempt()})"
    except OSError as error:
        return f"REFUSED ({errno.errorcode.get(error.errno or 0, error)})"
    except Refused as reason:
        return f"REFUSED ({reason})"


def main() -> None:
    """Carries out the probe of this name, with what is told of the host."""
    probe, bait = sys.argv[1:]
    print(verdict(lambda: str(globals()[probe](json.loads(bait)))))
