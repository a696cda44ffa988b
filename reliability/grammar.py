"""The command line of `sandbox run`, whole: what it may be, and what is nearly that.

A line is for the most part what somebody could mean. Then words of it are dropped, doubled, exchanged, misspelled.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from .nearly import ANY_TEXT, NEARLY_ADDRESSES

Words = list[str]
Draw = st.DrawFn

NODES = ("a", "b", "c", "d", "r", "www", "0", "all", "default", "x" * 63)
PAIRS_OF_NODES = tuple((one, other) for one in NODES for other in NODES if one != other)
SWITCHES = ("lan", "dmz", "s")
SETTINGS = (*("",) * 9, ",mtu=1400", ",mtu=68", ",mtu=9000", ",mtu=65535", ",mac=02:00:00:00:00:0{}")
SHAPES = (
    *("linear:3", "star:4", "ring:3", "mesh:3", "tree:1,2", "tree:2,2", "dumbbell:1,2", "fat-tree:2"),
    *("ring:3,fd00::/48", "star:2,10.9.0.0/16", "linear:2,10.9.0.0/24,fd09::/64"),
)
EXTRAS = (
    *("--as-root", "--raw", "--json", "-q", "-v", "--quiet", "--verbose", "--no-routes", "--no-routes", "--help"),
    *("--memory=64M", "--memory=a:1g", "--pids=100", "--cpus=0.5", "--ulimit=nofile=64:128", "--timeout=5s"),
    *("--contain", "--contain --bind=/usr", "--contain --tmpfs=/x:1M --cap-add=NET_RAW --no-seccomp", "--tmp-size=1M"),
    *("--workdir=/", "-w /x", "--env=A=b", "-e HOME", "--clear-env", "--user=1", "-i a", "--stdin=b", "--until=b"),
    *("--router=a", "--router=b", "--uplink=a", "--uplink=lan", "--alias=a:db.example.com", "--alias b:www2"),
    *("-p 8080:a:80", "--publish=53:b:53/udp", "--node=a", "--node=d", "--switch=y --switch=z --pair y z"),
)
COMMANDS = (("true",), ("sh", "-c", "exit 3"), ("echo", "--", "--pair"), ("x", ""))
ODD = (
    *("", " ", "\t", "\n", "\x1b[31m", "%", "\u00e9", "\u0661", "\u00b2", "\udcff", "/", ":", ",", "=", "@", "$(x)"),
    *(":::", "--", "-", ".", "..", "~", "\u202e", "/24/24", "%eth0", "::", "x" * 5000),
)
NUMBERS = (
    *("4294967296", "18446744073709551616", "9" * 400, "0", "-1", "256", "33", "129", "1279", "1280", "65536"),
    *("nan", "inf", "1e9", "007", "+4", "1_0", "0x1", "2\u00b2", "\u0662", "\uff12", "2 ", " 2", "2\n"),
)
DIGITS = frozenset("0123456789")

_number_of_blocks = st.sampled_from((1, 1, 1, 2, 2, 3, 0))
_number_of_extras = st.sampled_from((0, 0, 1, 1, 2))
_number_of_changes = st.sampled_from((0, 0, 0, 0, 0, 1, 1, 1, 2))
_number_of_commands = st.sampled_from((1,) * 9 + (2, 3))
_pairs_of_nodes, _commands = st.sampled_from(PAIRS_OF_NODES), st.sampled_from(COMMANDS)
_settings, _shapes, _extras = st.sampled_from(SETTINGS), st.sampled_from(SHAPES), st.sampled_from(EXTRAS)
_odd, _numbers = st.sampled_from(ODD), st.sampled_from(NUMBERS)
_coins = st.booleans()
_positions = st.integers(0, 1 << 16)
_ipv4 = st.tuples(st.integers(1 << 24, (224 << 24) - 1), st.integers(2, 31))
_ipv6 = st.tuples(st.integers(1 << 112, (1 << 128) - 1), st.integers(2, 127))


@st.composite
def command_lines(draw: Draw) -> Words:
    """The words after `run`."""
    words: Words = []
    for number in range(draw(_number_of_blocks)):
        words += draw(_blocks)(draw, number)
    for _ in range(draw(_number_of_extras)):
        extra = draw(_extras).split(" ")
        words = [*words, *extra] if draw(_coins) else [*extra, *words]
    for at in range(draw(_number_of_commands)):
        words += [":::" if at else "--", *draw(_commands)]
    for _ in range(draw(_number_of_changes)):
        words = draw(_changes)(draw, words, draw(_positions) % (len(words) or 1))
    return [word.replace("\0", "") for word in words]  # which no argument of a program can have


# --- blocks, each with subnets of its own


def _pair(draw: Draw, number: int) -> Words:
    ends = draw(_kinds_of_ends)(draw, number)
    first, second = (f"{node}:{end}" for node, end in zip(draw(_pairs_of_nodes), ends, strict=True))
    first += draw(_settings).format(number)
    return [f"--pair={first}", second] if draw(_coins) else ["--pair", first, second]


def _plain(_: Draw, number: int) -> tuple[str, str]:
    return f"10.{number}.0.1", f"10.{number}.0.2"


def _plain_ipv6(_: Draw, number: int) -> tuple[str, str]:
    return f"fd0{number}::1", f"FD0{number}::2"


def _both(_: Draw, number: int) -> tuple[str, str]:
    return f"10.{number}.0.1,fd0{number}::1", f"fd0{number}::2,10.{number}.0.2"


def _any_ipv4(draw: Draw, _: int) -> tuple[str, str]:
    """A host and the next to it, anywhere."""
    number, prefix = draw(_ipv4)
    return f"{IPv4Address(number)}/{prefix}", f"{IPv4Address(number ^ 1)}/{prefix}"


def _any_ipv6(draw: Draw, _: int) -> tuple[str, str]:
    number, prefix = draw(_ipv6)
    return f"{IPv6Address(number)}/{prefix}", f"{IPv6Address(number ^ 1)}/{prefix}"


def _nearly(draw: Draw, number: int) -> tuple[str, str]:
    return draw(NEARLY_ADDRESSES), f"10.{number}.0.2"


def _lan(draw: Draw, number: int) -> Words:
    """A switch, and nodes on it."""
    subnets = ("", f":10.2{number}.0.0/24", f":10.2{number}.0.0/16,fd2{number}::/64,mtu=1400")
    words = ["--switch", SWITCHES[number] + subnets[draw(_positions) % len(subnets)]]
    first, second = draw(_pairs_of_nodes)
    own = ("", "", f":10.2{number}.0.9", f":mac=0a:00:00:00:00:0{number}", ":mtu=1300")
    return [*words, "--node", first + own[draw(_positions) % len(own)], f"--node={second}"]


def _shape(draw: Draw, _: int) -> Words:
    return ["--topology", draw(_shapes)]


_kinds_of_ends = st.sampled_from((_plain, _plain_ipv6, _both, _any_ipv4, _any_ipv4, _any_ipv6, _any_ipv6, _nearly))
_blocks = st.sampled_from((_pair, _pair, _pair, _pair, _lan, _lan, _shape))


# --- changes: most of what they make is to be refused


def _drop(_: Draw, words: Words, at: int) -> Words:
    return words[:at] + words[at + 1 :]


def _double(_: Draw, words: Words, at: int) -> Words:
    return words[: at + 1] + words[at:]


def _exchange(_: Draw, words: Words, at: int) -> Words:
    return words[:at] + words[at : at + 2][::-1] + words[at + 2 :]


def _replace(draw: Draw, words: Words, at: int) -> Words:
    return [*words[:at], draw(ANY_TEXT) if draw(_coins) else draw(_odd), *words[at + 1 :]]


def _misspell(draw: Draw, words: Words, at: int) -> Words:
    word = "".join(words[at : at + 1])
    place = draw(_positions) % (len(word) + 1)
    return [*words[:at], word[:place] + draw(_odd) + word[place + draw(_coins) :], *words[at + 1 :]]


def _renumber(draw: Draw, words: Words, at: int) -> Words:
    """Another number in the place of the last digit of a word."""
    word = "".join(words[at : at + 1])
    end = next((place for place in range(len(word), 0, -1) if word[place - 1] in DIGITS), 1)
    return [*words[:at], word[: end - 1] + draw(_numbers) + word[end:], *words[at + 1 :]]


Change = Callable[[Draw, Words, int], Words]
_all_changes: tuple[Change, ...] = (_drop, _double, _exchange, _replace, _misspell, _renumber)
_changes = st.sampled_from(_all_changes)
