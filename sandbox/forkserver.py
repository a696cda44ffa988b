"""A clean interpreter, kept warm, that forks the init of every lab of one program.

The program itself may have threads, an event loop, handlers, open files: none of that is safe to fork, and a
user namespace is refused to a process with threads. So one small process is started on the first lab and forks
from then on. It holds no lab: each init watches the program by itself.
"""

from __future__ import annotations

import errno
import os
import sys
from _thread import RLock

from . import messages
from .errors import SandboxError
from .topology import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from .topology import Topology

# This very sandbox, whichever else may be installed; and behind it whatever the program itself can import.
SCRIPT = """
import sys
sys.path.insert(0, {root!r})
import sandbox
del sys.path[0]
sys.path += {path!r}
from sandbox.forkserver import serve
serve({requests}, {caller})
"""


# By pid: a fork of the program needs its own, and finds the lock of its parent as it was at that moment.
SERVERS: dict[int, Servers] = {}
GONE = (errno.EPIPE, errno.ECONNRESET, errno.EBADF)  # a fork server that was killed, and one that was let go of


def launch(topology: Topology, *, as_root: bool = False) -> socket:
    """Have the init of a new lab forked; returns the socket on which it will answer. Safe from any thread."""
    request = {**words.spell(topology), "as root": ["yes"] if as_root else []}
    servers = _of_this_process()
    scope = _scope(topology) if topology.limits else ()
    ours, theirs = messages.pair()
    try:
        server = servers.get(scope)
        if not _asked(server, request, theirs):
            servers.forget(scope, server)
            if not _asked(servers.get(scope), request, theirs):
                raise SandboxError("somebody kills the fork server as soon as it starts - let it live")
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return ours


def _scope(topology: Topology) -> tuple[str, ...]:
    from .init import places

    words = places.scope(topology)
    return (*words, "--") if words else ()


def _asked(server: socket, request: Mapping[str, Sequence[str]], lab: socket) -> bool:
    """Have a fork server begin a lab; False where it is gone."""
    try:
        if not (_is_usual(request) and _begin_spare(server, request, lab)):
            messages.send(server, request, descriptors=[lab.fileno()])
    except OSError as error:
        if error.errno in GONE:
            return False
        raise
    return True


def _is_usual(request: Mapping[str, Sequence[str]]) -> bool:
    """Whether a lab, as words, needs no other beginning than most."""
    return not (request["as root"] or request["contain"] or request["limit"])


def _begin_spare(server: socket, request: Mapping[str, Sequence[str]], lab: socket) -> bool:
    """Have the init that the fork server offers become that of a lab; whether it does."""
    try:
        offer, descriptors, _ = messages.receive_now(server)
    except BlockingIOError:
        return False
    if offer is None:
        return False
    if not descriptors:  # this program may open no more: the kernel has closed it, and it ended
        messages.tell(server, {"taken": ""})
        return False
    spare = messages.adopt(descriptors[0])
    try:
        messages.send(spare, request, descriptors=[lab.fileno()])
    except (BrokenPipeError, ConnectionResetError):
        return False  # somebody killed it
    finally:
        spare.close()
        messages.tell(server, {"taken": ""})
    return True


def _of_this_process() -> Servers:
    pid = os.getpid()
    return SERVERS.get(pid) or SERVERS.setdefault(pid, Servers(pid))


class Servers:
    """The fork servers of a process, one for each way to start one, however many threads ask for it at once.

    There is another where labs are to have limits and only systemd can give them cgroups: its `scope` starts it.
    """

    def __init__(self, pid: int) -> None:
        import atexit

        self._pid = pid
        self._lock = RLock()
        self._sockets: dict[tuple[str, ...], socket] = {}
        atexit.register(self._end)

    def get(self, scope: tuple[str, ...]) -> socket:
        """The way to one, which is started if need be. Raises SandboxError."""
        with self._lock:
            if scope not in self._sockets:
                self._sockets[scope] = _start(scope)
            return self._sockets[scope]

    def forget(self, scope: tuple[str, ...], server: socket) -> None:
        """Let go of this one. Another thread may have done so, and have another by now."""
        with self._lock:
            if self._sockets.get(scope) is server:
                del self._sockets[scope]
        server.close()

    def _end(self) -> None:
        """At exit, let them end. Who is called later and wants a lab, has another one."""
        if os.getpid() == self._pid:
            for scope, server in list(self._sockets.items()):
                self.forget(scope, server)


def _start(scope: tuple[str, ...]) -> socket:
    """The way to a new fork server."""
    import subprocess

    if not sys.executable:
        raise SandboxError("this program embeds Python - run it with a python executable (sys.executable is empty)")
    ours, theirs = messages.pair()
    caller_fd = os.pidfd_open(os.getpid())
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = list(filter(os.path.isabs, sys.path))
    script = SCRIPT.format(root=root, path=path, requests=theirs.fileno(), caller=caller_fd)
    try:
        # It forks at once and its parent ends: a program that waits for all of its children must not meet it.
        subprocess.run(
            [*scope, sys.executable, "-I", "-c", script],
            pass_fds=[theirs.fileno(), caller_fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            check=True,
        )
    except subprocess.CalledProcessError as error:
        ours.close()
        what = f"the fork server could not start: {sys.executable} ended with {error.returncode}"
        raise SandboxError(f"{what} - try: {sys.executable} -m sandbox doctor") from error
    finally:
        theirs.close()
        os.close(caller_fd)
    return ours


def serve(requests_fd: int, caller_fd: int) -> NoReturn:
    """Be the fork server: answer requests until the program that started it is gone."""
    import select
    import signal

    from . import init
    from .init.spare import offer

    _load_for_the_forks()
    if os.fork():
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps; a lab's end is told by its init's pidfd
    requests = messages.adopt(requests_fd)
    poll = select.poll()
    poll.register(requests_fd, select.POLLIN)
    poll.register(caller_fd, select.POLLIN)
    has_offered = False  # not before the first lab, which would wait for it
    while all(fd == requests_fd for fd, _ in poll.poll()):
        request, descriptors, _ = messages.receive(requests)
        if request is None:
            break
        if "taken" in request:
            has_offered = False
        else:
            lab = messages.adopt(descriptors[0])
            init.launch(words.read(request), lab, caller_fd, as_root="as root" in request)
            lab.close()
        has_offered = has_offered or offer(requests, caller_fd)
    os._exit(0)


def _load_for_the_forks() -> None:
    """What the command line's one init loads when it needs it is loaded once for all of these: 2 ms of each lab."""
    import resource  # noqa: F401

    from .init import commands, loop, patience  # noqa: F401
    from .kernel import userns  # noqa: F401
    from .plan import beyond, names  # noqa: F401
