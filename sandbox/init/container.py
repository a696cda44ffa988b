"""A node's container: user, PID, mount, hostname, IPC and cgroup namespaces of its own, kept by a small init in them.

Three processes make one. The lab's init forks a maker, which still has its privileges: it enters the node's network,
mounts the /sys that shows it, opens what is to be bound, and forks the container's init into the new namespaces.
That one builds its root, gives up all it can, and then only reaps. The network stays that of the user namespace
outside, over which nobody inside has any power.

A command is forked by the lab's init like any other, and joins (Container.fork).
"""

from __future__ import annotations

import errno
import os
import sys
from _frozen_importlib import BuiltinImporter
from _socket import sethostname

from .. import messages
from ..containment import Bind
from ..kernel import caps, clone, cmdline, descriptors, mounts, namespace, status, tree
from ..kernel.signals import posix
from ..values import value
from . import users
from .root import Root, later
from .spawn import Refusal, carry_out, fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import NoReturn

    from ..command import Command
    from ..containment import Containment
    from ..kernel.descriptors import Limits
    from .owner import Ids, UserNamespace
    from .spawn import Stage

NAMESPACES = clone.CLONE_NEWPID | clone.CLONE_NEWIPC | clone.CLONE_NEWCGROUP | namespace.MOUNT | namespace.HOSTNAME


@value
class Blueprint:
    """What a container is made from. `files` are texts of its own by path, `hidden` paths with nothing behind them."""

    node: str
    netns_fd: int
    files: Mapping[str, str]
    hidden: Sequence[str]
    containment: Containment
    owner: UserNamespace


class Container:
    """A container that stands, held by descriptors. Raises Refusal, OSError."""

    def __init__(self, blueprint: Blueprint) -> None:
        ours, theirs = messages.pair()
        maker = os.fork()
        if maker == 0:
            _make(blueprint, theirs)
        theirs.close()
        self.containment, self.ids = blueprint.containment, blueprint.owner.ids
        self._netns_fd, self._files = blueprint.netns_fd, blueprint.files
        self._load()
        os.waitpid(maker, 0)
        blueprint.owner.let_go()
        self._hear(ours)

    @property
    def is_ending(self) -> bool:
        """Whether its init was killed, and perhaps waits for others to end."""
        return status.is_exiting(self._pidfd)

    def is_gone(self, *, within_ms: int = 0) -> bool:
        """Whether its init was killed, and all in it have ended."""
        import select

        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(within_ms))

    def close(self) -> None:
        """Let go of it, and kill what is in it."""
        self._kill()
        for fd in (self._pidfd, *self._namespaces, *self._opened.values()):
            os.close(fd)

    def _kill(self) -> None:
        import signal
        from contextlib import suppress

        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def tell(self, files: Mapping[str, str]) -> None:
        """Write anew those of its files that say something else by now."""
        for path, fd in self._opened.items():
            if files[path] != self._files[path]:
                os.ftruncate(fd, 0)
                os.pwrite(fd, files[path].encode(), 0)
        self._files = files

    def give(self, streams: Sequence[int], *, with_terminal: bool) -> None:
        """Let it open anew what a command gets, by /dev/stderr: pipes, and a terminal if that was made for it."""
        if self.ids.are_own:
            users.give(streams, *self.ids.outer, with_terminal=with_terminal)

    def fork(self, prepare: Callable[[], object]) -> int:
        """os.fork(), but the child is in the container; `prepare` is called in it before it enters. Raises OSError."""
        readable, writable = os.pipe2(os.O_CLOEXEC)
        between = os.fork()
        if between == 0 and self._enter(prepare, writable):
            return 0
        os.close(writable)
        os.waitpid(between, 0)
        with open(readable, encoding="utf-8") as file:
            said = int(file.read() or 0)
        if said == 0:
            # It was killed, and who it may have forked by then is known to nobody: neither may run on.
            self._kill()
            raise OSError(errno.ECHILD, "it was killed on its way in", "container")
        if said < 0:
            raise OSError(-said, os.strerror(-said), "container")
        return said

    def _enter(self, prepare: Callable[[], object], writable: int) -> bool:
        """In a fork: fork on into the container, and tell the parent the pid, or minus the error. True inside."""
        said = 0
        try:
            prepare()
            hide()
            namespace.enter_network(self._netns_fd)
            namespace.enter_all(self._namespaces)
            said = clone.fork_into(clone.CLONE_PARENT)
            if said == 0:
                # Who reads there waits until all have let go, and a command may be held.
                os.close(writable)
                return True
        except OSError as error:
            said = -(error.errno or 1)
        except BaseException:
            os._exit(1)
        try:
            os.write(writable, str(said).encode())
        finally:
            # Whatever happens: who came back from here would be a second init of the lab.
            os._exit(0)

    def _load(self) -> None:
        """Have ready what commands will need, while the container is made: once inside it must not be looked for."""
        import resource  # noqa: F401 - spawn has a use for it

        from . import contained

        self.filter = contained.filter_of(self.containment)

    def stages(self, command: Command, wanted: dict[int, int], limits: Limits, report_fd: int) -> Iterator[Stage]:
        """What a command does once it is in the container, but for filter_calls()."""
        from . import contained

        return contained.stages(command, self, wanted, limits, report_fd)

    def filter_calls(self) -> Iterator[Stage]:
        """The last of all."""
        from . import contained

        return contained.filter_calls(self)

    def _hear(self, maker: socket) -> None:
        """What the maker and the container's init tell, until it stands. Raises Refusal."""
        while True:
            message, given, _ = messages.receive(maker)
            if message is None:
                raise Refusal({"failed": ["what makes a container was killed"], "fix": ["look at dmesg: memory?"]})
            if "failed" in message:
                raise Refusal(message)
            if "ready" in message:
                self._opened = dict(zip(message.get("file", ()), given, strict=True))
                maker.close()
                return
            self._namespaces = given
            self._pidfd = os.pidfd_open(int(message["pid"][0]))


def hide() -> None:
    """Have nobody inside learn of what is the lab's, or have a say, until this process executes something."""
    # Its memory is a copy of the lab's init's, with what was told to other nodes; its words are those of the caller.
    caps.forbid_tracing()
    cmdline.forget()
    # A module that is not here yet would be read from files that are the container's: a command may have written it.
    sys.meta_path[:] = [BuiltinImporter]


def _make(blueprint: Blueprint, report: socket) -> NoReturn:
    """In a fork of the lab's init, the maker."""
    try:
        trees: list[int] = []
        carry_out(_stages_of_the_maker(blueprint, trees), report)
        rootfs_fd = trees.pop() if blueprint.containment.root else None
        waiting, word = messages.pair()
        pid = clone.fork_into(NAMESPACES | clone.CLONE_PARENT)
        if pid == 0:
            word.close()
            root = Root(blueprint.containment, blueprint.files, blueprint.hidden, trees, rootfs_fd)
            _be_init(blueprint.node, root, blueprint.owner.ids, report, waiting)
        messages.send(report, {"pid": str(pid)}, descriptors=namespace.of_a_container(pid))
        messages.send(word, {"go": ""})
        os._exit(0)
    except OSError as error:
        fail(report, error, "make a container")
    finally:
        os._exit(1)


def _stages_of_the_maker(blueprint: Blueprint, trees: list[int]) -> Iterator[Stage]:
    node, containment, owner = blueprint.node, blueprint.containment, blueprint.owner

    def open_tree(path: str, attributes: int) -> None:
        tree_fd = tree.copy(path)
        tree.restrict(tree_fd, tree.NO_SETUID | tree.NO_DEVICES | attributes)
        if owner.ids.are_own:
            tree.map_ids(tree_fd, owner.fd)
        trees.append(tree_fd)

    binds = [each for each in containment.mounts if isinstance(each, Bind)]
    places = [(bind.source, 0 if bind.writable else tree.READ_ONLY) for bind in binds]
    if containment.root:
        places.append((containment.root, 0))
    yield f"enter the network of {node}", f"ip netns exec {node}", lambda: namespace.enter_network(blueprint.netns_fd)
    yield "make its own mounts and hostname", "unshare --mount", mounts.own_table
    yield "mount /proc", "mount -t proc proc /proc", mounts.own_processes
    yield "mount /sys", "mount -t sysfs sysfs /sys", mounts.own_devices_alone
    for path, how in places:
        yield f"open {path}", f"mount --rbind {path} DIR", later(open_tree, path, how)
    yield "enter its user namespace", "nsenter --user", lambda: namespace.enter_all([owner.fd])


def _be_init(node: str, root: Root, ids: Ids, report: socket, waiting: socket) -> NoReturn:
    """PID 1 of the container. It ends when the lab's init does, or is killed; all in it with it."""
    try:
        word, _, _ = messages.receive(waiting)
        if word is None:
            os._exit(1)
        carry_out(
            [
                ("forbid to look into it", "prctl PR_SET_DUMPABLE", hide),
                ("take its ids", "setpriv --reuid 0", ids.take),
                *root.stages(),
                ("set its hostname", f"hostname {node}", lambda: sethostname(node)),
                ("give up capabilities", "setpriv --bounding-set -all", caps.lock),
            ],
            report,
        )
        # The kernel reaps what nobody waits for: wait(2), on SIGCHLD being ignored.
        posix.set_wakeup_fd(-1)
        posix.signal(posix.SIGCHLD, posix.SIG_IGN)
        messages.send(report, {"ready": "", "file": list(root.opened)}, descriptors=list(root.opened.values()))
        descriptors.close_from(0)
        while True:
            posix.pause()
    finally:
        os._exit(1)
