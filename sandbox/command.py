"""A command as it travels from the caller to init: what to execute, where, and how."""

from __future__ import annotations

from .errors import RequestError
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .messages import Message

MOST_KEPT = 240  # a message carries 253 descriptors, SCM_MAX_FD in include/net/scm.h, and has others as well
FLAGS = ("cwd_if_there", "held", "last", "tied", "service", "terminal", "privileged")


@value
class Command:
    """One program to execute in a node.

    `environment` is the whole of it; `user`, NAME or UID[:GID], is init's own unless it is given; their HOME is
    added if there is none. `cwd_if_there`: in a
    container without that directory it starts in /. `umask` (None: init's own) is a number; `limits` are pairs of
    rlimits by number. `held`: it waits, ready, for a word to begin. `last`: the lab ends with it. `tied`: it is
    killed when nobody waits for it any more. `service`: init keeps what it prints.
    `terminal`: its standard input becomes its controlling terminal. `privileged`: it keeps every capability that uid 0
    of the lab's user namespace has. `keep`: numbers of descriptors beside 0-2.
    """

    node: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: str = "/"
    cwd_if_there: bool = False
    user: str | None = None
    executable: str | None = None
    umask: int | None = None
    limits: Mapping[int, tuple[int, int]] = {}
    held: bool = False
    last: bool = False
    tied: bool = False
    service: bool = False
    terminal: bool = False
    privileged: bool = False
    keep: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_argv(self.argv)
        for text in (self.cwd, self.executable or "", self.user or "", *self.environment, *self.environment.values()):
            check_text(text)
        if any(not key or "=" in key for key in self.environment):
            raise ValueError("illegal environment variable name")
        if len(self.keep) > MOST_KEPT:
            raise RequestError(f"{len(self.keep)} descriptors to keep - pass {MOST_KEPT} at most")

    def to_message(self) -> dict[str, str | Sequence[str]]:
        """The fields to send."""
        return {
            "node": self.node,
            "arg": self.argv,
            "env": [f"{key}={content}" for key, content in self.environment.items()],
            "cwd": self.cwd,
            "user": [] if self.user is None else self.user,
            "executable": [] if self.executable is None else self.executable,
            "umask": [] if self.umask is None else str(self.umask),
            "limit": [f"{number} {soft} {hard}" for number, (soft, hard) in self.limits.items()],
            "flag": [name for name in FLAGS if getattr(self, name)],
            "keep": [str(number) for number in self.keep],
        }

    @classmethod
    def from_message(cls, message: Message) -> Command:
        """The command that was sent."""
        flags = message.get("flag", [])
        limits = (tuple(map(int, line.split())) for line in message.get("limit", []))
        return cls(
            node=message["node"][0],
            argv=tuple(message["arg"]),
            environment=dict(line.split("=", 1) for line in message.get("env", [])),
            cwd=message["cwd"][0],
            cwd_if_there="cwd_if_there" in flags,
            user=message.get("user", [None])[0],
            executable=message.get("executable", [None])[0],
            umask=int(message["umask"][0]) if "umask" in message else None,
            limits={number: (soft, hard) for number, soft, hard in limits},
            held="held" in flags,
            last="last" in flags,
            tied="tied" in flags,
            service="service" in flags,
            terminal="terminal" in flags,
            privileged="privileged" in flags,
            keep=tuple(map(int, message.get("keep", []))),
        )


def check_argv(argv: Sequence[str]) -> None:
    """Raise RequestError for a command without a program, ValueError for one with a NUL in it."""
    if not argv or not argv[0]:
        raise RequestError("no command - write what to run, such as: -- ping -c 1 192.168.1.2")
    for word in argv:
        check_text(word)


def check_text(text: str) -> None:
    """Raise ValueError for a NUL, which ends a text in C, and in a message."""
    if "\0" in text:
        raise ValueError("embedded null byte")
