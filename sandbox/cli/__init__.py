"""The command line: the only code that prints or exits. No logic of its own.

`sandbox run`, whose start is to cost no more than it must, is recognised here and goes its way without typer,
whose import takes twice as long as the whole launch. Everything else, --help of `run` as well, is typer's.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from .arguments import RunRequest

INTERRUPTED = 130
CLOSED_OUTPUT = 141  # as a command that dies of SIGPIPE


def main() -> NoReturn:
    """Carry out the command line and exit as it says."""
    # A launch makes little garbage, and is over before a collection could pay; see also Init.serve().
    gc.disable()
    try:
        _open_standard_streams()
        status = _carry_out(sys.argv[1:])
    except BrokenPipeError:
        status = CLOSED_OUTPUT
    except KeyboardInterrupt:
        status = INTERRUPTED
    except (ImportError, MemoryError, OSError) as error:
        # A part of Python, or of this, that cannot be loaded: with no memory left it is any import that fails.
        what = f"{error or 'out of memory'}".replace("\n", " ")
        status = complain(f"{what} - is a limit reached (ulimit -a), or something not installed?", 125)
    # Tearing down an interpreter that ends anyway takes 2 ms; all that was written is flushed here.
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = status or CLOSED_OUTPUT
    except OSError as error:
        status = status or complain(f"{error.strerror} - what was to be printed could not be written to stdout", 125)
    os._exit(status)


def _carry_out(arguments: Sequence[str]) -> int:
    from ..errors import SandboxError

    try:
        if arguments[:1] == ["run"] and "_SANDBOX_COMPLETE" not in os.environ:
            from .arguments import parse

            request = parse(arguments[1:])
            if request is not None:
                return carry_out(request)
        if arguments[:1] == ["exec"] and "_SANDBOX_COMPLETE" not in os.environ:
            from .execute import execute, parse_exec

            command = parse_exec(arguments[1:])
            if command is not None:
                return execute(command)
        from .app import typed

        return typed(arguments)
    except SandboxError as error:
        return complain(str(error), error.exit_status)
    except BrokenPipeError:
        raise
    except OSError as error:
        from ..doctor import forbidden

        path = f"{error.filename!r}: " if error.filename else "a system call was refused: "
        return complain(str(forbidden(error.errno or 0) or f"{path}{error.strerror or error}"), 125)


def carry_out(request: RunRequest) -> int:
    """`sandbox run`; returns the exit status."""
    if request.dump:
        from .export import dump

        sys.stdout.write(dump(request.topology, request.commands, request.setting))
        return 0
    from .launch import launch

    lab = launch(request.topology, as_root=request.as_root)
    # Only now: while this is imported, init builds the network on another processor.
    from .run import run

    return run(request, lab)


def complain(what: str, status: int) -> int:
    """Say on one line of stderr what is wrong; returns `status`."""
    line = f"sandbox: error: {what}\n".encode(errors="backslashreplace")
    try:
        os.write(2, line)
    except OSError:
        return status  # nobody can be told
    return status


def _open_standard_streams() -> None:
    """What was closed at the start is /dev/null, lest a descriptor of ours becomes somebody's output."""
    fd = os.open(os.devnull, os.O_RDWR)
    while fd <= 2:
        fd = os.dup(fd)
    os.close(fd)
    # Python has None for what it found closed, and typer, rich and others ask it whether it is a terminal.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
