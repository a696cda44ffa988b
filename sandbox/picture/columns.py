"""Cards in columns, by how far they are from the middle of the lab.

A wire never spans more than from one column to the next (that is what counting wires from one place gives), so every
wire has the gap between two columns to itself, and no card is ever in its way. Within its column a card is pulled
towards its neighbours.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

from .cards import LEFT, RIGHT, ROW, Card

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .cards import End
    from .graph import Graph, Wire

BETWEEN_CARDS = 14
# Of a tree whose leaves are all equally far away, two sides are made if the one is at least this part of the other.
BALANCE = 0.6
SWEEPS = 12
GAP, WIDEST_GAP, GAP_OF_SIBLINGS = 70, 220, 110


def arrange(graph: Graph, component: Sequence[str]) -> dict[str, Card]:
    """The cards of places that hang together, in their places, from (0, 0) on."""
    column_of = _columns(graph, component)
    columns = [[name for name in column_of if column_of[name] == number] for number in sorted(set(column_of.values()))]
    middle = columns.index(next(column for column in columns if column_of[column[0]] == 0))
    wires = [wire for wire in graph.wires if wire[0].node in column_of]
    _order(graph, columns, middle, is_tree=is_tree(graph, component))
    sides = _sides(column_of, wires)
    cards = {}
    for column in columns:
        for name in column:
            cards[name] = Card(graph.places[name], [own for own, _ in graph.wires_of(name)], sides)
        width = max(cards[name].width for name in column)
        for name in column:
            cards[name].width = width
    stacks = _Stacks(graph, columns, middle, cards)
    stacks.settle()
    stacks.spread_switches()
    stacks.settle()
    _place_columns(columns, cards, wires)
    return cards


# Which column.


def _columns(graph: Graph, component: Sequence[str]) -> dict[str, int]:
    """The number of each place's column, in order of discovery; column 0 is the middle."""
    if fabric := _fabric(graph, component):
        return fabric
    middle = _middle(graph, component)
    branches = _branches(graph, middle)
    distances = graph.distances([middle])
    on_the_left = _on_the_left(branches, distances)
    leaves = [name for name in component if len(graph.neighbours[name]) == 1]
    if on_the_left and leaves and leaves[0] not in on_the_left:  # what was declared first is read first
        on_the_left = set(component) - on_the_left
    return {name: -distance if name in on_the_left else distance for name, distance in distances.items()}


def _fabric(graph: Graph, component: Sequence[str]) -> dict[str, int] | None:
    """With many ways from host to host: the hosts in the last column, what is farthest from them in the first."""
    if is_tree(graph, component):
        return None
    distances = graph.distances(name for name in component if len(graph.neighbours[name]) == 1)
    if not distances or any(distances[one] == distances[other] for one in component for other in graph.neighbours[one]):
        return None
    most = max(distances.values())
    core = [name for name in component if distances[name] == most]
    return {name: most - distances[name] for name in graph.distances(core)}


def is_tree(graph: Graph, component: Sequence[str]) -> bool:
    """Whether there is one way only from each place to each other."""
    return sum(len(graph.neighbours[name]) for name in component) == 2 * (len(component) - 1)


def _middle(graph: Graph, component: Sequence[str]) -> str:
    """Halfway along a longest way."""
    one_end = list(graph.distances(component[:1]))[-1]
    from_one = graph.distances([one_end])
    other_end = list(from_one)[-1]
    from_other = graph.distances([other_end])
    length = from_one[other_end]
    halfway = [
        name
        for name in component
        if from_one[name] + from_other[name] == length and abs(from_one[name] - from_other[name]) <= 1
    ]
    return halfway[0]


def _branches(graph: Graph, middle: str) -> list[list[str]]:
    """What falls apart when the middle is taken out, in order of its interfaces."""
    branches: list[list[str]] = []
    seen: set[str] = set()
    for name in graph.neighbours[middle]:
        if name not in seen:
            branches.append(list(graph.distances([name], without=middle)))
            seen.update(branches[-1])
    return branches


def _on_the_left(branches: Sequence[Sequence[str]], distances: Mapping[str, int]) -> set[str]:
    """The first branches, so many that both sides are about as high. None of a tree that cannot be halved so."""
    levels = [Counter(distances[name] for name in branch) for branch in branches]
    heights = [max(level.values()) for level in levels]
    cut = min(range(len(branches)), key=lambda cut: abs(sum(heights[:cut]) - sum(heights[cut:])), default=0)
    left, right = sum(heights[:cut]), sum(heights[cut:])
    is_even = len({max(level) for level in levels}) == 1
    if is_even and min(left, right) < BALANCE * max(left, right):
        return set()
    return {name for branch in branches[:cut] for name in branch}


def _sides(column_of: dict[str, int], wires: Sequence[Wire]) -> dict[End, str]:
    """The side on which each end leaves: towards its peer; of two in one column, where there is more room."""
    passing: dict[int, int] = {}
    for ends in wires:
        first, second = sorted(column_of[end.node] for end in ends)
        if first != second:
            passing[first] = passing.get(first, 0) + 1
    sides = {}
    for ends in wires:
        for own, peer in (ends, ends[::-1]):
            here, there = column_of[own.node], column_of[peer.node]
            to_right = there > here or (there == here and passing.get(here, 0) <= passing.get(here - 1, 0))
            sides[own.node, own.name] = RIGHT if to_right else LEFT
    return sides


# In which order.


def _order(graph: Graph, columns: Sequence[list[str]], middle: int, *, is_tree: bool) -> None:
    """Sort each column by where its neighbours are: from the middle outwards; if ways meet again, back as well."""
    outwards = sorted(range(len(columns)), key=lambda number: abs(number - middle))
    sweeps = [outwards] if is_tree else [outwards, outwards[::-1]] * 4
    for sweep in sweeps:
        before: dict[str, float] = {}
        for number in sweep:
            column = columns[number]
            here = {name: (at + 0.5) / len(column) for at, name in enumerate(column)}
            column.sort(
                key=lambda name: _mean([before[peer] for peer in graph.neighbours[name] if peer in before], here[name])
            )
            before |= {name: (at + 0.5) / len(column) for at, name in enumerate(column)}


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


# How high.


class _Stacks:
    """Columns of cards that push each other away and are pulled to their neighbours."""

    def __init__(self, graph: Graph, columns: Sequence[Sequence[str]], middle: int, cards: dict[str, Card]) -> None:
        self._stacks = [[cards[name] for name in column] for column in columns]
        self._cards = cards
        self._outwards = sorted(self._stacks, key=lambda stack: abs(self._stacks.index(stack) - middle))
        depth = {card.place.name: abs(n - middle) for n, stack in enumerate(self._stacks) for card in stack}
        # What is farther out decides where a card is; one that has nothing there follows what is farther in.
        self._wires: dict[str, list[tuple[End, End]]] = {}
        self._pulls: dict[str, list[tuple[End, End]]] = {}
        for name in cards:
            wires = [((own.node, own.name), (peer.node, peer.name)) for own, peer in graph.wires_of(name)]
            outer = [(own, peer) for own, peer in wires if depth[peer[0]] > depth[name]]
            inner = [(own, peer) for own, peer in wires if depth[peer[0]] < depth[name]]
            self._wires[name], self._pulls[name] = wires, outer or inner

    def settle(self) -> None:
        """Move every card to where its wires are straight, as far as the others leave it room."""
        for _ in range(SWEEPS):
            for stack in (*self._outwards, *self._outwards[::-1]):
                self._settle(stack)

    def spread_switches(self) -> None:
        """Make every switch as high as what is plugged into it, each port opposite to its peer."""
        for stack in self._outwards[::-1]:
            for card in stack:
                if card.place.kind == "switch" and self._pulls[card.place.name]:
                    self._spread(card)
            self._settle(stack)

    def _settle(self, stack: Sequence[Card]) -> None:
        wanted = [self._wanted(card) for card in stack]
        tops = separate(wanted, [card.height + BETWEEN_CARDS for card in stack])
        for card, top in zip(stack, tops, strict=True):
            card.y = top

    def _wanted(self, card: Card) -> float:
        return _mean([self._height(peer) - card.ports[own] for own, peer in self._pulls[card.place.name]], card.y)

    def _spread(self, card: Card) -> None:
        heights: dict[End, float] = {}
        for side in sorted({card.sides[own] for own, _ in self._pulls[card.place.name]}):
            opposite = {
                own: self._height(peer) for own, peer in self._wires[card.place.name] if card.sides[own] == side
            }
            ends = sorted(opposite, key=opposite.__getitem__)
            heights |= dict(zip(ends, separate([opposite[end] for end in ends], [ROW] * len(ends)), strict=True))
        card.spread(heights)

    def _height(self, end: End) -> float:
        return self._cards[end[0]].port(end)[1]


def separate(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Places as near as can be to those wanted (least squares), in this order, each `sizes` before the next.

    What collides becomes one block, placed at its mean, until no two blocks collide: pool adjacent violators.
    """
    offsets = [0.0, *accumulate(sizes)][:-1]
    blocks: list[tuple[float, int]] = []  # mean of the places wanted, and how many there are
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, others = blocks.pop()
            mean = (mean * count + other * others) / (count + others)
            count += others
        blocks.append((mean, count))
    starts = [mean for mean, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


# How far apart.


def _place_columns(columns: Sequence[Sequence[str]], cards: dict[str, Card], wires: Sequence[Wire]) -> None:
    """Gaps in which steep wires have room to turn."""
    number_of = {name: number for number, column in enumerate(columns) for name in column}
    gaps = [float(GAP)] * (len(columns) + 1)
    for ends in wires:
        (first, second) = ((end.node, end.name) for end in ends)
        one, other = number_of[first[0]], number_of[second[0]]
        if one == other:
            gap = one + (cards[first[0]].sides[first] == RIGHT)
            gaps[gap] = max(gaps[gap], GAP_OF_SIBLINGS)
        else:
            gap = max(one, other)
            rise = abs(cards[first[0]].port(first)[1] - cards[second[0]].port(second)[1])
            gaps[gap] = max(gaps[gap], min(GAP + rise / 5, WIDEST_GAP))
    x = 0.0
    for number, column in enumerate(columns):
        for name in column:
            cards[name].x = x
        x += cards[column[0]].width + gaps[number + 1]
