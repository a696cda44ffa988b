"""The user namespace of a container: made first, so that who owns what in it is settled before anything else is."""

from __future__ import annotations

import errno
import os

from .. import messages
from ..kernel import caps, clone, namespace, userns
from ..values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterator

    from ..containment import Containment

RANGE, FIRST, RANGES = 0x1_0000, 0x1000_0000, 0x4000
# Over a network that belongs to a user namespace outside nobody has a capability.
OVER_NETWORKS = ("net_admin", "net_raw", "net_bind_service", "net_broadcast")


class NoIds(OSError):
    """Root, in a user namespace or without CAP_SYS_ADMIN, has no ids for others; how to `fix` it."""

    fix = "be another user, or root with CAP_SYS_ADMIN and all ids in /proc/self/uid_map"

    def __init__(self) -> None:
        super().__init__(errno.EPERM, os.strerror(errno.EPERM))

    def __str__(self) -> str:
        return "root has no ids here that it could give a container"


@value
class Ids:
    """Which ids there are: `count` of them, from `outer` (uid and gid) on, which are `inner` ones inside.

    And as many `others` around these inside, which are those from FIRST on outside: what an ordinary user was granted.
    """

    inner: tuple[int, int]
    outer: tuple[int, int]
    count: int
    others: int = 0

    @classmethod
    def of(cls, userns_fd: int) -> Ids:
        """As root a range for each user namespace, in which root outside has none; else one's own, all there is.

        Raises NoIds for root who has no other ones to give: what is root's would be the container's.
        """
        uid, gid = os.getuid(), os.getgid()
        ours = _extents("uid")
        if sum(ours.values()) < FIRST + RANGES * RANGE:
            if uid == os.stat("/").st_uid == 0:
                raise NoIds
            return cls((uid, gid), (uid, gid), 1, min(ours.get(FIRST, 0), _extents("gid").get(FIRST, 0)))
        # The number of a namespace is nobody else's as long as it lives.
        first = FIRST + os.fstat(userns_fd).st_ino % RANGES * RANGE
        return cls((0, 0), (first, first), RANGE)

    @property
    def are_own(self) -> bool:
        """Whether they are other ids than those outside."""
        return self.count > 1

    def map(self, pid: str) -> None:
        """Give them to a process, by its number in /proc, that is new in its user namespace; from outside of it."""
        if not self.are_own and not self.others:
            userns.write_ids(f"/proc/{pid}/setgroups", "deny")
        for kind, inner, outer in zip(("uid", "gid"), self.inner, self.outer, strict=True):
            userns.write_ids(f"/proc/{pid}/{kind}_map", "\n".join(self._lines(inner, outer)))

    def _lines(self, inner: int, outer: int) -> Iterator[str]:
        yield f"{inner} {outer} {self.count}"
        below = min(inner, self.others, RANGE)
        above = min(self.others - below, RANGE - inner - 1)
        if below > 0:
            yield f"0 {FIRST} {below}"
        if above > 0:
            yield f"{inner + 1} {FIRST + below} {above}"

    def take(self) -> None:
        """Be the first of them, in a process that has come in."""
        if self.are_own:
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
            # Whoever becomes another can be looked into as fs.suid_dumpable has it: proc_sys_fs(5).
            caps.forbid_tracing()


class UserNamespace:
    """A user namespace, by descriptor, and its ids. `netns_fd`: a network of its own, if one was to be made.

    Raises OSError.
    """

    def __init__(self, *, with_network: bool = False) -> None:
        ours, theirs = messages.pair()
        pid = clone.fork_into(clone.CLONE_NEWUSER | (namespace.NETWORK if with_network else 0))
        if pid == 0:
            _show(theirs, ("user", "net") if with_network else ("user",))
        theirs.close()
        message, given, _ = messages.receive(ours)
        assert message is not None
        self.fd = given[0]
        self.netns_fd = given[1] if with_network else -1
        self.ids = Ids.of(self.fd)
        self.ids.map(message["pid"][0])
        messages.send(ours, {"done": ""})
        ours.close()
        clone.reap(pid)

    def let_go(self) -> None:
        """Leave it to the container that was made in it. With a network of its own there may be another one."""
        if self.netns_fd < 0:
            os.close(self.fd)


def _extents(kind: str) -> dict[int, int]:
    """The ids of this process's user namespace: from which on, and how many."""
    with open(f"/proc/self/{kind}_map", encoding="utf-8") as file:
        lines = [line.split() for line in file]
    return {int(first): int(count) for first, _, count in lines}


def are_over_networks(containment: Containment) -> bool:
    """Whether a capability is given back that is worth something in a network of one's own only."""
    return any(name in OVER_NETWORKS for name in containment.cap_add)


def _show(sock: socket, kinds: tuple[str, ...]) -> None:
    """In the first process of a user namespace: hand its namespaces out, and wait until its ids are there."""
    try:
        opened = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in kinds]
        # /proc may be that of an outer PID namespace, with another number for this process.
        messages.send(sock, {"pid": os.readlink("/proc/self")}, descriptors=opened)
        messages.receive(sock)
    finally:
        os._exit(0)
