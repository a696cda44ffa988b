"""Commands that init executes itself, by posix_spawn(3).

A fork of init, which is Python, copies two hundred pages before its exec throws them all away: 2 ms for each command.
So init goes itself where the command is to be, executes it from there, and comes back. That is for commands which need
nothing done in a process of their own; for the others see spawn.py.
"""

from __future__ import annotations

import os

from ..kernel import caps, descriptors, mounts, signals, status
from ..kernel.view import FILES_AND_NAME, NETWORK_FILES_AND_NAME, View
from ..values import value
from . import program
from .spawn import Refusal, attempt, failure, stages_of_the_view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from ..command import Command
    from ..kernel.descriptors import Limits

    T = TypeVar("T")


CAP_SYS_CHROOT = 18


@value
class Power:
    """What init may do: `is_rootless` in a user namespace, `is_as_root` as its uid 0, whose commands may keep it all."""

    is_rootless: bool
    is_as_root: bool

    def suffices(self) -> bool:
        """Whether this process may come back from where a command is to be, and no command needs more than others."""
        return not self.is_as_root and bool(int(status.fields()["CapEff"], 16) >> CAP_SYS_CHROOT & 1)


def suits(command: Command, limits: Limits) -> bool:
    """Whether nothing has to be done in a process of its own before its exec. `limits` are what it is to have."""
    if command.terminal or command.user or command.keep:
        return False
    if limits:
        import resource

        return all(resource.getrlimit(number) == pair for number, pair in limits.items())
    return True


class Executor:
    """Where init is at home while it executes commands elsewhere. From now on no command of it can be privileged."""

    def __init__(self, power: Power) -> None:
        if power.is_rootless:  # who may not come back to the host's view gets another like it
            mounts.follow_view()
        self._home = View(FILES_AND_NAME)
        self._inheritance = caps.Inheritance()

    def prepare(self, command: Command, netns_fd: int, files: Mapping[str, str]) -> Prepared:
        """Make the command's view of the machine, and find its program there. Raises Refusal."""
        try:
            attempt(stages_of_the_view(command.node, netns_fd, files))
            return Prepared(command, View(NETWORK_FILES_AND_NAME), self._home, self._inheritance)
        finally:
            come_back(self._home)


class Prepared:
    """A command that is ready to be executed."""

    def __init__(self, command: Command, view: View, home: View, inheritance: caps.Inheritance) -> None:
        self._command = command
        self._view = view
        self._home = home
        self._inheritance = inheritance

    def check(self) -> None:
        """Raise Refusal where it cannot be executed, as far as that can be told beforehand."""
        self._there(lambda: program.check(self._find()))

    def execute(self, streams: Sequence[int]) -> int:
        """Have it begin; returns its pid. `streams` become its descriptors 0, 1 and 2. Raises Refusal."""
        return self._there(lambda: self._spawn(streams))

    def close(self) -> None:
        """Let go of its view, which it has by itself once it was executed."""
        self._view.close()

    def _there(self, do: Callable[[], T]) -> T:
        """Do something where the command is to be, with no more power than it will have."""
        node, cwd = self._command.node, self._command.cwd
        try:
            attempt([(f"enter {node}", "nsenter --net --mount --uts", self._view.enter)])
            with self._inheritance:
                attempt([("cwd", f"cd {cwd}", lambda: os.chdir(cwd))])
                return do()
        except OSError as error:
            error.filename = error.filename or self._command.argv[0]
            raise Refusal(failure(error, "execute")) from error
        finally:
            come_back(self._home)

    def _find(self) -> str:
        return program.find(self._command.executable or self._command.argv[0], self._command.environment)

    def _spawn(self, streams: Sequence[int]) -> int:
        command = self._command
        path = self._find()
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


def come_back(home: View) -> None:
    """Be at home again; or else be no more, for the next command would begin in the view of this one."""
    try:
        home.enter()
    except OSError as error:
        raise RuntimeError("init cannot come back to its own view of the machine") from error
