"""What a container has beside its root: files of the host's, and room to write."""

from __future__ import annotations

from ..errors import RequestError
from ..sizes import spell_size
from ..values import replace, value
from .size import read_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import TypeAlias

    Path = str | PathLike[str]
    # SRC[:DST], or both apart.
    Bound: TypeAlias = "Path | tuple[Path, Path] | Bind"

# What a container has of its own, and cannot be without.
OWN = ("/proc", "/sys", "/dev")


@value
class Bind:
    """A file or directory of the host's that a container has as well: `source` there, `target` here.

    A source that is no absolute path is meant from the current directory on; then its target can be left open.
    """

    source: str
    target: str = ""
    writable: bool = False

    def __post_init__(self) -> None:
        source = read_text("bind", self.source)
        if not source:
            raise RequestError(f"bind {self.words!r}: nothing to bind - write SRC or SRC:DST, such as /data:/data")
        is_clear = source.startswith("/") and ".." not in source.split("/")
        target = self.target or (source if is_clear else "")
        self.__dict__.update(target=_place("bind", self.words, target) if target else "")

    @classmethod
    def read(cls, given: Bound, *, writable: bool) -> Bind:
        """What is written SRC[:DST], or given as a pair. Raises RequestError, TypeError."""
        if isinstance(given, Bind):
            return replace(given, writable=writable)
        if isinstance(given, tuple | list):
            if len(given) != 2:
                raise RequestError(f"bind {given!r}: not two places - write SRC:DST, or a pair of SRC and DST")
            return cls(read_text("bind", given[0]), read_text("bind", given[1]), writable)
        text = read_text("bind", given)
        source, colon, target = text.partition(":") if isinstance(given, str) else (text, "", "")
        if colon and not target:
            raise RequestError(f"bind {given!r}: no place behind the colon - write SRC:DST, or SRC alone")
        if target.endswith((":ro", ":rw")):  # as for docker run
            fix = "write --ro-bind SRC:DST" if target.endswith(":ro") else "--bind SRC:DST is to be written already"
            raise RequestError(f"bind {given!r}: not two places - {fix}")
        return cls(source, target, writable)

    @property
    def words(self) -> str | list[str]:
        """What read() takes: text, or where that would be read otherwise the two places."""
        if ":" in self.source:
            return [self.source, self.target]
        return f"{self.source}:{self.target}" if self.target not in ("", self.source) else self.source


@value
class Tmpfs:
    """A directory that is empty, writable and forgotten; it holds at most `size` bytes (None: tmp_size)."""

    target: str
    size: int | str | None = None

    def __post_init__(self) -> None:
        target = _place("tmpfs", self.target, read_text("tmpfs", self.target))
        if ":" in target:
            raise RequestError(f"tmpfs {target!r}: a colon in the path - choose another place")
        self.__dict__.update(target=target, size=None if self.size is None else read_size("tmpfs", self.size))

    @classmethod
    def read(cls, given: Path | Tmpfs) -> Tmpfs:
        """What is written DST[:SIZE]. Raises RequestError, TypeError."""
        if isinstance(given, Tmpfs):
            return given
        target, colon, size = read_text("tmpfs", given).partition(":")
        return cls(target, size if colon else None)

    @property
    def size_bytes(self) -> int | None:
        """The size, read."""
        assert not isinstance(self.size, str)
        return self.size

    def __str__(self) -> str:
        return self.target if self.size_bytes is None else f"{self.target}:{spell_size(self.size_bytes)}"


def read_text(what: str, given: object) -> str:
    """The path or name as text. Raises RequestError for a NUL in it, TypeError for what is none."""
    text = given.__fspath__() if hasattr(given, "__fspath__") else given
    if not isinstance(text, str):
        raise TypeError(f"{what} takes text or a path, not {given!r}")
    if "\0" in text:
        raise RequestError(f"{what} {text!r}: a NUL - leave it out")
    return text


def _place(what: str, words: str | list[str], text: str) -> str:
    """An absolute path inside, without what means nothing in it. Raises RequestError."""
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if not text.startswith("/"):
        raise RequestError(f"{what} {words!r}: no absolute path inside - begin it with /, such as /{text or 'data'}")
    if ".." in parts:
        raise RequestError(f"{what} {words!r}: .. in the path inside - write where it is without")
    path = f"/{'/'.join(parts)}"
    if path == "/":
        raise RequestError(f"{what} {words!r}: the whole root - choose a place in it, or write --rootfs DIR")
    if path in OWN:
        raise RequestError(f"{what} {words!r}: a container has a {path} of its own - choose another place")
    return path
