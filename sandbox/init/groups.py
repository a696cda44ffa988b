"""The limits of a lab's nodes in force: a control group for each that needs one, and the ulimits of its processes.

The groups are the only thing of a lab with a name on the machine that the kernel does not take away by itself: init
does, when it ends; whoever makes the next ones does, if init was killed (see kernel.cgroup).
"""

from __future__ import annotations

import errno
import os
from time import monotonic

from ..errors import NotAllowed
from ..kernel import cgroup, status
from ..kernel.signals import posix
from . import places
from .controllers import ACCOUNT, CPU, INSIDE, KEYS, MEMORY, SWAP, events, needed, number, reached, settings, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..kernel.descriptors import Limits as Rlimits
    from ..topology import Topology
    from ..topology.limits import Limits
    from .places import Place

SIGKILL = 9
FIRST, EVERYBODY = 1, -1  # pids
CAP_SYS_RESOURCE = 24
PATIENCE_S = 2.0  # with what was killed
NANOSECONDS = 1000  # in a microsecond


class Groups:
    """The limits of the nodes of `topology`. Until open() nothing is there; after end() nothing is."""

    def __init__(self, topology: Topology) -> None:
        self._limits = dict(topology.limits)
        self._is_contained = topology.containment is not None
        self._wanted = places.wanted(topology)
        self._groups: list[tuple[Place, cgroup.Group]] = []
        self._told: dict[tuple[str, str], int] = {}

    def open(self, *, rootless: bool) -> None:
        """Make the groups. Raises NotAllowed where this machine, or this user, has no such limits; nothing is left.

        `rootless`: in a user namespace, where to be privileged means nothing.
        """
        for limits in self._limits.values():
            _check_ulimits(limits, may_raise=not rootless and _may_raise_limits())
            # In a container nobody has the id of root.
            if "nproc" in limits.rlimits and os.getuid() == 0 and not self._is_contained:
                hard = limits.rlimits["nproc"][1]
                what = f"ulimit nproc={hard}: it does not bind root, see getrlimit(2)"
                raise NotAllowed(what, f"limit the node: --pids {hard}")
        try:
            self._open()
        except OSError as error:
            self.close()
            # The kernel's own account of a group in it is taken from its memory.
            is_too_small = error.errno in (errno.ENOMEM, errno.EBUSY)
            fix = "give it more memory" if is_too_small else "ask for no more than the cgroup around it has"
            raise NotAllowed(f"{error.filename!r}: {error.strerror}", fix) from None

    def join(self, node: str) -> None:
        """Have this process, and what it starts, be bound as `node` is."""
        for place, group in self._groups:
            if self._controllers(node, place):
                group.join(f"{_name(node)}/{INSIDE}")

    @property
    def has_cgroups(self) -> bool:
        """Whether any node is bound by a cgroup."""
        return bool(self._wanted)

    def ulimits(self, node: str) -> Rlimits:
        """The resource limits that each process of `node` gets, by number."""
        if node not in self._limits or not self._limits[node].ulimits:
            return {}
        import resource

        return {getattr(resource, f"RLIMIT_{name.upper()}"): pair for name, pair in self._limits[node].rlimits.items()}

    def reached(self, node: str) -> list[str]:
        """Which limits of `node` were reached since that was asked last, in words."""
        said = []
        for place, group in self._groups:
            for controller in self._controllers(node, place):
                if (counter := events(controller, place.version)) and self._has_grown(group, node, *counter):
                    said.append(reached(self._limits[node], controller, node))
        return said

    def use(self) -> list[str]:
        """Of each limit its node, what it limits, how much of it is used and how much there is; of cpus the seconds."""
        lines = []
        for node, limits in self._limits.items():
            used = {key: content for place, group in self._groups for key, content in self._used(node, place, group)}
            allowed = {"memory": limits.memory_bytes, "pids": limits.pids, "cpus": limits.cpus}
            lines += [f"{node} {key} {used.get(key, 0)} {most}" for key, most in allowed.items() if most is not None]
        return lines

    def end(self) -> None:
        """Kill all that is in this PID namespace but this process, its first, and take the groups away."""
        if self._groups:
            _kill_all()
            self.close()

    def close(self) -> None:
        """Take the groups away. What was in them must have ended."""
        while self._groups:
            self._groups.pop()[1].remove()

    def _open(self) -> None:
        pid = int(os.readlink("/proc/self"))  # as it is known outside
        for place in places.find(self._wanted):
            if MEMORY in place.controllers:
                _check_swap(place)
            cgroup.sweep(place.path)
            self._make(place, pid)
        self._account(pid)

    def _make(self, place: Place, pid: int) -> None:
        group = cgroup.Group(place.path, pid)
        self._groups.append((place, group))
        if place.version == 2:
            places.share_out(group, place.controllers)
        for node, limits in self._limits.items():
            if controllers := self._controllers(node, place):
                group.make(_name(node))
                for controller in controllers:
                    for file, text in settings(limits, controller, place.version):
                        if file not in SWAP.values() or group.has(f"{_name(node)}/{file}"):
                            group.write(f"{_name(node)}/{file}", text)
                group.make(f"{_name(node)}/{INSIDE}")

    def _account(self, pid: int) -> None:
        """Count the time that is used as well, where that is a hierarchy of its own."""
        if CPU not in self._wanted or any(ACCOUNT in place.controllers for place, _ in self._groups):
            return
        for each in cgroup.hierarchies():
            if each.controllers == (ACCOUNT,) and os.access(each.own, os.W_OK | os.X_OK):
                cgroup.sweep(each.own)
                self._make(places.Place(1, each.own, each.controllers), pid)

    def _controllers(self, node: str, place: Place) -> list[str]:
        """Those of `place` that bind `node`."""
        asked = needed(self._limits[node]) if node in self._limits else []
        return [each for each in place.controllers if each in asked or (each == ACCOUNT and CPU in asked)]

    def _has_grown(self, group: cgroup.Group, node: str, file: str, key: str) -> bool:
        count, before = number(group.read(f"{_name(node)}/{file}"), key), self._told.get((node, file), 0)
        self._told[node, file] = count
        return count > before

    def _used(self, node: str, place: Place, group: cgroup.Group) -> Iterator[tuple[str, int]]:
        for controller in self._controllers(node, place):
            if counter := usage(controller, place.version):
                count = number(group.read(f"{_name(node)}/{counter[0]}"), counter[1])
                yield ("cpus", count // NANOSECONDS) if controller == ACCOUNT else (KEYS[controller], count)


def _name(node: str) -> str:
    """Nodes may be called as files of the kernel's are."""
    return f"node-{node}"


def _check_ulimits(limits: Limits, *, may_raise: bool) -> None:
    """Raise NotAllowed for what this user may not raise, and for what would bind nobody."""
    import resource

    for name, (_, hard) in limits.rlimits.items():
        most = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
        shown = f"ulimit {name}={hard if hard >= 0 else 'unlimited'}"
        if most >= 0 and not 0 <= hard <= most and not may_raise:
            fix = "ask for less, or raise it in /etc/security/limits.conf and log in again"
            raise NotAllowed(f"{shown}: more than the hard limit here, {most}", fix)
        if name == "nofile" and not 0 <= hard <= (most := _most_files()):
            raise NotAllowed(f"{shown}: more than fs.nr_open, {most}", f"sudo sysctl -w fs.nr_open={max(hard, most)}")


def _may_raise_limits() -> bool:
    return status.may(CAP_SYS_RESOURCE)


def _most_files() -> int:
    with open("/proc/sys/fs/nr_open", encoding="utf-8") as file:
        return int(file.read())


def _check_swap(place: Place) -> None:
    """Where swap cannot be limited there must be none: it would be a way out of the limit."""
    with open("/proc/swaps", encoding="utf-8", errors="replace") as swaps:
        has_swap = len(swaps.readlines()) > 1
    if has_swap and place.version == 1 and not os.path.exists(f"{place.path}/{SWAP[1]}"):
        raise NotAllowed("memory: this kernel does not limit swap", "boot with swapaccount=1, or: sudo swapoff -a")


def _kill_all() -> None:
    """Kill every process of the lab and reap it: a group goes only when nobody is in it."""
    assert os.getpid() == FIRST
    posix.pthread_sigmask(posix.SIG_BLOCK, [posix.SIGCHLD])
    try:
        os.kill(EVERYBODY, SIGKILL)  # in a PID namespace, for its first process: all others in it
    except ProcessLookupError:
        return
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        try:
            pid, _ = os.waitpid(EVERYBODY, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            posix.sigtimedwait([posix.SIGCHLD], deadline - monotonic())
