"""Every deliberate error, and the exit status the command line gives it.

SandboxError                 125   our failure; nothing is left behind
├── RequestError (ValueError)  2   what was asked for makes no sense; nothing was touched
├── NotAllowed               125   this machine forbids it; `.fix` says what to change
├── StepFailed               125   the kernel refused one step; `.step`, `.errno`
├── ServiceFailed            125   not ready in time; or its own status, if it ended before it was ready
└── LabClosed                125   used after close, or its init has died

A command that cannot be started raises what subprocess raises: FileNotFoundError (127) or
PermissionError (126). Errors are one line, lower case, `what - how to fix`.
"""

from __future__ import annotations


class SandboxError(Exception):
    """Something of ours failed. Whatever was built is gone."""

    exit_status = 125


class RequestError(SandboxError, ValueError):
    """A request that cannot be met as written. Raised before anything is touched."""

    exit_status = 2


class NotAllowed(SandboxError):
    """This machine forbids what is needed, for `what` it is. `fix` is the command or setting that allows it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what} - {fix}")
        self.what = what
        self.fix = fix


class StepFailed(SandboxError):
    """The kernel refused one step.

    `step` is the equivalent command by hand, if there is one, `errno` the kernel's error number.
    """

    def __init__(self, what: str, step: str, errno: int) -> None:
        super().__init__(f"{what} - {f'by hand: {step}' if step else 'is a limit reached? ulimit -a'}")
        self.step = step
        self.errno = errno


class ServiceFailed(SandboxError):
    """A service ended before it was ready, or was not ready in time; `node` is where it belongs."""

    def __init__(self, node: str, what: str, exit_status: int = 125) -> None:
        super().__init__(f"{node!r}: {what}")
        self.node = node
        self.exit_status = exit_status


class LabClosed(SandboxError):
    """The lab is closed, or its init was killed."""
