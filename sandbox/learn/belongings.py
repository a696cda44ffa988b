"""What a lesson makes on a host, and whether it touches anything else there: told by its commands. Pure.

Only what is known to be harmless is let through: a command that is not understood counts as touching the host.
"""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from ipaddress import ip_interface
from itertools import pairwise

from msgspec import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lessons.lesson import Lesson

SEPARATORS = frozenset(";&|()")
# These only look, whatever their arguments.
LOOKS = frozenset(
    (":", "cat", "echo", "grep", "head", "ls", "lsns", "ping", "printf", "readlink", "ss", "stat", "tracepath", "true")
)
# A setting of one interface.
SETTING = re.compile(r"net\.ipv[46]\.\w+\.([\w-]+)\.\w+=\d+")
KEYWORDS = frozenset(("do", "done", "until", "while", "if", "then", "else", "fi", "!"))
KILLS = re.compile(r"\bkill \$\((ip netns pids [\w-]+)\)")
LOOP = re.compile(r"\bfor (\w+) in ([^;]+); do (.*?); done")
SHOWS = ("", "show", "list", "ls", "get", "list-id", "monitor")
# After `ip link add`: words that are followed by a name which is the interface's, and by one that is not.
NAMES_IT, NAMES_ANOTHER = ("name", "dev"), ("link", "type")


class Belongings(Struct, frozen=True):
    """Names on the host that are a lesson's own."""

    namespaces: tuple[str, ...]
    links: tuple[str, ...]
    subnets: tuple[str, ...] = ()


def belongings(lesson: Lesson) -> Belongings:
    """What the lesson makes."""
    namespaces: dict[str, None] = {}
    links: dict[str, None] = {}
    subnets: dict[str, None] = {}
    for simple in (each for words in lesson.commands for each in _simple(words) or ()):
        match _ip(simple):
            case ("", "netns", "add", name, *_):
                namespaces[name] = None
            case ("", "link", "add", *rest):
                links |= dict.fromkeys(_added(rest))
            case ("", "link", "set", *rest) if "name" in rest[:-1]:
                links[rest[rest.index("name") + 1]] = None
            case ("", "address" | "addr", "add", address, *_):
                with suppress(ValueError):  # which `ip` will refuse
                    subnets[str(ip_interface(address).network)] = None
    return Belongings(tuple(namespaces), tuple(links), tuple(subnets))


def stray(lesson: Lesson) -> str | None:
    """The first command that may touch the host beyond what the lesson makes there, None when there is none."""
    own = belongings(lesson)
    for words in lesson.commands:
        parts = _simple(words)
        if parts is None or not all(_is_confined(part, own) for part in parts):
            return words
    return None


def _simple(words: str) -> list[list[str]] | None:
    """The simple commands of a line for `sh`; None for what has more to it than these."""
    words = KILLS.sub(r"\1", words)
    if any(sign in words for sign in ("$(", "`", "<", "\n")):
        return None
    lexer = shlex.shlex(LOOP.sub(_unrolled, words), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        return None
    commands: list[list[str]] = [[]]
    for token in tokens:
        if SEPARATORS.issuperset(token):
            commands.append([])
        elif commands[-1] or token not in KEYWORDS:
            commands[-1].append(token)
    return _opened([each for each in commands if each])


def _unrolled(loop: re.Match[str]) -> str:
    name, values, body = loop.groups()
    return "; ".join(body.replace(f"${name}", value) for value in values.split())


def _opened(commands: list[list[str]]) -> list[list[str]] | None:
    """The same, with what is run by another `sh` in its stead."""
    found: list[list[str]] = []
    for words in commands:
        match words:
            case ["timeout", _, "sh", "-c", script] | ["sh", "-c", script]:
                inner = _simple(script)
                if inner is None:
                    return None
                found += inner
            case _:
                found.append(words)
    return found


def _ip(words: list[str]) -> tuple[str, ...]:
    """A command of `ip`: the namespace that it is for, or "", and its words without options. Else nothing."""
    if words[0] != "ip":
        return ()
    namespace, rest = "", words[1:]
    while rest and rest[0].startswith("-"):
        option, *rest = rest
        if option in ("-n", "-netns") and rest:
            namespace, *rest = rest
    return namespace, *rest


def _is_confined(words: list[str], own: Belongings) -> bool:
    if ">" in "".join(words) and not _discards(words):
        return False
    if words[0] in LOOKS:
        return True
    match _ip(words):
        case ():
            return _is_confined_otherwise(words, own)
        case (_,):
            return True  # `ip -V`
        case ("", "netns", "add" | "delete" | "del" | "exec" | "pids" | "set", name, *_):
            return name in own.namespaces
        case ("", "link", "add", *_):
            return True
        case ("", "link", "set" | "delete" | "del", *rest):
            return bool(rest) and rest[rest[0] == "dev"] in own.links
        case ("", "address" | "addr", "add" | "delete" | "del", _, "dev", name):
            return name in own.links
        case ("", _, *rest):
            return (rest[0] if rest else "") in SHOWS
        case (namespace, *rest):
            return namespace in own.namespaces and not _comes_to_the_host(rest)
    return False


def _is_confined_otherwise(words: list[str], own: Belongings) -> bool:
    match words:
        case ["bridge", *rest] if {"show", "add", "delete", "del", "set", "append", "replace"} & {*rest} <= {"show"}:
            return True
        case ["sysctl", *rest]:
            settings = [SETTING.fullmatch(each) for each in rest if not each.startswith("-")]
            return all(each and each[1] in own.links for each in settings)
    return False


def _discards(words: list[str]) -> bool:
    """Whether all that it redirects goes to /dev/null."""
    targets = [target for sign, target in pairwise(words) if sign in (">", ">>", ">&")]
    return len(targets) == sum(">" in word for word in words) and set(targets) <= {"/dev/null", "1", "2"}


def _comes_to_the_host(rest: list[str]) -> bool:
    """Whether it moves something to a namespace that is known by a number."""
    return any(word == "netns" and name.isdecimal() for word, name in pairwise(rest))


def _added(rest: list[str]) -> Iterator[str]:
    """The names of what `ip link add` makes here, the other end of a pair included, and not in a namespace at once."""
    ends = [rest[: rest.index("peer")], rest[rest.index("peer") + 1 :]] if "peer" in rest else [rest]
    for end in ends:
        if "netns" not in end:
            yield from _named(end)


def _named(end: list[str]) -> Iterator[str]:
    """Its name: after one of these words, else the first that is not said of something else."""
    before = ""
    bare = []
    for word in end:
        if before in NAMES_IT:
            yield word
            return
        if before not in NAMES_ANOTHER and word not in (*NAMES_IT, *NAMES_ANOTHER):
            bare.append(word)
        before = word
    yield from bare[:1]
