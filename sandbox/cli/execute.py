"""`sandbox exec x/a -- CMD` and `sandbox shell x/a`: a command in a node of a lab that is up."""

from __future__ import annotations

import os
import select

from ..command import Command, check_argv
from ..errors import RequestError
from ..lab.node import current_directory
from ..values import value
from .run import begin_together, run_in_terminal, tell_end, wants_terminal
from .signals import Forwarding, hold
from .target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lab.kept import KeptLab

USAGE = "usage: sandbox exec LAB/NODE -- CMD"
HELP = ("-h", "--help")


@value
class ExecRequest:
    """What `sandbox exec` was asked for."""

    target: Target
    argv: tuple[str, ...]

    def __post_init__(self) -> None:
        check_argv(self.argv)


def parse_exec(words: Sequence[str]) -> ExecRequest | None:
    """The request in `words`, which follow `exec`; None when they ask for help. Raises RequestError."""
    if not words or words[0] in HELP or words[0].startswith("-"):
        if any(word in HELP for word in words[:1]):
            return None
        raise RequestError(f"exec wants a node of a lab - {USAGE}")
    target, rest = Target.parse(words[0]), words[1:]
    if rest[:1] == ["--help"]:
        return None
    if rest and rest[0] == "--":
        rest = rest[1:]
    elif rest and rest[0].startswith("-"):
        raise RequestError(f"{rest[0]!r}: no such option - {USAGE}")
    if not rest:
        raise RequestError(f"no command - {USAGE}; for a shell: sandbox shell {words[0]}")
    return ExecRequest(target, tuple(rest))


def execute(request: ExecRequest) -> int:
    """Run the command; returns its exit status. It is killed when this program is."""
    with request.target.open() as lab:
        node = request.target.the_node(lab)
        has_terminal = wants_terminal()
        command = Command(
            node=node.name,
            argv=request.argv,
            environment=node.environment(),
            cwd=current_directory(),
            tied=True,
            terminal=has_terminal,
        )
        if has_terminal:
            return run_in_terminal(lab, command)
        return _run(lab, command)


def shell(target: Target) -> int:
    """A shell in a node: the user's own, by $SHELL."""
    return execute(ExecRequest(target, (os.environ.get("SHELL") or "/bin/sh",)))


def _run(lab: KeptLab, command: Command) -> int:
    hold()
    process = lab.start(command, (0, 1, 2))
    begin_together([process])
    ended = process.fileno()  # a signal may be what finds that it has ended already
    with Forwarding([process]) as signals:
        poll = select.poll()
        for fd in (ended, signals.fileno()):
            poll.register(fd, select.POLLIN)
        while process.poll() is None:
            if signals.fileno() in (fd for fd, _ in poll.poll()):
                signals.awake()
    return tell_end(process)
