"""Finding the program of a command, as a shell does, and telling early whether it can be executed."""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SCRIPT, ELF = b"#!", b"\x7fELF"
BINFMT = "/proc/sys/fs/binfmt_misc/status"


def find(name: str, environment: Mapping[str, str]) -> str:
    """The path of the program `name`: itself with a slash, else the first in PATH.

    Raises FileNotFoundError or PermissionError, as exec would.
    """
    if "/" in name:
        return _executable(name)
    paths = [os.path.join(directory or ".", name) for directory in environment.get("PATH", DEFAULT_PATH).split(":")]
    for path in paths:
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    # A shell passes over directories, and over what lies where it may not look.
    for path in filter(os.path.isfile, paths):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)


def check(path: str) -> None:
    """Raise the OSError that executing `path` would end in, as far as its first bytes tell.

    Commands that start together must all be able to: what exec would refuse is found before any of them runs.
    """
    try:
        with open(path, "rb") as file:
            first = file.readline(256)
    except PermissionError:
        return  # executable but unreadable is fine
    if first.startswith(SCRIPT):
        # To the kernel the \r of a file from Windows belongs to the interpreter's name.
        interpreter = first[len(SCRIPT) :].replace(b"\t", b" ").strip(b" \n").split(b" ")[0]
        if interpreter:
            _executable(os.fsdecode(interpreter))
    elif not first.startswith(ELF) and not os.path.exists(BINFMT):
        raise OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC), path)


def _executable(path: str) -> str:
    # Neither a directory nor a FIFO, which would keep check() waiting for whoever writes to it.
    if not stat.S_ISREG(os.stat(path).st_mode) or not os.access(path, os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    return path
