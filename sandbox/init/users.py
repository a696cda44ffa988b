"""Who a command is: a user as the files of where it runs know them, passwd(5) and group(5)."""

from __future__ import annotations

import os

from ..errors import NotAllowed
from ..kernel import caps
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@value
class User:
    """The ids of a user, and their home."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    home: str = "/"

    @classmethod
    def find(cls, text: str) -> User:
        """Who is meant by NAME or UID, and perhaps :GROUP or :GID. Raises NotAllowed for who is not known here.

        A number need not be known: then its group has the same number.
        """
        name, _, group = text.partition(":")
        entry = next((fields for fields in _entries("/etc/passwd", 7) if name in (fields[0], fields[2])), None)
        if entry is None and not _is_number(name):
            raise NotAllowed(f"user {name!r} is not in the /etc/passwd here", "write one that is, or a number")
        uid = int(entry[2] if entry else name)
        gid = _group(group) if group else int(entry[3]) if entry else uid
        groups = () if group or entry is None else _groups_of(entry[0])
        return cls(uid, gid, groups, entry[5] if entry else "/")

    def become(self, *, with_terminal: bool) -> None:
        """Have this process, which keeps its capabilities, be this user. Raises NotAllowed where it may not.

        `with_terminal`: its terminal, as its pipes, is this user's as well.
        """
        if (self.uid, self.gid) == (os.getuid(), os.getgid()):
            return
        try:
            give((0, 1, 2), self.uid, self.gid, with_terminal=with_terminal)
            caps.keep_whoever_it_is()
            os.setgroups(sorted({self.gid, *self.groups}))
            os.setresgid(self.gid, self.gid, self.gid)
            os.setresuid(self.uid, self.uid, self.uid)
            caps.keep_no_longer()
        except (OSError, OverflowError):
            what = f"uid {self.uid} and gid {self.gid} cannot be had here"
            fix = "only root can be another, or in a container whom subuid(5) grants ids, which are below 65536"
            raise NotAllowed(what, fix) from None


def give(streams: Iterable[int], uid: int, gid: int, *, with_terminal: bool) -> None:
    """Have pipes, and a terminal, belong to whoever uses them, who could not open them anew: see runc's init_linux.go.

    Files stay whose they are, and so do pipes that have a name.
    """
    for fd in streams:
        is_pipe = os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")
        if is_pipe or (with_terminal and os.isatty(fd)):
            try:
                os.fchown(fd, uid, gid)
            except OSError:
                continue  # what is of other ids than there are here is not ours to give


def _group(text: str) -> int:
    entry = next((fields for fields in _entries("/etc/group", 4) if text in (fields[0], fields[2])), None)
    if entry is None and not _is_number(text):
        raise NotAllowed(f"group {text!r} is not in the /etc/group here", "write one that is, or a number")
    return int(entry[2] if entry else text)


def _groups_of(name: str) -> tuple[int, ...]:
    return tuple(int(fields[2]) for fields in _entries("/etc/group", 4) if name in fields[3].split(","))


def _entries(path: str, length: int) -> Iterator[list[str]]:
    """The lines of such a file, as far as they are ones; none where there is no file."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.rstrip("\n").split(":") for line in file]
    except OSError:
        return iter(())
    ids = slice(2, 4) if length == 7 else slice(2, 3)
    return (fields for fields in lines if len(fields) == length and all(map(_is_number, fields[ids])))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
