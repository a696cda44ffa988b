"""What `--contain` asks for: how tight a container each node's commands are put in. Pure."""

from __future__ import annotations

from .errors import RequestError
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MIB = 1024 * 1024
UNITS = {"": 1, "b": 1, "k": 1024, "m": MIB, "g": 1024 * MIB}
DEFAULT_TMP_SIZE = 256 * MIB


@value
class Bind:
    """A file or directory of the host's that a container has as well: `source` there, `target` here."""

    source: str
    target: str
    writable: bool = False

    @classmethod
    def parse(cls, text: str, *, writable: bool) -> Bind:
        """What is written SRC[:DST]. Raises RequestError; SRC may be relative to the current directory."""
        source, _, target = text.partition(":")
        if not source or (target and not target.startswith("/")):
            raise RequestError(f"{text!r}: not a place to bind - write SRC or SRC:DST, DST from / on")
        return cls(source, target, writable)

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"


@value
class Tmpfs:
    """A directory that is empty, writable and forgotten; it holds at most `size` bytes."""

    target: str
    size: int | None = None

    @classmethod
    def parse(cls, text: str) -> Tmpfs:
        """What is written DST[:SIZE]. Raises RequestError."""
        target, colon, size = text.partition(":")
        if not target.startswith("/") or (colon and not size):
            raise RequestError(f"{text!r}: not a place for a tmpfs - write DST or DST:SIZE, such as /scratch:64M")
        return cls(target, parse_size(size) if size else None)

    def __str__(self) -> str:
        return self.target if self.size is None else f"{self.target}:{self.size}"


@value
class Containment:
    """A container for each node: the host's files read-only, nothing of its processes, no privilege.

    `binds` and `tmpfs` are in their order; `rootfs` is a directory with another system's files in place of the host's,
    which is never changed unless `rootfs_writable`. `tmp_size` is that of each tmpfs, in bytes. `capabilities` are
    names of those given back. `filtered`: by seccomp.
    """

    binds: tuple[Bind, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    rootfs: str | None = None
    rootfs_writable: bool = False
    tmp_size: int = DEFAULT_TMP_SIZE
    capabilities: tuple[str, ...] = ()
    filtered: bool = True

    def spell(self) -> list[str]:
        """The words in which it travels; read() makes the same of them."""
        return [
            f"tmp-size {self.tmp_size}",
            *(f"{'bind' if bind.writable else 'ro-bind'} {bind}" for bind in self.binds),
            *(f"tmpfs {each}" for each in self.tmpfs),
            *([f"{'rootfs-rw' if self.rootfs_writable else 'rootfs'} {self.rootfs}"] if self.rootfs else []),
            *(f"cap-add {name}" for name in self.capabilities),
            *([] if self.filtered else ["no-seccomp "]),
        ]

    @classmethod
    def read(cls, words: Sequence[str]) -> Containment:
        """The containment that was spelled. Raises RequestError."""
        said: dict[str, list[str]] = {}
        for word in words:
            key, _, content = word.partition(" ")
            said.setdefault(key, []).append(content)
        return _read(said, words)


def _read(said: Mapping[str, list[str]], words: Sequence[str]) -> Containment:
    ordered = [word.partition(" ") for word in words if word.startswith(("bind ", "ro-bind "))]
    rootfs = said.get("rootfs-rw", said.get("rootfs", [None]))[0]
    return Containment(
        binds=tuple(Bind.parse(content, writable=key == "bind") for key, _, content in ordered),
        tmpfs=tuple(map(Tmpfs.parse, said.get("tmpfs", ()))),
        rootfs=rootfs,
        rootfs_writable="rootfs-rw" in said,
        tmp_size=int(said["tmp-size"][0]),
        capabilities=tuple(said.get("cap-add", ())),
        filtered="no-seccomp" not in said,
    )


def parse_size(text: str) -> int:
    """Bytes, as in 256M. Raises RequestError."""
    number, unit = text[:-1], text[-1:].lower()
    if unit.isdecimal():
        number, unit = text, ""
    if unit not in UNITS or not (number.isascii() and number.isdecimal()) or int(number) == 0:
        raise RequestError(f"{text!r}: not a size - write it such as 64M or 1G")
    return int(number) * UNITS[unit]
