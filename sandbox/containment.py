"""What `--contain` asks for: how tight a container each node's commands are put in. Pure."""

from __future__ import annotations

from .capabilities import canonical
from .errors import RequestError
from .values import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from os import PathLike
    from typing import Any, TypeVar

    from .topology import Topology

    T = TypeVar("T")
    Path = str | PathLike[str]
    # SRC[:DST], or both apart.
    Bound = Path | tuple[Path, Path] | "Bind"

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
DEFAULT_SIZE = 256 << 20
MOST_BYTES = 1 << 62  # half of what the kernel counts with
MOST_DIGITS = 20
MACHINES = ("x86_64", "aarch64")  # whose calls the filter knows

# What a container has of its own, and cannot be without.
OWN = ("/proc", "/sys", "/dev")


@value
class Bind:
    """A file or directory of the host's that a container has as well: `source` there, `target` here.

    A source that is no absolute path is meant from the current directory on, and may go without a target.
    """

    source: str
    target: str = ""
    writable: bool = False

    def __post_init__(self) -> None:
        source = _text("bind", self.source)
        if not source:
            raise RequestError(f"bind {self._words!r}: nothing to bind - write SRC or SRC:DST, such as /data:/data")
        target = self.target or (source if source.startswith("/") else "")
        self.__dict__.update(target=_place("bind", self._words, target) if target else "")

    @classmethod
    def read(cls, given: Bound, *, writable: bool) -> Bind:
        """What is written SRC[:DST], or given as a pair. Raises RequestError, TypeError."""
        if isinstance(given, Bind):
            return replace(given, writable=writable)
        if isinstance(given, tuple):
            if len(given) != 2:
                raise TypeError(f"what is bound is SRC, or a pair of SRC and DST, not {given!r}")
            return cls(_text("bind", given[0]), _text("bind", given[1]), writable)
        text = _text("bind", given)
        source, colon, target = text.partition(":") if isinstance(given, str) else (text, "", "")
        if colon and not target:
            raise RequestError(f"bind {given!r}: no place behind the colon - write SRC:DST, or SRC alone")
        return cls(source, target, writable)

    @property
    def _words(self) -> str:
        return f"{self.source}:{self.target}" if self.target else self.source


@value
class Tmpfs:
    """A directory that is empty, writable and forgotten; it holds at most `size` bytes (None: tmp_size)."""

    target: str
    size: int | str | None = None

    def __post_init__(self) -> None:
        target = _place("tmpfs", self.target, _text("tmpfs", self.target))
        self.__dict__.update(target=target, size=None if self.size is None else _size("tmpfs", self.size))

    @classmethod
    def read(cls, given: Path | Tmpfs) -> Tmpfs:
        """What is written DST[:SIZE]. Raises RequestError, TypeError."""
        if isinstance(given, Tmpfs):
            return given
        target, colon, size = _text("tmpfs", given).partition(":")
        return cls(target, size if colon else None)

    @property
    def size_bytes(self) -> int | None:
        """The size, read."""
        assert not isinstance(self.size, str)
        return self.size

    def __str__(self) -> str:
        return self.target if self.size_bytes is None else f"{self.target}:{spell_size(self.size_bytes)}"


@value
class Containment:
    """A container for each node: the host's files read-only, nothing of its processes, no privilege.

    What it has beside, in the words of the command line, one or a list of each:

    `bind`, `ro_bind`: "SRC[:DST]" or (SRC, DST), a file or directory of the host's, to be written or only read;
    `tmpfs`: "DST[:SIZE]", an empty directory; `rootfs`: the directory of another system whose files are there instead
    of the host's, and are never changed, or are, as `rootfs_rw`; `tmp_size`: the most bytes in /tmp and each other
    tmpfs, such as "64M"; `cap_add`: names of capabilities that are given back; `seccomp`: whether system calls are
    filtered. Raises RequestError for what makes no sense, TypeError for what is of no use here.
    """

    bind: tuple[Bind, ...]
    ro_bind: tuple[Bind, ...]
    tmpfs: tuple[Tmpfs, ...]
    rootfs: str | None
    rootfs_rw: str | None
    tmp_size: int
    cap_add: tuple[str, ...]
    seccomp: bool

    def __init__(
        self,
        *,
        bind: Bound | Iterable[Bound] = (),
        ro_bind: Bound | Iterable[Bound] = (),
        tmpfs: Path | Tmpfs | Iterable[Path | Tmpfs] = (),
        rootfs: Path | None = None,
        rootfs_rw: Path | None = None,
        tmp_size: int | str = DEFAULT_SIZE,
        cap_add: str | Iterable[str] = (),
        seccomp: bool = True,
    ) -> None:
        if not isinstance(seccomp, bool):
            raise TypeError(f"seccomp is True or False, not {seccomp!r}")
        # What means the same is equal, however it was written.
        self.__dict__.update(
            bind=_each("bind", bind, lambda each: Bind.read(each, writable=True)),
            ro_bind=_each("ro_bind", ro_bind, lambda each: Bind.read(each, writable=False)),
            tmpfs=_each("tmpfs", tmpfs, Tmpfs.read),
            rootfs=None if rootfs is None else _directory("rootfs", rootfs),
            rootfs_rw=None if rootfs_rw is None else _directory("rootfs_rw", rootfs_rw),
            tmp_size=_size("tmp_size", tmp_size),
            cap_add=tuple(dict.fromkeys(_each("cap_add", cap_add, lambda name: canonical(_text("cap_add", name))))),
            seccomp=seccomp,
        )
        if rootfs is not None and rootfs_rw is not None:
            raise RequestError("rootfs and rootfs_rw: there is one root - leave one of them out")
        _check_each_place_once(self.mounts)

    @property
    def mounts(self) -> tuple[Bind | Tmpfs, ...]:
        """What is mounted, whatever lies within another after it."""
        every: tuple[Bind | Tmpfs, ...] = (*self.bind, *self.ro_bind, *self.tmpfs)
        return tuple(sorted(every, key=lambda each: each.target.count("/")))

    @property
    def root(self) -> str | None:
        """The directory that is the root instead of the host's."""
        return self.rootfs or self.rootfs_rw

    def extended(self, *, rootfs: Path | None = None, rootfs_rw: Path | None = None, **more: Any) -> Containment:
        """This, and more of it; of what can be there once the other goes before. Raises as the constructor does."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in Containment.__match_args__}  # type: ignore[attr-defined]
        if rootfs is not None or rootfs_rw is not None:
            fields |= {"rootfs": rootfs, "rootfs_rw": rootfs_rw}
        for name, content in more.items():
            is_list = isinstance(fields[name], tuple)
            fields[name] = (*fields[name], *([content] if isinstance(content, str) else content)) if is_list else content
        return Containment(**fields)

    def spell(self) -> list[str]:
        """The words in which it travels; travelled() makes the same of them."""
        return [
            f"tmp-size {self.tmp_size}",
            # Any character may be in a path: its length tells where it ends.
            *(f"bind {len(each.source)} {each.source}{each.target}" for each in self.bind),
            *(f"ro-bind {len(each.source)} {each.source}{each.target}" for each in self.ro_bind),
            *(f"tmpfs {each.size or 0} {each.target}" for each in self.tmpfs),
            *([f"rootfs {self.rootfs}"] if self.rootfs else []),
            *([f"rootfs-rw {self.rootfs_rw}"] if self.rootfs_rw else []),
            *(f"cap-add {name}" for name in self.cap_add),
            *([] if self.seccomp else ["no-seccomp "]),
        ]

    @classmethod
    def travelled(cls, words: Sequence[str]) -> Containment:
        """The containment that was spelled."""
        said: dict[str, list[str]] = {}
        for word in words:
            key, _, content = word.partition(" ")
            said.setdefault(key, []).append(content)
        sizes = (text.partition(" ") for text in said.get("tmpfs", ()))
        return cls(
            bind=map(_bound, said.get("bind", ())),
            ro_bind=map(_bound, said.get("ro-bind", ())),
            tmpfs=[Tmpfs(target, int(size) or None) for size, _, target in sizes],
            rootfs=said.get("rootfs", [None])[0],
            rootfs_rw=said.get("rootfs-rw", [None])[0],
            tmp_size=int(said["tmp-size"][0]),
            cap_add=said.get("cap-add", ()),
            seccomp="no-seccomp" not in said,
        )


def contained(topology: Topology, contain: bool | Containment | None) -> Topology:
    """`topology` in containers, or without (False); None: as it is. Raises TypeError for anything else."""
    if contain is None or (contain is True and topology.containment):
        return topology
    if not isinstance(contain, bool | Containment):
        raise TypeError(f"contain is True, False or a Containment, not {contain!r}")
    containment = contain if isinstance(contain, Containment) else Containment() if contain else None
    return replace(topology, containment=containment)


def spell_size(size: int) -> str:
    """The bytes in the largest unit that has no fraction: "256M"."""
    for unit in "tgmk":
        if size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit.upper()}"
    return str(size)


def _bound(word: str) -> tuple[str, str]:
    length, _, places = word.partition(" ")
    return places[: int(length)], places[int(length) :]


def _each(what: str, given: Any, read: Callable[[Any], T]) -> tuple[T, ...]:
    """What was read of one or of several."""
    if isinstance(given, str | Bind | Tmpfs) or hasattr(given, "__fspath__"):
        given = (given,)
    try:
        several = tuple(given)
    except TypeError:
        raise TypeError(f"{what} is one or a list, not {given!r}") from None
    return tuple(map(read, several))


def _text(what: str, given: object) -> str:
    """The path or name as text. Raises RequestError for a NUL in it, TypeError for what is none."""
    text = given.__fspath__() if hasattr(given, "__fspath__") else given
    if not isinstance(text, str):
        raise TypeError(f"{what} takes text or a path, not {given!r}")
    if "\0" in text:
        raise RequestError(f"{what} {text!r}: a NUL - leave it out")
    return text


def _place(what: str, words: str, text: str) -> str:
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


def _directory(what: str, given: Path) -> str:
    text = _text(what, given)
    if not text:
        raise RequestError(f"{what} {text!r}: no directory - write the one with bin, etc, usr in it")
    return text


def _size(what: str, given: object) -> int:
    """Bytes, or text such as "256M" and "1.5G" in powers of 1024. Raises RequestError, TypeError."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise TypeError(f"{what} is a number of bytes or text such as '64M', not {given!r}")
    size = given if isinstance(given, int) else _read_size(what, given)
    if not 0 < size < MOST_BYTES:
        raise RequestError(f"{what} {given!r}: out of range - write such as 64M or 1G")
    return size


def _read_size(what: str, text: str) -> int:
    number = text.lower().rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text.lower()[len(number) :]
    unit = unit[:1] if unit[1:] in ("b", "ib") else unit.removesuffix("b")
    whole, point, fraction = number.partition(".")
    digits = whole + fraction
    is_number = digits.isascii() and digits.isdecimal() and whole and (fraction or not point)
    if not is_number or unit not in UNITS or len(digits) > MOST_DIGITS:
        raise RequestError(f"{what} {text!r}: not a size - write such as 64M or 1G")
    scale: int = 10 ** len(fraction)
    return int(digits) * UNITS[unit] // scale


def _check_each_place_once(mounts: Iterable[Bind | Tmpfs]) -> None:
    seen = set()
    for place in filter(None, (each.target for each in mounts)):
        if place in seen:
            raise RequestError(f"{place!r}: two things in one place - leave one of them out")
        seen.add(place)
