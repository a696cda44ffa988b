"""A topology in box characters. No line is wider than WIDEST unless a name alone is.

A chain goes down in a zigzag between two columns of boxes; whatever has more than two neighbours, and every switch,
is a box with one neighbour a row. Each wire is drawn once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .graph import Graph, Place, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..topology import Topology
    from ..topology.interface import Interface
    from .graph import States, Wire

WIDEST = 100
INDENT = "  "
CABLES = {None: "── veth ──", "up": "── veth ──", "down": "── down ──", "no-carrier": "no-carrier"}
COLOURS = {None: "", "up": "\x1b[32m", "down": "\x1b[31m", "no-carrier": "\x1b[33m"}
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
NO_CABLE = " " * len(CABLES[None])


def draw(topology: Topology, *, states: States | None = None, colour: bool = False) -> str:
    """The drawing, its last line ended. `states` are shown as words on the wires, with `colour` in colour too."""
    graph = Graph(topology)
    pen = _Pen(states, colour)
    blocks = []
    for component in graph.components():
        hubs, chains = _divide(graph, component)
        drawn_whole = {name for name, _ in hubs}
        blocks += [_draw_hub(graph, name, wires, drawn_whole, pen) for name, wires in hubs]
        blocks += [_draw_chain(graph, chain, pen) for chain in chains]
    return "\n".join("".join(f"{INDENT}{line.rstrip()}\n" for line in block) for block in blocks)


@dataclass(frozen=True)
class _Pen:
    states: States | None
    colour: bool

    def cable(self, wire: Wire) -> str:
        known = state(wire, self.states)
        return self._paint(CABLES[known], COLOURS[known])

    def top(self, title: str, kind: str, width: int) -> str:
        """The upper edge of a box: its name in it, and what it is if that is no plain node."""
        rest = ("" if kind == "node" else f"─ {kind} ").ljust(width - len(title) - 2, "─")
        return f"┌ {self.name(title)} {rest}┐"

    def name(self, text: str, width: int = 0) -> str:
        return self._paint(text, BOLD) + " " * (width - len(text))

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{PLAIN}" if self.colour and code else text


def _title_width(title: str, kind: str) -> int:
    return len(title) + 2 + (0 if kind == "node" else len(kind) + 3)


# Who is drawn how.


def _divide(graph: Graph, component: Sequence[str]) -> tuple[list[tuple[str, list[Wire]]], list[list[str]]]:
    """The hubs of a component, each with the wires that are drawn there; and the chains that are left."""
    left = {name: dict(graph.neighbours[name]) for name in component}
    hubs = []
    for name in sorted(component, key=lambda name: graph.places[name].kind != "switch"):
        is_switch = graph.places[name].kind == "switch"
        if is_switch or (len(graph.neighbours[name]) > 2 and left[name]):
            hubs.append((name, [wire for wire in graph.wires_of(name) if wire[1].node in left[name]]))
            for peer in left[name]:
                del left[peer][name]
            left[name] = {}
    return hubs, list(_chains(left, alone=len(component) == 1 and not hubs))


def _chains(left: dict[str, dict[str, list[Wire]]], *, alone: bool) -> Iterator[list[str]]:
    """Walks along all that is `left`; one around a ring ends where it began."""
    if alone:
        yield list(left)
    starts = sorted(left, key=lambda name: len(left[name]) != 1)
    for name in starts:
        chain = [name]
        while left[name]:
            peer = next(iter(left[name]))
            del left[name][peer], left[peer][name]
            chain.append(name := peer)
        if len(chain) > 1:
            yield chain


# A hub: a box with one neighbour a row.


def _draw_hub(graph: Graph, name: str, wires: Sequence[Wire], drawn_whole: set[str], pen: _Pen) -> list[str]:
    place = graph.places[name]
    rows = [_Row(wire, graph.places[wire[1].node], wire[1].node in drawn_whole) for wire in wires]
    for stacked, name_above in ((False, False), (True, False), (True, True)):
        lefts = [_texts(own, stacked=stacked) for own, _ in wires]
        rights = _tables(rows, stacked=stacked, name_above=name_above)
        own_texts = (*place.notes, *(text for left in lefts for text in left))
        inner = max([_title_width(name, place.kind), *(len(text) + 2 for text in own_texts)])
        right_width = max((len(text) + 4 for cell in rights for text in cell), default=0)
        notes_width = max((len(note) + 1 for row in rows for note in row.notes), default=0)
        if len(INDENT) + inner + 2 + len(NO_CABLE) + right_width + notes_width <= WIDEST:
            break
    lines = [pen.top(name, place.kind, inner), *(f"│ {note:<{inner - 2}} │" for note in place.notes)]
    for row, left, right in zip(rows, lefts, rights, strict=True):
        lines += row.lines(left, right, inner - 2, right_width - 4, pen)
    return [*lines, f"└{'─' * inner}┘"]


@dataclass(frozen=True)
class _Row:
    """The wire to one neighbour of a hub; of one that `has_own_box` no more is said than what it is."""

    wire: Wire
    peer: Place
    has_own_box: bool

    @property
    def notes(self) -> tuple[str, ...]:
        kind = () if self.peer.kind == "node" else (self.peer.kind,)
        return kind if self.has_own_box else (*kind, *self.peer.notes)

    def lines(self, left: Sequence[str], right: Sequence[str], left_width: int, width: int, pen: _Pen) -> list[str]:
        """As many lines as the longest of the three texts needs; the wire is on the first."""
        lines = []
        at_port = self.wire[0].master is not None
        for number in range(max(len(left), len(right), len(self.notes))):
            own, peer, note = (texts[number] if number < len(texts) else "" for texts in (left, right, self.notes))
            own = f"{own:>{left_width}}" if at_port else f"{own:<{left_width}}"
            peer = f"{peer:<{width}}"
            if number == 0:
                peer = pen.name(self.peer.name) + peer[len(self.peer.name) :]
                lines.append(f"│ {own} ├{pen.cable(self.wire)}┤ {peer} │ {note}")
            else:
                lines.append(f"│ {own} │{NO_CABLE}│ {peer} │ {note}")
        return lines


def _tables(rows: Sequence[_Row], *, stacked: bool, name_above: bool) -> list[list[str]]:
    """For each row the neighbour's name and its end of the wire, in columns."""
    names = max((len(row.peer.name) for row in rows), default=0)
    ends = max((len(row.wire[1].name) for row in rows), default=0)
    cells = []
    for row in rows:
        texts = _texts(row.wire[1], stacked=stacked, width=ends)
        margin = INDENT if name_above else " " * (names + 1)
        head = [row.peer.name] if name_above else [f"{row.peer.name:<{names}} {texts.pop(0)}"]
        cells.append(head + [margin + text for text in texts])
    return cells


def _texts(end: Interface, *, stacked: bool, width: int = 0) -> list[str]:
    """An end as text: its name, and its addresses behind it or below each other."""
    name = f"{end.name:<{width}}"
    addresses = [str(address) for address in end.addresses]
    if not addresses:
        return [name]
    if not stacked:
        return [f"{name} {' '.join(addresses)}"]
    return [f"{name} {addresses[0]}", *(f"{'':<{len(name)}} {address}" for address in addresses[1:])]


# A chain: boxes left and right in turn, each reaching from its first wire to its last.


@dataclass
class _Box:
    """A box of a chain: the line of its upper edge, and its inner lines."""

    place: Place
    top: int
    texts: list[str] = field(default_factory=list)
    wired: set[int] = field(default_factory=set)

    def write(self, line: int, texts: Iterable[str]) -> None:
        """Texts from `line` of the drawing on, with a wire at the first of them."""
        self.texts += [""] * (line - self.top - 1 - len(self.texts))
        self.texts += texts
        self.wired.add(line)

    def lines(self, width: int, pen: _Pen, *, is_left: bool) -> Iterator[tuple[int, str]]:
        """Each line of the drawing that it stands on, and what is there."""
        yield self.top, pen.top(self.place.name, self.place.kind, width)
        for number, text in enumerate(self.texts, start=self.top + 1):
            walls = ["│", "│"]
            if number in self.wired:
                walls = ["│", "├"] if is_left else ["┤", "│"]
            yield number, f"{walls[0]} {text:<{width - 2}} {walls[1]}"
        yield self.top + 1 + len(self.texts), f"└{'─' * width}┘"


def _draw_chain(graph: Graph, chain: Sequence[str], pen: _Pen) -> list[str]:
    for stacked in (False, True):
        boxes, cables = _zigzag(graph, chain, stacked=stacked)
        widths = [_width(boxes[side::2]) for side in (0, 1)]
        if len(INDENT) + sum(widths) + 4 + len(NO_CABLE) <= WIDEST:
            break
    columns = [
        dict(line for box in boxes[side::2] for line in box.lines(widths[side], pen, is_left=not side))
        for side in (0, 1)
    ]
    middle = {line: pen.cable(wire) for line, wire in cables.items()}
    last = max(line for column in columns for line in column)
    blank = " " * (widths[0] + 2)
    return [
        f"{columns[0].get(line, blank)}{middle.get(line, NO_CABLE)}{columns[1].get(line, '')}"
        for line in range(last + 1)
    ]


def _width(boxes: Sequence[_Box]) -> int:
    titles = [_title_width(box.place.name, box.place.kind) + 1 for box in boxes]
    return max([*titles, *(len(text) + 2 for box in boxes for text in box.texts)], default=0)


def _zigzag(graph: Graph, chain: Sequence[str], *, stacked: bool) -> tuple[list[_Box], dict[int, Wire]]:
    """The boxes, and the line of each wire."""
    boxes = [_Box(graph.places[chain[0]], top=0)]
    cables: dict[int, Wire] = {}
    line = 1
    for number, name in enumerate(chain[1:]):
        box = _Box(graph.places[name], top=line - 1)
        if name in chain[: number + 1]:  # a ring has come round
            box.place = Place(name, "again")
        for own, peer in graph.neighbours[chain[number]][name]:
            own_text, peer_text = (_mirrored, _texts) if number % 2 else (_texts, _mirrored)
            boxes[-1].write(line, own_text(own, stacked=stacked))
            box.write(line, peer_text(peer, stacked=stacked))
            cables[line] = (own, peer)
            line += max(len(own.addresses), len(peer.addresses), 1) if stacked else 1
        _close(boxes[-1])
        line += len(boxes[-1].place.notes) + 2
        boxes.append(box)
    _close(boxes[-1])
    return boxes, cables


def _close(box: _Box) -> None:
    if not box.wired:
        box.texts.append("lo")
    box.texts += box.place.notes


def _mirrored(end: Interface, *, stacked: bool) -> list[str]:
    """As _texts(), for a box that the wire comes to from the left: what is nearest to the wire comes first."""
    addresses = [str(address) for address in end.addresses]
    if not addresses:
        return [end.name]
    if not stacked:
        return [f"{' '.join(addresses)} {end.name}"]
    return [f"{addresses[0]} {end.name}", *addresses[1:]]
