"""A command that belongs to a node: started with the lab, in the order of what it depends on."""

from __future__ import annotations

from ..errors import RequestError
from ..values import value
from .endpoint import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHELL = ("/bin/sh", "-c")
READY_WITHIN_S = 30.0


@value
class Ready:
    """When a service can be used: something listens on `port`, it printed `log`, or `command` succeeds in its node.

    Just one of the three. `timeout_s`: how long that may take.
    """

    port: int | None = None
    log: str | None = None
    command: tuple[str, ...] | None = None
    timeout_s: float = READY_WITHIN_S

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.port, self.log, self.command)) != 1:
            raise RequestError("ready: not one check - give port, log or command, one of them")
        if self.port is not None and not 1 <= self.port <= 65535:
            raise RequestError(f"ready: port {self.port} - write a number from 1 to 65535")
        if self.log is not None and (not self.log or "\n" in self.log):
            raise RequestError(f"ready: log {self.log!r} - write a part of one line")
        if self.command is not None:
            _check_argv("ready", self.command, "['test', '-e', '/run/pid']")
        if not 0 < self.timeout_s < float("inf"):
            raise RequestError(f"ready: timeout {self.timeout_s} - write a number of seconds above 0")

    def __str__(self) -> str:
        if self.port is not None:
            return f"something listens on port {self.port}"
        return f"{list(self.command)!r} succeeds" if self.command else f"a line of its output has {self.log!r}"


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
        _check_argv(f"{self.node!r}", self.argv, "['nginx']")
        for key, content in self.environment.items():
            if not key or "=" in key or "\0" in key + content:
                raise RequestError(f"{self.node!r}: {key!r} cannot be in an environment - write NAME = 'text'")
        if self.cwd is not None and (not self.cwd or "\0" in self.cwd):
            raise RequestError(f"{self.node!r}: cwd {self.cwd!r} - write a directory")


def check_services(services: Sequence[Service]) -> None:
    """Raise RequestError unless each node has one service and they can be started in some order."""
    of_node: dict[str, Service] = {}
    for service in services:
        if service.node in of_node:
            raise RequestError(f"{service.node!r}: two services in one node - give the other a node of its own")
        of_node[service.node] = service
    for service in services:
        for name in service.depends_on:
            if name not in of_node:
                fix = f"the nodes with one are {', '.join(of_node)}"
                raise RequestError(f"{service.node!r} depends on {name!r}: no service there - {fix}")
    _check_no_circle(of_node)


def _check_no_circle(of_node: Mapping[str, Service]) -> None:
    from graphlib import CycleError, TopologicalSorter

    try:
        TopologicalSorter({name: service.depends_on for name, service in of_node.items()}).prepare()
    except CycleError as error:
        # It names what has to come first before what needs it.
        circle = " needs ".join(map(repr, reversed(error.args[1])))
        raise RequestError(f"depends_on: a circle, {circle} - leave one of them out") from None


def _check_argv(whose: str, argv: Iterable[str], example: str) -> None:
    if isinstance(argv, str):
        raise TypeError(f"a command is a tuple of words, not {argv!r}")
    words = tuple(argv)
    if not words or not words[0]:
        raise RequestError(f"{whose}: no command - write what to run, such as {example}")
    if any("\0" in word for word in words):
        raise RequestError(f"{whose}: a NUL in its command - leave it out")
