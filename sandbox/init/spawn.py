"""The last moments before a command: from a fork of init to exec, a list of stages in their order.

Order matters. Entering and mounting need privilege, so it is given up after them; what is inherited is settled
last, so that nothing in between can leak into the command.
"""

from __future__ import annotations

import fcntl
import os

from .. import messages
from ..errors import NotAllowed
from ..kernel import caps, descriptors, mounts, namespace, signals
from . import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import NoReturn

    from ..command import Command
    from ..containment import Containment
    from ..kernel.descriptors import Limits

    # What is being done, the same by hand, and the doing of it.
    Stage = tuple[str, str, Callable[[], object]]

TIOCSCTTY = 0x540E
NEVER_EXECUTED = 125


class Refusal(Exception):
    """Something failed in another process; `message` tells the caller what, as tell_failure() does."""

    def __init__(self, message: Mapping[str, Sequence[str]]) -> None:
        super().__init__(message)
        self.message = message


def execute(
    command: Command,
    netns_fd: int,
    files: Mapping[str, str],
    inherited: list[int],
    report: socket,
    *,
    limits: Limits,
    containment: Containment | None = None,
) -> NoReturn:
    """Become `command`. `files` are texts of its own by path; `inherited` its descriptors 0, 1, 2 and those to keep.

    `limits` are the resource limits that it gets, by number. With a `containment` this process is in a container.

    What fails is told to the caller through `report`, which closes by itself when exec succeeds.
    """
    numbers = (0, 1, 2, *command.keep)
    # Out of the way of the numbers that the command gets.
    report_fd = descriptors.above(report.fileno(), max(numbers) + 1)
    report = messages.adopt(report_fd)
    netns_fd = descriptors.above(netns_fd, max(numbers) + 1)
    wanted = dict(zip(numbers, inherited, strict=True))
    if containment is None:
        carry_out(_stages_of_the_view(command.node, netns_fd, files), report)
        carry_out(_stages_of_the_process(command, wanted, limits, report_fd), report)
    else:
        from .contained import stages

        carry_out(stages(command, containment, wanted, limits, report_fd), report)
    try:
        path = program.find(command.executable or command.argv[0], command.environment)
        if command.held:
            program.check(path)
            _wait_for_the_others(report)
        if containment is not None:
            from .contained import filter_calls

            carry_out(filter_calls(containment), report)
        os.execve(path, command.argv, _environment(command))
    except OSError as error:
        error.filename = error.filename or command.argv[0]
        fail(report, error, "execute")


def carry_out(stages: Iterable[Stage], report: socket) -> None:
    """Do one after the other; end with the first that fails, which `report` is told."""
    for what, by_hand, do in stages:
        try:
            do()
        except OSError as error:
            fail(report, error, what, by_hand)
        except NotAllowed as refusal:
            messages.tell(report, {"failed": refusal.what, "fix": refusal.fix})
            os._exit(NEVER_EXECUTED)


def _environment(command: Command) -> Mapping[str, str]:
    if command.user is None or "HOME" in command.environment:
        return command.environment
    from .users import User

    return {**command.environment, "HOME": User.find(command.user).home}


def _stages_of_the_view(node: str, netns_fd: int, files: Mapping[str, str]) -> Iterator[Stage]:
    yield "begin a session", "setsid", os.setsid
    yield f"enter the network of {node}", f"ip netns exec {node}", lambda: namespace.enter_network(netns_fd)
    yield "make its own mounts and hostname", "unshare --mount --uts", lambda: mounts.own_view(node)
    yield f"write {' and '.join(files)}", "mount --bind FILE /etc/FILE", lambda: mounts.own_files(files)
    yield "mount /proc", "mount -t proc proc /proc", mounts.own_processes
    yield "mount /sys", "mount -t sysfs sysfs /sys", mounts.own_devices
    yield "hide the host's resolvers", "mount --bind /dev/null SOCKET", mounts.hide_resolvers


def _stages_of_the_process(command: Command, wanted: dict[int, int], limits: Limits, report_fd: int) -> Iterator[Stage]:
    yield from stages_of_what_it_inherits(command, wanted, limits, report_fd)
    yield from stages_of_the_user(command)
    yield "give up capabilities", "setpriv --bounding-set", caps.limit
    yield "forbid new privileges", "setpriv --no-new-privs", caps.no_new_privileges
    yield "cwd", f"cd {command.cwd}", lambda: os.chdir(command.cwd)
    yield "reset signals", "trap -", signals.reset


def stages_of_what_it_inherits(
    command: Command, wanted: dict[int, int], limits: Limits, report_fd: int
) -> Iterator[Stage]:
    """Its descriptors, terminal, umask and limits."""
    yield "place descriptors", "exec 3>&-", lambda: descriptors.place(wanted)
    if command.terminal:
        yield "take the terminal", "setsid --ctty", lambda: fcntl.ioctl(0, TIOCSCTTY, 0)
    if command.umask is not None:
        yield "set the umask", f"umask {command.umask:o}", lambda: os.umask(command.umask or 0)
    if limits:
        # Those of init may be more than the command is allowed: then nothing more could be opened until exec.
        yield "close what is init's", "exec 4>&-", lambda: descriptors.close_others((*wanted, report_fd))
        yield "set resource limits", "ulimit", lambda: _limit_resources(limits)


def stages_of_the_user(command: Command) -> Iterator[Stage]:
    """Who it is, if that was said; its capabilities are left to whoever gives them up."""
    if (user := command.user) is not None:
        from .users import User

        yield (
            f"become {user}",
            f"setpriv --reuid {user}",
            lambda: User.find(user).become(with_terminal=command.terminal),
        )


def _wait_for_the_others(report: socket) -> None:
    messages.send(report, {"ready": ""})
    word, _, _ = messages.receive(report)
    if word is None:
        os._exit(NEVER_EXECUTED)


def _limit_resources(limits: Limits) -> None:
    import resource

    for number, pair in limits.items():
        if resource.getrlimit(number) != pair:
            resource.setrlimit(number, pair)


def fail(report: socket, error: OSError, stage: str, by_hand: str = "") -> NoReturn:
    """Tell the caller what failed, and end."""
    tell_failure(report, error, stage, by_hand)
    os._exit(NEVER_EXECUTED)


def tell_failure(report: socket, error: OSError, stage: str, by_hand: str) -> None:
    """Tell the caller what failed: Process reads it."""
    messages.tell(
        report,
        {
            "failed": stage,
            "by hand": by_hand,
            "errno": str(error.errno or 0),
            "file": os.fsdecode(error.filename or ""),
        },
    )
