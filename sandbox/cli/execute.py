"""`sandbox exec x/a -- CMD` and `sandbox shell x/a`: a command in a node of a lab that is up."""

from __future__ import annotations

import os
import select

from ..command import check_argv
from ..errors import RequestError
from ..lab.setting import Setting
from ..values import value
from .run import begin_together, run_in_terminal, tell_end, wants_terminal
from .signals import Forwarding, Hold
from .surroundings import setting, take
from .target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..command import Command
    from ..lab.kept import KeptLab

USAGE = "usage: sandbox exec [-e NAME=VALUE]... [-w DIR] LAB/NODE -- CMD"
HELP = ("-h", "--help")


@value
class ExecRequest:
    """What `sandbox exec` was asked for."""

    target: Target
    argv: tuple[str, ...]
    setting: Setting = Setting()

    def __post_init__(self) -> None:
        check_argv(self.argv)


def parse_exec(words: Sequence[str]) -> ExecRequest | None:
    """The request in `words`, which follow `exec`; None when they ask for help. Raises RequestError."""
    target: Target | None = None
    said: list[tuple[str, str]] = []
    left = list(words)
    while left and (target is None or left[0].startswith("-")):
        word = left.pop(0)
        if word in HELP:
            return None
        if word == "--":
            break
        if word.startswith("-"):
            said.append(take(word, left, USAGE))
        else:
            target = Target.parse(word)
    if target is None:
        raise RequestError(f"exec wants a node of a lab - {USAGE}")
    if not left:
        raise RequestError(f"no command - {USAGE}; for a shell: sandbox shell {target}")
    return ExecRequest(target, tuple(left), setting(said))


def execute(request: ExecRequest) -> int:
    """Run the command; returns its exit status. It is killed when this program is."""
    with request.target.open() as lab:
        node = request.target.the_node(lab)
        has_terminal = wants_terminal()
        command = request.setting.command(node, request.argv, tied=True, terminal=has_terminal)
        if has_terminal:
            return run_in_terminal(lab, command)
        return _run(lab, command)


def shell(target: Target) -> int:
    """A shell in a node: the user's own, by $SHELL, but in another system's files the one that any has."""
    with target.open() as lab:
        is_elsewhere = lab.topology.containment is not None and lab.topology.containment.root is not None
    own = os.environ.get("SHELL")
    return execute(ExecRequest(target, (own if own and not is_elsewhere else "/bin/sh",)))


def _run(lab: KeptLab, command: Command) -> int:
    hold = Hold()
    process = lab.start(command, (0, 1, 2))
    with Forwarding([process], hold=hold) as signals:
        begin_together([process])
        ended = process.fileno()  # a signal may be what finds that it has ended already
        signals.let_in()
        poll = select.poll()
        for fd in (ended, signals.fileno()):
            poll.register(fd, select.POLLIN)
        while process.poll() is None:
            if signals.fileno() in (fd for fd, _ in poll.poll()):
                signals.awake()
    return tell_end(process)
