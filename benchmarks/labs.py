"""The labs' tables: many nodes, beside a C program that makes the same system calls, and beside others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from . import floor, lives, memory
from .lives import Life
from .peer import LABS, SANDBOX, C, Contestants
from .row import Row
from .shapes import SHAPES
from .stopwatch import interleaved
from .table import Entry, Table

RUNS = {10: 20, 100: 8, 300: 4, 1000: 3}
QUICK_RUNS = {10: 6, 100: 3}
PEER_RUNS = {10: 2, 100: 1, 300: 1, 1000: 1}
MININET, COMPARED = "Mininet", (10, 100, 1000)
WEIGHED, ENOUGH = "pairs", 100  # of what shape the memory is told; of fewer nodes it is less than what others do


@dataclass(frozen=True)
class _Size:
    """What was measured of one shape and number: ours and C; ours again beside the peers, and why not."""

    shape: str
    n: int
    lives: Mapping[str, Life]
    beside: Mapping[str, Life]
    peers: Contestants[Life]

    @property
    def nodes(self) -> int:
        return 2 * self.n if self.shape == "pairs" else self.n

    def entries(self, number: Callable[[Life], float]) -> Iterator[Entry]:
        for name, note in ((SANDBOX, ""), (C, "labs.c")):
            yield Entry(name, number(self.lives[name]), note, self.n)
        yield from self.peers.entries({name: number(life) for name, life in self.beside.items()}, at=self.n)


def measure(*, quick: bool, full: bool, install: bool = True) -> list[Table]:
    """Two tables for each shape, and two of memory. Takes about three minutes, `full` ten."""
    runs = QUICK_RUNS if quick else RUNS
    extent = "quick" if quick else "full" if full else "usual"
    with floor.compiled("labs") as program:
        field = _Field(program, lives.Rest(), extent, install)
        sizes = [field.measured(shape, n, runs[n]) for shape in SHAPES for n in runs]
    tables = [_times(verb, shape, sizes) for shape in SHAPES for verb in ("build", "close")]
    return [*tables, *_memory(sizes, max(runs))]


@dataclass(frozen=True)
class _Field:
    """Where they meet: labs.c, compiled; a rest between two; which peers are asked for how many."""

    program: str
    rest: lives.Rest
    extent: str
    install: bool

    def measured(self, shape: str, n: int, runs: int) -> _Size:
        """Ours beside C, then ours beside the peers, which take longer and run less often."""
        ours = lives.of_sandbox(SHAPES[shape](n), weighed=True)
        with lives.of_program(floor.answering(self.program, shape, str(n)), weighed=True) as c:
            alone = interleaved({SANDBOX: ours, C: c}, runs, warm_up=1 if n < 1000 else 0, rest=self.rest)
        with ExitStack() as stack:
            asked = [peer for peer in LABS if n <= getattr(peer.most, self.extent)]
            peers = Contestants(
                stack, asked, lambda peer: lives.of_program(peer.lab(shape, n), weighed=True), install=self.install
            )
            beside = interleaved(
                {SANDBOX: ours, **peers.run}, self._rounds(peers, n), warm_up=0, rest=self.rest, seldom=peers.slow
            )
        return _Size(shape, n, lives.medians(alone), lives.medians(beside), peers)

    def _rounds(self, peers: Contestants[Life], n: int) -> int:
        if not peers.run:
            return 0
        return 1 if self.extent == "quick" else PEER_RUNS[n]


def _times(verb: str, shape: str, sizes: Sequence[_Size]) -> Table:
    def number(life: Life) -> float:
        return life.build_ms if verb == "build" else life.close_ms

    of_shape = [size for size in sizes if size.shape == shape]
    entries = [entry for size in of_shape for entry in size.entries(number)]
    rows = list(_build_goals(of_shape) if verb == "build" else _close_goals(of_shape))
    against = [row for size in of_shape if (row := _against_mininet(verb, size, number))]
    return Table(f"{shape}: {verb}", entries, ours=SANDBOX, floor=C, rows=[*rows, *against])


def _build_goals(sizes: Sequence[_Size]) -> Iterator[Row]:
    for size in sizes:
        ours, floor_ = (size.lives[name].build_ms for name in (SANDBOX, C))
        yield Row(f"{size.n} {size.shape}, build", ours / floor_, "x", 1.25, f"{ours:.1f} ms, labs.c {floor_:.1f} ms")
    few, many = sizes[0], sizes[-1]
    each = {name: [size.lives[name].build_ms / size.n for size in (few, many)] for name in (SANDBOX, C)}
    source = f"{each[SANDBOX][1]:.2f} ms each, of {few.n} {each[SANDBOX][0]:.2f} ms; "
    source += f"labs.c {each[C][1] / each[C][0]:.2f} x"
    yield Row(f"{many.shape}, one of {many.n}", each[SANDBOX][1] / each[SANDBOX][0], "x", 1.6, source)


def _close_goals(sizes: Sequence[_Size]) -> Iterator[Row]:
    most = sizes[-1]
    yield Row(f"{most.n} {most.shape}, close", most.lives[SANDBOX].close_ms, "ms", 50)


def _against_mininet(verb: str, size: _Size, number: Callable[[Life], float]) -> Row | None:
    reach = {"build": 15, "close": 100}[verb]
    what = f"{size.n} {size.shape}, {verb} faster than {MININET}"
    if MININET in size.beside:
        ours, its = (number(size.beside[name]) for name in (SANDBOX, MININET))
        return Row(what, its / ours, "x", reach, f"{ours:.1f} ms, {MININET} {its / 1000:.2f} s", at_least=True)
    if size.n not in COMPARED:
        return None
    why = size.peers.why_not.get(MININET, "too long for this run: --full has it")
    return Row(what, None, "x", reach, why, at_least=True)


def _memory(sizes: Sequence[_Size], most: int) -> Iterator[Table]:
    def table(title: str, weight: Callable[[Life], float], rows: Sequence[Row] = ()) -> Table:
        weighed = [size for size in sizes if size.shape == WEIGHED and size.n >= ENOUGH]
        entries = [
            replace(entry, value=entry.value and entry.value / size.nodes)
            for size in weighed
            for entry in size.entries(weight)
        ]
        return Table(f"{WEIGHED}: {title} of a node", entries, "KiB", ours=SANDBOX, floor=C, rows=rows)

    yield table("memory of the kernel", lambda life: life.kernel_kib)
    yield table("memory of processes (PSS)", lambda life: life.user_kib, [_idle(shape, most) for shape in SHAPES])


def _idle(shape: str, n: int) -> Row:
    init, server = memory.idle_lab_mib(SHAPES[shape](n))
    source = f"PSS of init {init:.1f}, fork server {server:.1f}"
    return Row(f"{n} {shape}, memory idle", init + server, "MiB", 40, source)
