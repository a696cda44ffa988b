"""The words of `sandbox run` as a request. The one parser of them: typer hands them here as well.

Typer itself cannot say `--pair A B` twice (it keeps the last), and would take `--` for an endpoint.
"""

from __future__ import annotations

import os

from ..command import check_argv
from ..errors import RequestError
from ..topology import Topology
from ..values import value
from . import surroundings
from .surroundings import OF_COMMANDS, OF_CONTAINERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..lab.setting import Setting
    from ..topology.draft import Draft

    Declaration = tuple[str, list[str]]

USAGE = "usage: sandbox run [LAB.toml] [--pair A B]... [options] -- CMD [::: CMD]..."

# What a topology is declared with, in order: how many operands each takes, and which.
DECLARATIONS = {
    "--topology": (1, "a shape with its numbers, such as tree:2,3"),
    "--pair": (2, "two endpoints, NAME:ADDRESS each"),
    "--switch": (1, "a switch, NAME[:SUBNET]"),
    "--node": (1, "a node, NAME[:ADDRESS]"),
    "--router": (1, "the name of a node"),
    "--alias": (1, "a node and its other name, NODE:ALIAS"),
    "--uplink": (1, "the name of a node or a switch"),
    "--publish": (1, "two ports and a node, PORT:NODE:PORT"),
    "--no-routes": (0, ""),
    "--memory": (1, "a size, [NODE:]SIZE such as 256M"),
    "--pids": (1, "a number of processes, [NODE:]NUMBER"),
    "--cpus": (1, "a number of processors, [NODE:]NUMBER such as 0.5"),
    "--ulimit": (1, "a limit of each process, [NODE:]NAME=SOFT[:HARD]"),
    **OF_CONTAINERS,
}
LIMITS = ("--memory", "--pids", "--cpus", "--ulimit")
SHORT = {"-p": "--publish"}
FILE = "a file"  # is declared as well: it stands anywhere among them
OF_PLACES = (FILE, "--topology", "--pair", "--switch", "--node")  # without any of them there is one node
SEPARATOR = ":::"

HELP = ("-h", "--help")

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_TIMEOUT_S = 24 * 86400  # poll(2) counts milliseconds in 31 bits


@value
class RunRequest:
    """What `sandbox run` was asked for: a topology, a command for each node in order, and how to show them.

    Without commands the topology's services run. With `dump` nothing does: the topology is shown.
    `timeout_s`: how long they may take, all together.
    """

    topology: Topology
    commands: tuple[tuple[str, ...], ...]
    stdin: str | None = None
    until: str | None = None
    as_root: bool = False
    raw: bool = False
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    dump: bool = False
    setting: Setting | None = None
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        services = [service.node for service in self.topology.services]
        busy = services if services and not self.commands else self.topology.places
        for option, node in (("-i", self.stdin), ("--until", self.until)):
            if node is not None and node not in busy:
                what = "no command there" if node in self.topology.nodes else "no such node"
                raise RequestError(f"{option} {node!r}: {what} - the nodes are {', '.join(busy)}")
        for one, other in (("raw", "json"), ("quiet", "verbose")):
            if getattr(self, one) and getattr(self, other):
                raise RequestError(f"--{one} and --{other} exclude each other - {USAGE}")


def parse(words: Sequence[str]) -> RunRequest | None:
    """The request in `words`, which follow `run`; None when they ask for help.

    Raises RequestError for everything that cannot be met as written.
    """
    options, command = _split(words)
    if options is None:
        return None
    topology, chosen = RUN.read(options)
    has_none = not command and (topology.services or "dump" in chosen)
    commands = () if has_none else _one_each(command, topology)
    timeout_s = read_timeout(str(chosen.pop("timeout"))) if "timeout" in chosen else None
    return RunRequest(topology, commands, timeout_s=timeout_s, **chosen)


@value
class Grammar:
    """The options of a subcommand, and always DECLARATIONS. `flags` stand alone, `with_node` take a name.

    `wants`: what those take that take something else. `more` are declared like a topology, but of its commands.
    """

    usage: str
    flags: Mapping[str, str]
    with_node: Mapping[str, str] = {}
    wants: Mapping[str, str] = {}
    more: Mapping[str, tuple[int, str]] = {}

    def read(self, words: Sequence[str]) -> tuple[Topology, dict[str, Any]]:
        """The topology and the chosen options in `words`. Raises RequestError."""
        declared: list[Declaration] = []
        of_commands: list[tuple[str, str]] = []
        chosen: dict[str, Any] = {}
        takes = {**DECLARATIONS, **self.more}
        left = list(words)
        while left:
            word = left.pop(0)
            name, equals, attached = word.partition("=")
            if equals and (name in self._short or name in self.with_node or takes.get(name, (0, ""))[0]):
                left.insert(0, attached)
                word = name
            word = self._short.get(word, word)
            if word in takes:
                count, wants = takes[word]
                operands = [self._operand(word, wants, left) for _ in range(count)]
                if word in self.more:
                    of_commands.append((word, "".join(operands)))
                else:
                    declared.append((word, operands))
            elif word in self.with_node:
                chosen[self.with_node[word]] = self._operand(word, self.wants.get(word, "a name"), left)
            elif word in self.flags:
                chosen[self.flags[word]] = True
            elif is_file(word) and not any(option == FILE for option, _ in declared):
                declared.append((FILE, [word]))
            else:
                raise RequestError(self._unknown(word))
        if of_commands:
            chosen["setting"] = surroundings.setting(of_commands)
        return _topology(declared), chosen

    @property
    def _short(self) -> dict[str, str]:
        return {**SHORT, **surroundings.SHORT} if self.more else SHORT

    @property
    def _options(self) -> tuple[str, ...]:
        return (*DECLARATIONS, *self._short, *self.more, *self.with_node, *self.flags, *HELP)

    def _operand(self, option: str, wants: str, left: list[str]) -> str:
        if not left or left[0] in self._options:
            raise RequestError(f"{option} wants {wants} - {self.usage}")
        return left.pop(0)

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"{word!r}: not an option - {self.usage}; a command stands after --"
        return f"{word!r}: no such option - {meant(word, self._options) or self.usage}"


RUN = Grammar(
    USAGE,
    flags={
        "--as-root": "as_root",
        "--raw": "raw",
        "--json": "json",
        "-q": "quiet",
        "--quiet": "quiet",
        "-v": "verbose",
        "--verbose": "verbose",
        "--dump-topology": "dump",
    },
    with_node={"-i": "stdin", "--stdin": "stdin", "--until": "until", "--timeout": "timeout"},
    wants={"--timeout": "a time such as 30s"},
    more=OF_COMMANDS,
)


def read_timeout(text: str) -> float:
    """The seconds in "30s", "1.5m", "2h" or "1d", as timeout(1) has them. Raises RequestError."""
    number = text.rstrip("smhd") if text[-1:] in SECONDS else text
    unit = text[len(number) :] or "s"
    whole, _, fraction = number.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and unit in SECONDS):
        raise RequestError(f"--timeout {text!r}: not a time - write such as 30s, 1.5m or 2h")
    seconds = float(number) * SECONDS[unit]
    if not 0 < seconds <= LONGEST_TIMEOUT_S:
        raise RequestError(f"--timeout {text!r}: out of range - write more than 0 and at most 24d, or leave it out")
    return seconds


def meant(word: str, known: Sequence[str]) -> str:
    """What to say to a word that is nearly one of those `known`, else nothing."""
    from difflib import get_close_matches

    # The two dashes alone make any two short options somewhat alike.
    close = get_close_matches(word, known, n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else ""


def _topology(declared: Sequence[Declaration]) -> Topology:
    if said := [(option, "".join(operands)) for option, operands in declared if option in OF_CONTAINERS]:
        return surroundings.contained(_topology([each for each in declared if each[0] not in OF_CONTAINERS]), said)
    limits = [(option.removeprefix("--"), operands[0]) for option, operands in declared if option in LIMITS]
    if limits:
        from ..topology.limits import declared as with_limits

        return with_limits(_topology([each for each in declared if each[0] not in LIMITS]), limits)
    if not declared:
        return Topology.alone()
    if all(option == "--pair" for option, _ in declared):
        return Topology.parse(ends for _, ends in declared)  # type: ignore[misc]
    from ..topology.draft import Draft  # a pair needs none

    draft = Draft()
    if sum(option == "--topology" for option, _ in declared) > 1:
        raise RequestError("--topology twice: both would have the same names - write it once, and add what is missing")
    if not any(option in OF_PLACES for option, _ in declared):
        draft.extend(Topology.alone())
    for option, operands in declared:
        if option == FILE:
            declare_file(draft, operands[0])
        elif option == "--topology":
            from ..topologies import parse as generated

            draft.extend(generated(*operands))
        elif option == "--alias":
            node, _, alias = operands[0].partition(":")
            if not (node and alias):
                raise RequestError(f"{operands[0]!r}: not an alias - write NODE:ALIAS")
            draft.alias(alias, node)
        else:
            getattr(draft, option.removeprefix("--").replace("-", "_"))(*operands)
    return draft.topology()


def is_file(word: str) -> bool:
    """Whether the word names a lab file, one that there is or, by its ending, should be."""
    return not word.startswith("-") and (word.endswith(".toml") or (os.path.exists(word) and not os.path.isdir(word)))


def declare_file(draft: Draft, path: str) -> None:
    """Declare what the file says. Raises RequestError, also for a file that cannot be read."""
    from ..labfile import declare, read_text

    try:
        text = read_text(path)
    except OSError as error:
        raise RequestError(f"{path!r}: {error.strerror} - write the name of a lab file") from None
    declare(draft, text, source=path)


def _split(words: Sequence[str]) -> tuple[Sequence[str] | None, Sequence[str]]:
    """The words before and after `--`; None before when they ask for help."""
    words = list(words)
    end = words.index("--") if "--" in words else len(words)
    if any(word in HELP for word in words[:end]):
        return None, ()
    return words[:end], words[end + 1 :]


def _one_each(words: Sequence[str], topology: Topology) -> tuple[tuple[str, ...], ...]:
    """A command for every node: one for all of them, or one each between `:::`."""
    if not words:
        raise RequestError(f"no command - {USAGE}")
    commands: list[list[str]] = [[]]
    for word in words:
        if word == SEPARATOR:
            commands.append([])
        else:
            commands[-1].append(word)
    nodes = topology.places
    if len(commands) == 1:
        commands *= len(nodes)
    if len(commands) != len(nodes):
        raise RequestError(
            f"{len(commands)} commands between {SEPARATOR} for {len(nodes)} node{'s' * (len(nodes) > 1)} "
            f"({', '.join(nodes)}) - write one for all or one for each; {USAGE}"
        )
    for command in commands:
        check_argv(command)
    return tuple(map(tuple, commands))
