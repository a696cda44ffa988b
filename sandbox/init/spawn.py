"""The last moments before a command: from a fork of init to exec, a list of stages in their order.

Order matters. Entering and mounting need privilege, so it is given up after them; what is inherited is settled
last, so that nothing in between can leak into the command.
"""

from __future__ import annotations

import fcntl
import os

from .. import messages
from ..kernel import caps, descriptors, mounts, namespace, signals
from . import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterator, Mapping
    from typing import NoReturn

    from ..command import Command
    from ..kernel.descriptors import Limits
    from .groups import Groups

    # What is being done, the same by hand, and the doing of it.
    Stage = tuple[str, str, Callable[[], object]]

TIOCSCTTY = 0x540E
NEVER_EXECUTED = 125


def execute(
    command: Command,
    netns_fd: int,
    files: Mapping[str, str],
    inherited: list[int],
    report: socket,
    *,
    limits: Limits,
    groups: Groups | None,
) -> NoReturn:
    """Become `command`. `files` are texts of its own by path; `inherited` its descriptors 0, 1, 2 and those to keep.

    `limits` are the resource limits that it gets, by number; `groups` what its node is limited to, if anything.

    What fails is told to the caller through `report`, which closes by itself when exec succeeds.
    """
    numbers = (0, 1, 2, *command.keep)
    # Out of the way of the numbers that the command gets.
    report_fd = descriptors.above(report.fileno(), max(numbers) + 1)
    report = messages.adopt(report_fd)
    netns_fd = descriptors.above(netns_fd, max(numbers) + 1)
    wanted = dict(zip(numbers, inherited, strict=True))
    ulimits = groups.ulimits(command.node) if groups else {}
    for what, by_hand, carry_out in (
        *_stages_of_the_limits(command.node, groups),
        *_stages_of_the_view(command.node, netns_fd, files, has_groups=bool(groups and groups.has_cgroups)),
        *_stages_of_the_process(command, wanted, _raised({**limits, **ulimits}, ulimits), report_fd),
    ):
        try:
            carry_out()
        except OSError as error:
            fail(report, error, what, by_hand)
    try:
        path = program.find(command.executable or command.argv[0], command.environment)
        if command.held:
            program.check(path)
            _wait_for_the_others(report)
        if ulimits:
            _limit_resources(ulimits)
        os.execve(path, command.argv, command.environment)
    except OSError as error:
        error.filename = error.filename or command.argv[0]
        fail(report, error, "execute")


def _stages_of_the_limits(node: str, groups: Groups | None) -> Iterator[Stage]:
    if groups:
        # First of all: whatever it does from here on counts.
        yield f"enter the cgroup of {node}", "echo 0 > cgroup.procs", lambda: groups.join(node)


def _stages_of_the_view(node: str, netns_fd: int, files: Mapping[str, str], *, has_groups: bool) -> Iterator[Stage]:
    yield "begin a session", "setsid", os.setsid
    yield f"enter the network of {node}", f"ip netns exec {node}", lambda: namespace.enter_network(netns_fd)
    yield "make its own mounts and hostname", "unshare --mount --uts", lambda: mounts.own_view(node)
    yield f"write {' and '.join(files)}", "mount --bind FILE /etc/FILE", lambda: mounts.own_files(files)
    yield "mount /proc", "mount -t proc proc /proc", mounts.own_processes
    yield "mount /sys", "mount -t sysfs sysfs /sys", mounts.own_devices
    if has_groups:  # of any node: one's view leads into another's, by /proc/PID/root
        yield "make the cgroups read-only", "mount -o remount,bind,ro /sys/fs/cgroup", mounts.lock_cgroups
    yield "hide the host's resolvers", "mount --bind /dev/null SOCKET", mounts.hide_resolvers


def _stages_of_the_process(command: Command, wanted: dict[int, int], limits: Limits, report_fd: int) -> Iterator[Stage]:
    yield "place descriptors", "exec 3>&-", lambda: descriptors.place(wanted)
    if command.terminal:
        yield "take the terminal", "setsid --ctty", lambda: fcntl.ioctl(0, TIOCSCTTY, 0)
    if command.umask is not None:
        yield "set the umask", f"umask {command.umask:o}", lambda: os.umask(command.umask or 0)
    if limits:
        # Those of init may be more than the command is allowed: then nothing more could be opened until exec.
        yield "close what is init's", "exec 4>&-", lambda: descriptors.close_others((*wanted, report_fd))
        yield "set resource limits", "ulimit", lambda: _limit_resources(limits)
    yield "give up capabilities", "setpriv --bounding-set", caps.limit
    yield "forbid new privileges", "setpriv --no-new-privs", caps.no_new_privileges
    yield "cwd", f"cd {command.cwd}", lambda: os.chdir(command.cwd)
    yield "reset signals", "trap -", signals.reset


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
