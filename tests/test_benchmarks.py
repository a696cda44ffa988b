"""The tables of the benchmarks: what is met, what is missed, what was not measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from benchmarks.amount import amount
from benchmarks.floor import answering
from benchmarks.peer import COMMAND, Contestants, Peer
from benchmarks.peers.cables import cables, nodes
from benchmarks.row import Row
from benchmarks.shapes import SHAPES
from benchmarks.stopwatch import interleaved
from benchmarks.table import Entry, Table
from benchmarks.text import text


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("small enough", 1.25, "x", 1.25), True),
        (Row("too large", 1.26, "x", 1.25), False),
        (Row("fast enough", 15.0, "x", 15, at_least=True), True),
        (Row("too slow", 14.9, "x", 15, at_least=True), False),
        (Row("only told", 3.0, "ms"), None),
        (Row("not measured", None, "x", 15), None),
    ],
    ids=lambda each: each.what if isinstance(each, Row) else "",
)
def test_a_row_is_met_where_it_reaches_what_it_should(row: Row, met: bool | None) -> None:
    assert row.is_met is met
    assert row.as_json()["met"] is met


def test_the_text_has_every_table_and_counts_over_all_of_them() -> None:
    first = [Row("a", 1.0, "x", 2, "from here"), Row("b", 3.0, "x", 2)]
    second = [
        Row("c", 20.0, "x", 15, at_least=True),
        Row("d", None, "x", 15, "takes minutes", True),
        Row("e", 1.0, "ms"),
    ]
    lines = text({"cpu": "one"}, [Table("launch", rows=first), Table("labs", rows=second)]).splitlines()
    assert lines[0].split() == ["cpu", "one"]
    by_name = {line.split()[0]: line.split() for line in lines if line}
    assert by_name["launch"][1:] == by_name["labs"][1:] == ["measured", "reach"]
    assert by_name["a"][1:] == ["1.00", "x", "<=", "2", "met", "from", "here"]
    assert by_name["b"][-1] == "MISSED"
    assert by_name["c"][3:] == [">=", "15", "met"]
    assert by_name["d"][1:] == ["-", ">=", "15", "takes", "minutes"]
    assert by_name["e"] == ["e", "1.00", "ms"]
    assert lines[-1] == "2 of 4 met, 1 missed, 1 not measured"


def test_contestants_are_listed_with_their_ratios_and_why_some_are_missing() -> None:
    entries = [Entry("in C", 2.0), Entry("ours", 30.0, "warm"), Entry("theirs", None, "not installed")]
    lines = text({}, [Table("a pair", entries, "ms", ours="ours", floor="in C")]).splitlines()
    assert [line.split() for line in lines[1:5]] == [
        ["a", "pair", "ms", "to", "floor", "to", "ours"],
        ["in", "C", "(floor)", "2.00", "1.00", "x", "0.0667", "x"],
        ["ours", "(ours)", "30.0", "15.0", "x", "1.00", "x", "warm"],
        ["theirs", "-", "not", "installed"],
    ]


def test_contestants_of_many_sizes_are_a_grid() -> None:
    entries = [Entry("in C", 10.0, at=10), Entry("in C", 100.0, at=100), Entry("ours", 12.0, at=10)]
    entries += [Entry("ours", 110.0, at=100), Entry("theirs", 300.0, at=10), Entry("theirs", None, "too slow", at=100)]
    lines = text({}, [Table("pairs", entries, ours="ours", floor="in C")]).splitlines()
    assert [line.split() for line in lines[1:7]] == [
        ["pairs,", "ms", "N=10", "N=100"],
        ["in", "C", "(floor)", "10.0", "100"],
        ["ours", "(ours)", "12.0", "110"],
        ["to", "floor", "1.20", "x", "1.10", "x"],
        ["theirs", "300", "-", "too", "slow"],
        ["to", "floor", "30.0", "x"],
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (0.0534, "0.0534"), (1.4, "1.40"), (31.94, "31.9"), (99.96, "100"), (1234.5, "1234"), (-2.5, "-2.50")],
)
def test_an_amount_has_three_digits_that_mean_something(value: float, shown: str) -> None:
    assert amount(value) == shown


@dataclass(frozen=True)
class _Needed:
    """What a peer of these tests needs."""

    missing: str = ""

    def why_missing(self, *, install: bool) -> str:
        assert not install
        return self.missing

    def version(self) -> str:
        return "tool 1.0"


class _Failing:
    """A peer's run that fails from the `at`-th on."""

    def __init__(self, at: int) -> None:
        self.at, self.runs = at, 0

    @contextmanager
    def start(self, _: Peer) -> Iterator[Callable[[], float]]:
        yield self

    def __call__(self) -> float:
        self.runs += 1
        if self.runs >= self.at:
            raise RuntimeError("no such thing")
        return 5.0


def entry_of(peer: Peer, failing: _Failing, *, runs: int = 3) -> Entry:
    with ExitStack() as stack:
        peers = Contestants(stack, [peer], failing.start, install=False)
        found = interleaved(peers.run, runs, warm_up=0, rest=lambda: None)
    return next(peers.entries({name: sum(taken) / len(taken) for name, taken in found.items() if taken}))


def test_a_peer_that_is_not_there_is_an_entry_without_a_value() -> None:
    peer = Peer("tool", _Needed("try: apt-get install tool"), ["tool"])
    assert entry_of(peer, _Failing(1)) == Entry("tool", None, "not installed - try: apt-get install tool")


def test_a_peer_that_fails_is_not_asked_again_and_its_entry_says_why() -> None:
    failing = _Failing(2)
    assert entry_of(Peer("tool", _Needed(), ["tool"]), failing).note == "does not run here: no such thing"
    assert failing.runs == 2


def test_a_peer_that_runs_is_an_entry_with_its_version() -> None:
    assert entry_of(Peer("tool", _Needed(), ["tool"], note="twice"), _Failing(9)) == Entry(
        "tool", 5.0, "tool 1.0; twice"
    )


def test_the_command_comes_where_a_peer_has_its_place() -> None:
    peer = Peer("tool", _Needed(), ["tool", COMMAND], ["place", COMMAND, "--"])
    assert peer.words("ping", "b")[-6:] == ["ping", "b", "--", "tool", "ping", "b"]


def test_those_that_take_long_run_in_a_fifth_of_the_rounds() -> None:
    called: Counter[str] = Counter()

    def counted(name: str) -> Callable[[], float]:
        def once() -> float:
            called[name] += 1
            return 1.0

        return once

    samples = interleaved(
        {"often": counted("often"), "seldom": counted("seldom")}, 10, warm_up=2, rest=lambda: None, seldom={"seldom"}
    )
    assert called == {"often": 12, "seldom": 2}
    assert [len(samples[name]) for name in ("often", "seldom")] == [10, 2]


@pytest.mark.parametrize("shape", ["pairs", "chain"])
def test_the_peers_labs_have_the_addresses_of_ours(shape: str) -> None:
    theirs = [(end.node, end.address) for cable in cables(shape, 300) for end in cable]
    ours = [(end.node, str(end.addresses[0])) for link in SHAPES[shape](300).links for end in link.ends]
    assert sorted(theirs) == sorted(ours)


def test_the_peers_switch_has_as_many_nodes_as_ours() -> None:
    assert len(cables("switch", 300)) == len(nodes("switch", 300)) == len(SHAPES["switch"](300).nodes)


def test_a_program_that_ends_without_an_answer_is_told_with_its_last_words() -> None:
    with (
        answering("sh", "-c", "read _; echo first >&2; echo last >&2; exit 1") as ask,
        pytest.raises(RuntimeError, match=r"^last$"),
    ):
        ask()


def test_a_program_that_does_not_answer_is_ended() -> None:
    with answering("sleep", "60", within_s=0.1) as ask, pytest.raises(RuntimeError, match=r"no answer within 0\.1 s"):
        ask()
