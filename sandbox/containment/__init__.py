"""What `--contain` asks for: how tight a container each node's commands are put in. Pure."""

from __future__ import annotations

from ..capabilities import canonical
from ..errors import RequestError
from ..values import replace, value
from .mount import Bind, Tmpfs, read_text
from .size import read_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeVar

    from ..topology import Topology
    from .mount import Bound, Path

    T = TypeVar("T")

__all__ = ["MACHINES", "Bind", "Containment", "Tmpfs", "contained"]

DEFAULT_SIZE = 256 << 20
MACHINES = ("x86_64", "aarch64")  # whose calls the filter knows


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
            tmp_size=read_size("tmp_size", tmp_size),
            cap_add=tuple(dict.fromkeys(_each("cap_add", cap_add, lambda name: canonical(read_text("cap_add", name))))),
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
        fields: dict[str, Any] = {name: getattr(self, name) for name in Containment.__match_args__}
        if rootfs is not None or rootfs_rw is not None:
            fields |= {"rootfs": rootfs, "rootfs_rw": rootfs_rw}
        for name, content in more.items():
            is_list = isinstance(fields[name], tuple)
            fields[name] = (
                (*fields[name], *([content] if isinstance(content, str) else content)) if is_list else content
            )
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


def _directory(what: str, given: Path) -> str:
    text = read_text(what, given)
    if not text:
        raise RequestError(f"{what} {text!r}: no directory - write the one with bin, etc, usr in it")
    return text


def _check_each_place_once(mounts: Iterable[Bind | Tmpfs]) -> None:
    seen = set()
    for place in filter(None, (each.target for each in mounts)):
        if place in seen:
            raise RequestError(f"{place!r}: two things in one place - leave one of them out")
        seen.add(place)
