"""A clean interpreter, kept warm, that forks the init of every lab of one program.

The program itself may have threads, an event loop, handlers, open files: none of that is safe to fork, and a
user namespace is refused to a process with threads. So one small process is started on the first lab and forks
from then on. It holds no lab: each init watches the program by itself.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock
from functools import cache

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


# By pid: a fork of the program finds the lock of its parent as a thread held it which it has not got.
LOCKS: dict[int, RLock] = {}


def launch(topology: Topology, *, as_root: bool = False) -> socket:
    """Have the init of a new lab forked; returns the socket on which it will answer. Safe from any thread."""
    request = {**words.spell(topology), "as root": ["yes"] if as_root else []}
    scope = _scope(topology) if topology.limits else ()
    ours, theirs = messages.pair()
    try:
        if not (_is_usual(request) and _begin_spare(_server(scope), request, theirs)):
            _ask(request, theirs, scope)
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return ours


def _is_usual(request: Mapping[str, Sequence[str]]) -> bool:
    """Whether a lab, as words, needs no other beginning than most."""
    return not (request["as root"] or request["contain"] or request["limit"])


def _begin_spare(server: socket, request: Mapping[str, Sequence[str]], lab: socket) -> bool:
    """Have the init that the fork server offers become that of a lab; whether it does."""
    try:
        offer, descriptors, _ = messages.receive_now(server)
    except (BlockingIOError, ConnectionResetError):
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


def _scope(topology: Topology) -> tuple[str, ...]:
    from .init import places

    words = places.scope(topology)
    return (*words, "--") if words else ()


def _ask(request: dict[str, list[str]], lab: socket, scope: tuple[str, ...]) -> None:
    try:
        messages.send(_server(scope), request, descriptors=[lab.fileno()])
    except (BrokenPipeError, ConnectionResetError):
        # Somebody killed it. A second one that dies at once is an error.
        _warm.cache_clear()
        messages.send(_server(scope), request, descriptors=[lab.fileno()])


def _server(scope: tuple[str, ...]) -> socket:
    """The socket of this process's fork server, of which there is one however many threads ask for it at once."""
    pid = os.getpid()
    with LOCKS.setdefault(pid, RLock()):
        return _warm(pid, scope)


@cache
def _warm(_pid: int, scope: tuple[str, ...]) -> socket:
    """A fork server, started. By pid: a fork of the program needs one of its own.

    `scope`: what it is started by where the labs are to have limits, and only systemd can give them cgroups.
    """
    import atexit
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
        what = f"the fork server could not start: {sys.executable} ended with {error.returncode}"
        raise SandboxError(f"{what} - try: {sys.executable} -m sandbox doctor") from error
    finally:
        theirs.close()
        os.close(caller_fd)
    atexit.register(_end, ours)
    return ours


def _end(server: socket) -> None:
    """At exit, let a fork server end. Who is called later and wants a lab, has another one."""
    _warm.cache_clear()
    server.close()


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
