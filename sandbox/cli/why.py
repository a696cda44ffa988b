"""`sandbox why A B [PORT]`: what keeps one node from reaching another, and the command that mends it."""

from __future__ import annotations

import json

from ..errors import RequestError
from ..values import value
from .arguments import HELP, meant
from .target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..why.diagnosis import Diagnosis

USAGE = "usage: sandbox why LAB/A LAB/B|ADDRESS [PORT] | sandbox why --netns A --netns B [PORT]"
SOMETHING_IS_WRONG = 1

WHY_HELP = """Say why A cannot reach B, and what mends it: read from the kernel, in the order in which things depend.

A and B are nodes of a lab that is up, names of `ip netns` (or paths), or processes (--pid), in that order;
further ones may be on the way between them. B may be an address instead. PORT is one of TCP, or with /udp of UDP.
Interfaces, addresses, routes there and back, neighbours, filters, sizes, listeners: each hop on the way that is
known here is looked at. At last a packet is really sent.
Exit status: 0 when nothing is wrong, 1 when something is.

\b
Examples:
  sandbox why x/a b
  sandbox why x/a x/b 80
  sandbox why x/a 10.0.0.2 53/udp --json
  sandbox why --netns red --netns blue
  sandbox why --pid 4711 192.168.1.2 8080
"""

PLACES = ("--netns", "--pid")
FLAGS = ("--json", "-4", "-6")


@value
class WhyRequest:
    """What `sandbox why` was asked for: `places` are options with their operands, else `words` begin with LAB/A."""

    places: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    version: int | None = None
    json: bool = False

    def __post_init__(self) -> None:
        wanted = max(0, 2 - len(self.places))
        if len(self.words) < wanted:
            raise RequestError(f"nobody to reach - {USAGE}" if self.words or self.places else f"nobody asks - {USAGE}")
        if len(self.words) > wanted + 1:
            raise RequestError(f"{self.words[wanted + 1]!r}: more than there is to say - {USAGE}")

    @property
    def port(self) -> str | None:
        """The port, as it is written."""
        wanted = max(0, 2 - len(self.places))
        return self.words[wanted] if len(self.words) > wanted else None


def parse_why(words: Sequence[str]) -> WhyRequest | None:
    """The request in `words`, which follow `why`; None when they ask for help. Raises RequestError."""
    if any(word in HELP for word in words):
        return None
    places: list[tuple[str, str]] = []
    plain: list[str] = []
    flags: set[str] = set()
    left = list(words)
    while left:
        word = left.pop(0)
        name, equals, attached = word.partition("=")
        if name in PLACES:
            if not equals and not left:
                raise RequestError(f"{name} wants {'a process' if name == '--pid' else 'a name or a path'} - {USAGE}")
            places.append((name, attached if equals else left.pop(0)))
        elif word in FLAGS:
            flags.add(word)
        elif word.startswith("-"):
            raise RequestError(f"{word!r}: no such option - {meant(word, (*PLACES, *FLAGS, *HELP)) or USAGE}")
        else:
            plain.append(word)
    if {"-4", "-6"} <= flags:
        raise RequestError(f"-4 and -6 exclude each other - {USAGE}")
    version = 4 if "-4" in flags else 6 if "-6" in flags else None
    return WhyRequest(tuple(places), tuple(plain), version, "--json" in flags)


def why(request: WhyRequest) -> int:
    """Print what is wrong; returns the exit status: 0 when nothing is."""
    found = _between_namespaces(request) if request.places else _in_a_lab(request)
    print(json.dumps(found.as_record(), indent=2) if request.json else found)
    return 0 if found.ok else SOMETHING_IS_WRONG


def _in_a_lab(request: WhyRequest) -> Diagnosis:
    from ..why.asking import Port
    from ..why.nodes import diagnose

    port = Port.parse(request.port) if request.port else Port()
    asker, other = Target.parse(request.words[0]), request.words[1]
    if "/" in other:
        target = Target.parse(other)
        if target.lab != asker.lab:
            raise RequestError(
                f"{other!r}: of another lab than {asker.lab!r}, and two labs never meet - name one of it"
            )
        other = target.node or ""
    with asker.open() as lab:
        return diagnose(asker.the_node(lab), other, port, version=request.version)


def _between_namespaces(request: WhyRequest) -> Diagnosis:
    from ..why.asking import Port, diagnose
    from ..why.elsewhere import Elsewhere, NamespaceAccess

    port = Port.parse(request.port) if request.port else Port()
    asked = [
        Elsewhere.of_process(_pid(operand)) if option == "--pid" else Elsewhere.of_netns(operand)
        for option, operand in request.places
    ]
    with NamespaceAccess(asked) as access:
        other = access.asked[1] if len(asked) > 1 else request.words[0]
        return diagnose(access, access.asked[0], other, port, version=request.version)


def _pid(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise RequestError(f"--pid {text!r}: not a process - write its number")
    return int(text)
