"""A command that belongs to a node: started with the lab, in the order of what it depends on."""

from __future__ import annotations

from .endpoint import check_name
from .errors import RequestError
from .publication import check_port
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@value
class Ready:
    """When a service can be used: something listens on `port`, it printed `log`, or `command` succeeds in its node.

    Just one of the three. `timeout_s`: how long that may take.
    """

    port: int | None = None
    log: str | None = None
    command: tuple[str, ...] | None = None
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.port, self.log, self.command)) != 1:
            raise RequestError("ready: not one check - give port, log or command, one of them")
        if self.port is not None:
            check_port(self.port)
        if self.log == "":
            raise RequestError("ready: nothing to look for in the log - write a part of the line")
        if self.command is not None and not _words(self.command):
            raise RequestError("ready: nothing to run - write a command, such as ['pg_isready']")
        if not 0 < self.timeout_s < float("inf"):
            raise RequestError(f"ready: timeout {self.timeout_s} - write a number of seconds above 0")


@value
class Service:
    """`argv` runs in `node`, in the directory `cwd` and with `environment` beside the caller's own.

    It starts once the services of the nodes in `depends_on` are `ready`.
    """

    node: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = {}
    cwd: str | None = None
    depends_on: tuple[str, ...] = ()
    ready: Ready | None = None

    def __post_init__(self) -> None:
        check_name(self.node)
        if not _words(self.argv):
            raise RequestError(f"{self.node!r}: a service without a command - write what to run, such as ['nginx']")


def _words(argv: tuple[str, ...]) -> bool:
    """Whether there is something to run. Raises TypeError for what is no tuple of words."""
    if not isinstance(argv, tuple):
        raise TypeError(f"a command is a tuple of words such as ('ping', 'b'), not {argv!r}")
    return bool(argv and argv[0])
