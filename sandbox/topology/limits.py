"""What a node may use of the machine: memory, processes, processors, together; and each process by its ulimits."""

from __future__ import annotations

from ..errors import RequestError
from ..sizes import is_digits, read_size, spell_size
from ..values import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from . import Topology

    Pair = tuple[int, int]

LEAST_MEMORY, MOST_MEMORY = 512 << 10, 1 << 62  # what a group itself may take, and half of what 64 bits hold
MOST_PIDS = 1 << 22  # PID_MAX_LIMIT in include/linux/threads.h
LEAST_CPUS, MOST_CPUS = 0.01, 8192  # the least quota is 1 ms of 100; the most processors a kernel is built for
UNLIMITED = -1  # RLIM_INFINITY
NO_NUMBER_ABOVE = 1 << 63

# Of getrlimit(2), by the names that `docker run --ulimit` has for them.
ULIMITS = (
    *("as", "core", "cpu", "data", "fsize", "memlock", "msgqueue", "nice"),
    *("nofile", "nproc", "rtprio", "rttime", "sigpending", "stack"),
)
# Docker takes these as well, and the kernel has ignored them since 2.4: a limit that limits nothing is none.
IGNORED = {"rss": "limit the memory of the node instead", "locks": "leave it out"}


@value
class Limits:
    """What one node may use; None, or no ulimit: as much as there is.

    `memory` (bytes, or text such as "256M"), `pids` (processes and threads) and `cpus` (processors' worth of time) hold
    for all commands of the node together, swap included. `ulimits` hold for each process: by name a number, a pair of
    the soft and the hard one, or text such as "64:128". Raises RequestError, TypeError for what is neither.
    """

    memory: int | str | None = None
    pids: int | None = None
    cpus: float | None = None
    ulimits: Mapping[str, int | str | Pair] = {}

    def __post_init__(self) -> None:
        # What means the same is equal, however it was written.
        self.__dict__.update(
            memory=None if self.memory is None else _memory(self.memory),
            pids=None if self.pids is None else _pids(self.pids),
            cpus=None if self.cpus is None else _cpus(self.cpus),
            ulimits={name: _ulimit(name, self.ulimits[name]) for name in sorted(self.ulimits)},
        )

    @classmethod
    def parse(cls, key: str, text: str) -> Limits:
        """One limit as the command line has it: `memory`, `pids`, `cpus` or `ulimit`, and its text."""
        match key:
            case "memory":
                return cls(memory=text)
            case "pids":
                return cls(pids=_number("pids", text))
            case "cpus":
                return cls(cpus=_decimal(text))
        name, equals, pair = text.partition("=")
        if not equals:
            raise RequestError(f"ulimit {text!r}: not a limit - write NAME=SOFT[:HARD], such as nofile=64")
        return cls(ulimits={name: pair})

    @property
    def memory_bytes(self) -> int | None:
        """The memory, read."""
        assert not isinstance(self.memory, str)
        return self.memory

    @property
    def rlimits(self) -> dict[str, Pair]:
        """The ulimits, read: soft and hard by name; -1 is no limit."""
        return {name: pair for name, pair in self.ulimits.items() if isinstance(pair, tuple)}

    @property
    def needs_cgroup(self) -> bool:
        """Whether they bind processes together, which takes a cgroup."""
        return any(each is not None for each in (self.memory, self.pids, self.cpus))

    def over(self, others: Limits) -> Limits:
        """These, and of `others` what these do not say."""
        return Limits(
            memory=others.memory if self.memory is None else self.memory,
            pids=others.pids if self.pids is None else self.pids,
            cpus=others.cpus if self.cpus is None else self.cpus,
            ulimits={**others.ulimits, **self.ulimits},
        )

    def __str__(self) -> str:
        """In words that read() takes."""
        words = [f"{key}={content}" for key, content in self._shared.items() if content is not None]
        return " ".join(words + [f"{name}={spell_pair(pair)}" for name, pair in self.rlimits.items()])

    @classmethod
    def read(cls, words: Iterable[str]) -> Limits:
        """The limits that str() has spelled."""
        made = cls()
        for key, _, text in (word.partition("=") for word in words):
            one = cls.parse(key, text) if key in made._shared else cls(ulimits={key: text})
            made = one.over(made)
        return made

    @property
    def _shared(self) -> dict[str, str | None]:
        return {
            "memory": None if self.memory_bytes is None else spell_size(self.memory_bytes),
            "pids": None if self.pids is None else str(self.pids),
            "cpus": None if self.cpus is None else repr(self.cpus).removesuffix(".0"),
        }


NONE = Limits()


def limited(topology: Topology, limits: Limits | Mapping[str, Limits]) -> Topology:
    """`topology` with limits for each of its nodes, or for those named; they go over what was said before.

    Raises RequestError for a node that is not there, TypeError for what are no Limits.
    """
    before = dict(topology.limits)
    said = dict.fromkeys(topology.places, limits) if isinstance(limits, Limits) else limits
    if not isinstance(said, dict) or not all(isinstance(each, Limits) for each in said.values()):
        raise TypeError(f"limits are a sandbox.Limits, or one for each node by name, not {limits!r}")
    after = before | {node: each.over(before.get(node, NONE)) for node, each in said.items()}
    return replace(topology, limits=tuple(after.items()))


def declared(topology: Topology, words: Sequence[tuple[str, str]]) -> Topology:
    """`topology` with limits as the command line has them: pairs of a key and [NODE:]TEXT.

    What is said of a node goes over what is said of all, and both over what was there. Raises RequestError.
    """
    everywhere, of_node = NONE, dict.fromkeys(topology.places, NONE)
    for key, text in words:
        node, colon, rest = text.partition(":")
        if not colon or "=" in node:
            everywhere = Limits.parse(key, text).over(everywhere)
        elif node in of_node:
            of_node[node] = Limits.parse(key, rest).over(of_node[node])
        else:
            raise RequestError(f"{key} {text!r}: no such node - the nodes are {', '.join(of_node)}")
    return limited(topology, {node: each.over(everywhere) for node, each in of_node.items()})


def spell_pair(pair: Pair) -> str:
    """Soft and hard as read() takes them: "64", "64:128", "0:unlimited"."""
    soft, hard = ("unlimited" if number == UNLIMITED else str(number) for number in pair)
    return soft if soft == hard else f"{soft}:{hard}"


def _memory(given: object) -> int:
    if isinstance(given, str):
        try:
            size = read_size(given)
        except ValueError:
            raise RequestError(f"memory {given!r}: not a size - write a number and K, M or G, such as 256M") from None
    else:
        size = _whole("memory", given)
    if not LEAST_MEMORY <= size < MOST_MEMORY:
        raise RequestError(f"memory {given!r}: out of range - the least is 512K, a command takes some 10M")
    return size


def _pids(given: object) -> int:
    number = _whole("pids", given)
    if not 1 <= number <= MOST_PIDS:
        raise RequestError(f"pids {number}: out of range - write a number from 1 to {MOST_PIDS}")
    return number


def _cpus(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise TypeError(f"cpus are a number such as 0.5, not {given!r}")
    if not LEAST_CPUS <= given <= MOST_CPUS:  # nor is nan
        raise RequestError(f"cpus {given}: out of range - write a number from {LEAST_CPUS} to {MOST_CPUS}")
    return float(given)


def _ulimit(name: str, given: object) -> Pair:
    if name not in ULIMITS:
        raise RequestError(f"ulimit {name!r}: {_unknown(name)}")
    if isinstance(given, str):
        soft, colon, hard = given.partition(":")
        pair = tuple(_rlimit(name, given, text) for text in (soft, hard if colon else soft))
    elif isinstance(given, tuple) and len(given) == 2:
        pair = tuple(_whole(f"ulimit {name}", number) for number in given)
    else:
        pair = (_whole(f"ulimit {name}", given),) * 2
    soft_number, hard_number = pair
    if not all(UNLIMITED <= number < NO_NUMBER_ABOVE for number in pair):
        raise RequestError(f"ulimit {name}={spell_pair((soft_number, hard_number))}: out of range - write 0 or more")
    if hard_number != UNLIMITED and not 0 <= soft_number <= hard_number:
        shown = spell_pair((soft_number, hard_number))
        raise RequestError(f"ulimit {name}={shown}: the soft limit is above the hard one - write SOFT:HARD")
    return soft_number, hard_number


def _rlimit(name: str, whole: str, text: str) -> int:
    if text in ("unlimited", "-1"):
        return UNLIMITED
    if not is_digits(text):
        fix = f"write a number, or unlimited, such as {name}=64 or {name}=64:128"
        raise RequestError(f"ulimit {name}={whole!r}: not a limit - {fix}")
    return int(text)


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    if name in IGNORED:
        return f"Linux ignores it - {IGNORED[name]}"
    close = get_close_matches(name, ULIMITS, n=1)
    fix = f"did you mean {close[0]}?" if close else f"there are {', '.join(ULIMITS)}"
    return f"no such limit - {fix}"


def _number(key: str, text: str) -> int:
    if not is_digits(text):
        raise RequestError(f"{key} {text!r}: not a number - write one such as 100")
    return int(text)


def _decimal(text: str) -> float:
    whole, point, fraction = text.partition(".")
    if not (is_digits(whole or "0") and (is_digits(fraction) or not point) and text):
        raise RequestError(f"cpus {text!r}: not a number - write one such as 0.5")
    return float(text)


def _whole(what: str, given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{what} is a whole number, not {given!r}")
    return given
