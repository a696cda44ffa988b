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
    from ..kernel.descriptors import Limits
    from .container import Container
    from .groups import Groups

    # What is being done, the same by hand, and the doing of it.
    Stage = tuple[str, str, Callable[[], object]]

TIOCSCTTY = 0x540E
NEVER_EXECUTED = 125
BESIDE = 64  # descriptors, those of init among them


class Refusal(Exception):
    """A command cannot be executed; `message` tells the caller why, as of failure()."""

    def __init__(self, message: Mapping[str, str | Sequence[str]]) -> None:
        super().__init__(message)
        self.message = message


def execute(
    command: Command,
    netns_fd: int,
    files: Mapping[str, str],
    inherited: Sequence[int],
    report: socket,
    *,
    limits: Limits,
    groups: Groups | None,
    container: Container | None = None,
) -> NoReturn:
    """Become `command`. `files` are texts of its own by path; `inherited` its descriptors 0, 1, 2 and those to keep.

    `limits` are the resource limits that it gets, by number; `groups` what its node is limited to, if anything. With a
    `container` this process is in it already.

    What fails is told to the caller through `report`, which closes by itself when exec succeeds.
    """
    numbers = (0, 1, 2, *command.keep)
    if command.keep:  # the caller may have been allowed more since init was forked, and the command is to be
        limits = {**descriptors.make_room(max(numbers) + len(numbers) + BESIDE), **limits}
    # Out of the way of the numbers that the command gets.
    report_fd = descriptors.above(report.fileno(), max(numbers) + 1)
    report = messages.adopt(report_fd)
    netns_fd = descriptors.above(netns_fd, max(numbers) + 1)
    wanted = dict(zip(numbers, inherited, strict=True))
    ulimits = groups.ulimits(command.node) if groups else {}
    raised = _raised({**limits, **ulimits}, ulimits)
    if container is None:
        has_groups = bool(groups and groups.has_cgroups)
        carry_out(_stages_of_the_limits(command.node, groups), report)
        carry_out([("begin a session", "setsid", os.setsid)], report)
        carry_out(stages_of_the_view(command.node, netns_fd, files, has_groups=has_groups), report)
        carry_out(_stages_of_the_process(command, wanted, raised, report_fd), report)
    else:
        carry_out(container.stages(command, wanted, raised, report_fd), report)
    try:
        path = program.find(command.executable or command.argv[0], command.environment)
        if command.held:
            program.check(path)
            carry_out([("wait for the others", "", lambda: _wait_for_the_others(report))], report)
        if ulimits:
            _limit_resources(ulimits)
        if container is not None:
            carry_out(container.filter_calls(), report)
        os.execve(path, command.argv, _environment(command))
    except OSError as error:
        error.filename = error.filename or command.argv[0]
        fail(report, error, "execute")


def carry_out(stages: Iterable[Stage], report: socket) -> None:
    """Do one after the other; end with the first that fails, which `report` is told."""
    try:
        attempt(stages)
    except Refusal as refusal:
        messages.tell(report, refusal.message)
        os._exit(NEVER_EXECUTED)


def attempt(stages: Iterable[Stage]) -> None:
    """Do one after the other. Raises Refusal for the first that fails."""
    for what, by_hand, do in stages:
        try:
            do()
        except OSError as error:
            raise Refusal(failure(error, what, by_hand)) from error
        except NotAllowed as refusal:
            raise Refusal({"failed": refusal.what, "fix": refusal.fix}) from refusal


def _environment(command: Command) -> Mapping[str, str]:
    if command.user is None or "HOME" in command.environment:
        return command.environment
    from .users import User

    return {**command.environment, "HOME": User.find(command.user).home}


def _stages_of_the_limits(node: str, groups: Groups | None) -> Iterator[Stage]:
    if groups:
        # First of all: whatever it does from here on counts.
        yield f"enter the cgroup of {node}", "echo 0 > cgroup.procs", lambda: groups.join(node)


def stages_of_the_view(
    node: str, netns_fd: int, files: Mapping[str, str], *, has_groups: bool = False
) -> Iterator[Stage]:
    """The network, files, processes and devices that a command sees."""
    yield f"enter the network of {node}", f"ip netns exec {node}", lambda: namespace.enter_network(netns_fd)
    yield "make its own mounts and hostname", "unshare --mount --uts", lambda: mounts.own_view(node)
    yield f"write {' and '.join(files)}", "mount --bind FILE /etc/FILE", lambda: mounts.own_files(files)
    yield "mount /proc", "mount -t proc proc /proc", mounts.own_processes
    yield "mount /sys", "mount -t sysfs sysfs /sys", mounts.own_devices
    if has_groups:  # of any node: one's view leads into another's, by /proc/PID/root
        yield "make the cgroups read-only", "mount -o remount,bind,ro /sys/fs/cgroup", mounts.lock_cgroups
    yield "hide the host's resolvers", "mount --bind /dev/null SOCKET", mounts.hide_resolvers


def _stages_of_the_process(command: Command, wanted: dict[int, int], limits: Limits, report_fd: int) -> Iterator[Stage]:
    yield from stages_of_what_it_inherits(command, wanted, limits, report_fd)
    yield from stages_of_the_user(command)
    if not command.privileged:
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


def _raised(limits: Limits, ulimits: Limits) -> Limits:
    """`limits`, but of `ulimits` only what is more than now: what is less might stop us before the command."""
    if not ulimits:
        return limits
    import resource

    raised = dict(limits)
    for number, wanted in ulimits.items():
        now = resource.getrlimit(number)
        soft, hard = (max(pair, key=_height) for pair in zip(now, wanted, strict=True))
        raised[number] = soft, hard
    return raised


def _height(limit: int) -> float:
    return float("inf") if limit < 0 else limit


def raise_limits(ulimits: Limits) -> None:
    """Give this process what is more of them than it has now, and nothing less."""
    _limit_resources(_raised({}, ulimits))


def _limit_resources(limits: Limits) -> None:
    import resource

    for number, pair in limits.items():
        if resource.getrlimit(number) != pair:
            resource.setrlimit(number, pair)


def fail(report: socket, error: OSError, stage: str, by_hand: str = "") -> NoReturn:
    """Tell the caller what failed, and end."""
    messages.tell(report, failure(error, stage, by_hand))
    os._exit(NEVER_EXECUTED)


def failure(error: OSError, stage: str, by_hand: str = "") -> Mapping[str, str]:
    """What failed, or how to fix it where the error knows that, as a message that Process reads."""
    if fix := getattr(error, "fix", ""):
        return {"failed": str(error), "fix": fix}
    path = os.fsdecode(error.filename or "")
    return {"failed": stage, "by hand": by_hand, "errno": str(error.errno or 0), "file": path}
