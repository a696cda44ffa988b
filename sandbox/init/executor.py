"""Commands that init executes itself, by posix_spawn(3).

A fork of init, which is Python, copies some five hundred pages before its exec throws them away: 2 ms for each command.
So init goes itself where the command is to be, executes it from there, and comes back. That is for commands which need
nothing done in a process of their own; for the others see spawn.py.
"""

from __future__ import annotations

import os

from ..kernel import caps, descriptors, mounts, signals, status
from ..kernel.view import View
from . import program
from .spawn import Refusal, attempt, failure, stages_of_the_view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..command import Command
    from ..kernel.descriptors import Limits


CAP_SYS_CHROOT = 18
# What lies there may be another file for each process that looks: /proc/self/cwd, /dev/stdin.
OF_EACH_PROCESS = ("/proc", "/dev")


def suits(command: Command, limits: Limits) -> bool:
    """Whether nothing has to be done in a process of its own before its exec. `limits` are what it is to have."""
    if command.terminal or command.user or command.keep:
        return False
    if any(path.startswith(OF_EACH_PROCESS) for path in (command.cwd, command.executable or command.argv[0])):
        return False
    if limits:
        import resource

        return all(resource.getrlimit(number) == pair for number, pair in limits.items())
    return True


def is_possible() -> bool:
    """Whether this process has the power to come back from where a command is to be."""
    return status.may(CAP_SYS_CHROOT)


class Executor:
    """Where init is at home while it executes commands elsewhere. From now on no command of it can be privileged."""

    def __init__(self) -> None:
        """Raises Refusal."""
        attempt([("make its own mounts and hostname", "unshare --mount --uts", self._settle)])
        attempt([("give up capabilities", "setpriv --bounding-set", self._bequeath)])

    def _settle(self) -> None:
        self._home = View()
        try:
            self._home.enter()
        except PermissionError:
            # To a namespace of an outer user namespace there is no way back: setns(2). So another like it.
            self._home.close()
            mounts.follow_view()
            self._home = View()

    def _bequeath(self) -> None:
        self._inheritance = caps.Inheritance()

    def execute(self, command: Command, netns_fd: int, files: Mapping[str, str], streams: Sequence[int]) -> int:
        """Have it begin; returns its pid. `streams` become its descriptors 0, 1 and 2. Raises Refusal.

        To be followed by come_back(), whatever comes of it.
        """
        # A file system may never answer who looks for a program on it, and meanwhile init cannot see its owner die.
        caps.end_with_parent()
        try:
            attempt(stages_of_the_view(command.node, netns_fd, files))
            with self._inheritance:  # what it could not open, init does not find
                attempt([("cwd", f"cd {command.cwd}", lambda: os.chdir(command.cwd))])
                return _spawn(command, streams)
        except OSError as error:
            error.filename = error.filename or command.argv[0]
            raise Refusal(failure(error, "execute")) from error

    def come_back(self) -> None:
        """Be at home again; or else be no more, for the next command would begin in the view of this one."""
        try:
            self._home.enter()
        except OSError as error:
            raise RuntimeError("init cannot come back to its own view of the machine") from error
        caps.outlive_parent()  # the fork server is a parent whose end is not the lab's


def _spawn(command: Command, streams: Sequence[int]) -> int:
    path = program.find(command.executable or command.argv[0], command.environment)
    descriptors.keep_none()
    own_umask = None if command.umask is None else os.umask(command.umask)
    try:
        return os.posix_spawn(
            path,
            command.argv,
            command.environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(streams)],
            setsid=True,
            setsigmask=(),
            setsigdef=signals.posix.valid_signals(),
        )
    finally:
        if own_umask is not None:
            os.umask(own_umask)
