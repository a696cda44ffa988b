"""What is written in the drawing of a step: a card for each interface, and notes of routes and neighbours."""

from __future__ import annotations

from dataclasses import dataclass

from ..picture.cards import measure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..learn.state import Interface, Neighbour, Place, Route

# Which of the picture's styles is used for what.
NAME, STATE, ADDRESS, LABEL, NOTE, ASIDE = "port", "kind", "address", "kind", "note", "note"
INDENT = "  "
DOT = 12  # the room for the dot before a state
MOST_NOTES = 6
SAID_BY_THE_DRAWING = ("veth", "loopback")
# A neighbour that did not answer yet, or at all; how an answer is doing is a matter of seconds, and not told.
NO_ANSWER = ("INCOMPLETE", "FAILED")


@dataclass(frozen=True)
class Line:
    """Words in a style, and what is said of them at the other end of the line; new if they were not there before."""

    words: str
    style: str
    is_new: bool = False
    aside: str = ""
    indent: int = 0

    @property
    def width(self) -> float:
        aside = measure(f"  {self.aside}", ASIDE) if self.aside else 0
        return self.indent + measure(self.words, self.style) + aside


# Every loopback has it beside 127.0.0.1.
LOOPBACK_6 = "::1/128"
BLANK = Line("", NOTE)


def card(interface: Interface, before: Interface | None = None) -> list[Line]:
    """Its name, its state and its addresses; new is what it was not `before`."""
    known = before.addresses if before else ()
    kind = "" if interface.kind in SAID_BY_THE_DRAWING else interface.kind
    return [
        Line(interface.name, NAME, before is not None and before.name != interface.name, kind),
        Line(interface.state, STATE, before is not None and before.state != interface.state, indent=DOT),
        *(Line(each, ADDRESS, before is not None and each not in known) for each in addresses(interface)),
    ]


def addresses(interface: Interface) -> list[str]:
    """Those that are told."""
    return [each for each in interface.addresses if each != LOOPBACK_6 or len(interface.addresses) == 1]


def notes(place: Place, before: Place | None = None) -> list[list[Line]]:
    """Its routes, then its neighbours, each under the command that shows them. A line that is too wide may be broken
    where one of its parts begins: see broken()."""
    blocks = []
    for label, told, known in (
        ("ip route", map(_route, place.routes), map(_route, before.routes if before else ())),
        ("ip neigh", map(_neighbour, place.neighbours), map(_neighbour, before.neighbours if before else ())),
    ):
        if lines := list(_listed(told, set(known), is_first=before is None)):
            blocks.append([Line(label, LABEL), *lines])
    return blocks


def _listed(told: Iterable[str], known: set[str], *, is_first: bool) -> Iterator[Line]:
    lines = [Line(words, NOTE, not is_first and words not in known) for words in dict.fromkeys(told)]
    yield from lines[:MOST_NOTES]
    if more := len(lines) - MOST_NOTES:
        yield from [Line(f"+ {more}", NOTE)] * (more > 0)


def _route(route: Route) -> str:
    """As `ip route` has it; by which interface the next hop is met goes without saying."""
    return str(route).partition(" dev ")[0] if route.via else str(route)


def _neighbour(neighbour: Neighbour) -> str:
    failed = [state for state in NO_ANSWER if state in neighbour.state.split()]
    return " ".join([f"{neighbour.address} dev {neighbour.dev}", *failed])


def broken(line: Line, width: float) -> list[Line]:
    """A note as lines of at most this width, if its parts allow it."""
    lines: list[str] = []
    for part in parts(line):
        if lines and measure(f"{lines[-1]} {part}", line.style) <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(f"{INDENT}{part}" if lines else part)
    return [Line(words, line.style, line.is_new) for words in lines]


def parts(line: Line) -> Sequence[str]:
    """What stays together: `192.168.1.0/24` and `dev veth-red`."""
    return line.words.replace(" via ", "\0via ").replace(" dev ", "\0dev ").split("\0")
