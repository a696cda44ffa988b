"""What a node may use: the texts that say it, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliability.nearly import ANY_TEXT
from reliability.refusals import NO_SIZE, NO_TIME
from sandbox.cli.arguments import parse, read_timeout
from sandbox.errors import RequestError
from sandbox.init import controllers
from sandbox.plan.edits import without_node
from sandbox.sizes import read_size, spell_size
from sandbox.topology import Topology
from sandbox.topology.limits import Limits, declared, limited

from .refusal import refusal

PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])
MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("256M", 256 * MIB),
        ("256m", 256 * MIB),
        ("256MB", 256 * MIB),
        ("256MiB", 256 * MIB),
        ("1.5g", 1536 * MIB),
        ("512k", 512 << 10),
        ("524288", 524288),
        ("524288b", 524288),
        ("1T", 1 << 40),
        ("0.1g", (1 << 30) // 10),
    ],
)
def test_sizes_are_read_as_docker_reads_them(text: str, size: int) -> None:
    assert read_size(text) == size


@given(st.integers(0, 1 << 62))
def test_a_size_is_spelled_so_that_it_is_read_again(size: int) -> None:
    assert read_size(spell_size(size)) == size


@pytest.mark.parametrize("text", NO_SIZE)
def test_what_is_no_size_is_refused(text: str) -> None:
    assert f"memory {text!r}: not a size" in refusal(lambda: Limits(memory=text))


@pytest.mark.parametrize("size", ["0", "0M", "524287", "4E", "9" * 19, 0, -1, 1 << 62])
def test_a_size_that_makes_no_sense_is_refused(size: int | str) -> None:
    refusal(lambda: Limits(memory=size))


@pytest.mark.parametrize("pids", [0, -1, 1 << 23])
def test_a_number_of_processes_that_makes_no_sense_is_refused(pids: int) -> None:
    refusal(lambda: Limits(pids=pids))


@pytest.mark.parametrize("cpus", [0, -1, 0.001, float("nan"), float("inf"), -float("inf"), 9000])
def test_a_number_of_processors_that_makes_no_sense_is_refused(cpus: float) -> None:
    refusal(lambda: Limits(cpus=cpus))


@pytest.mark.parametrize("given", [True, b"1", 1.5, [], object()])
def test_what_is_no_number_is_a_type_error(given: object) -> None:
    for key in ("memory", "pids"):
        with pytest.raises(TypeError):
            Limits(**{key: given})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Limits(cpus="1")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Limits(ulimits={"nofile": given})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("nofile=64", (64, 64)),
        ("nofile=64:128", (64, 128)),
        ("core=0:unlimited", (0, -1)),
        ("core=-1", (-1, -1)),
        ("core=unlimited:unlimited", (-1, -1)),
    ],
)
def test_ulimits_are_read_as_docker_reads_them(text: str, pair: tuple[int, int]) -> None:
    limits = Limits.parse("ulimit", text)
    assert list(limits.rlimits.values()) == [pair]
    assert Limits(ulimits={text.partition("=")[0]: pair}) == limits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a limit - write NAME=SOFT[:HARD]"),
        ("nofile", "not a limit - write NAME=SOFT[:HARD]"),
        ("nofile=", "not a limit - write a number, or unlimited"),
        ("nofile=x", "not a limit - write a number, or unlimited"),
        ("nofile=-2", "not a limit - write a number, or unlimited"),
        ("nofile=1:2:3", "not a limit - write a number, or unlimited"),
        ("nofile=128:64", "the soft limit is above the hard one"),
        ("nofile=unlimited:64", "the soft limit is above the hard one"),
        ("nofile=9223372036854775808", "out of range"),
        ("nofil=3", "no such limit - did you mean nofile?"),
        ("foo=3", "no such limit - there are as, core, cpu"),
        ("rss=3", "Linux ignores it - limit the memory of the node instead"),
        ("locks=3", "Linux ignores it - leave it out"),
    ],
)
def test_what_is_no_ulimit_is_refused(text: str, said: str) -> None:
    assert said in refusal(Limits.parse, "ulimit", text)


@given(ANY_TEXT)
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    for key in ("memory", "pids", "cpus", "ulimit"):
        with suppress(RequestError):
            limits = Limits.parse(key, text)
            assert Limits.read(str(limits).split(" ")) == limits


def test_limits_that_mean_the_same_are_equal() -> None:
    assert Limits(memory="1G", cpus=2) == Limits(memory=1 << 30, cpus=2.0)
    assert Limits(ulimits={"nofile": "3", "core": 4}) == Limits(ulimits={"core": (4, 4), "nofile": 3})


def test_a_limit_of_a_node_goes_over_one_of_all_and_both_over_what_was_there() -> None:
    before = limited(PAIR, {"a": Limits(memory="8M", pids=7), "b": Limits(memory="8M")})
    after = dict(
        declared(before, [("memory", "a:32M"), ("memory", "64M"), ("ulimit", "b:nofile=3:4"), ("cpus", "0.5")]).limits
    )
    assert after["a"] == Limits(memory="32M", pids=7, cpus=0.5)
    assert after["b"] == Limits(memory="64M", cpus=0.5, ulimits={"nofile": (3, 4)})


def test_a_limit_of_no_node_is_refused() -> None:
    assert "no such node - the nodes are a, b" in refusal(declared, PAIR, [("memory", "c:32M")])
    assert "limits: no node 'c'" in refusal(limited, PAIR, {"c": Limits(pids=1)})
    refusal(lambda: Topology(("a",), limits=(("a", Limits(pids=1)), ("a", Limits(pids=2)))))


@pytest.mark.parametrize("limits", ["256M", 5, {"a": "256M"}, ["a"]])
def test_what_are_no_limits_is_a_type_error(limits: object) -> None:
    with pytest.raises(TypeError, match=r"sandbox\.Limits"):
        limited(PAIR, limits)  # type: ignore[arg-type]


def test_limits_that_limit_nothing_are_none() -> None:
    assert limited(PAIR, Limits()) == PAIR
    assert not Limits(ulimits={"nofile": 3}).needs_cgroup
    assert Limits(pids=3).needs_cgroup


def test_a_gateway_is_not_limited_for_it_runs_no_commands() -> None:
    request = parse(["--switch", "lan:10.0.0.0/24", "--node", "a", "--uplink", "lan", "--pids", "9", "--", "x"])
    assert request
    assert [node for node, _ in request.topology.limits] == ["a"]


def test_a_node_that_is_taken_away_takes_its_limits_along() -> None:
    assert without_node(limited(PAIR, Limits(pids=9)), "a").limits == (("b", Limits(pids=9)),)


def test_the_command_line_takes_them_anywhere() -> None:
    request = parse(
        ["--memory=64M", "--pair", "a:10.0.0.1", "b:10.0.0.2", "--pids", "b:3", "--timeout", "1.5m", "--", "x"]
    )
    assert request
    assert dict(request.topology.limits) == {"a": Limits(memory="64M"), "b": Limits(memory="64M", pids=3)}
    assert request.timeout_s == 90


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("30", 30), (".5", 0.5), ("1.5m", 90), ("2h", 7200), ("1d", 86400)]
)
def test_times_are_read_as_timeout_reads_them(text: str, seconds: float) -> None:
    assert read_timeout(text) == seconds


@pytest.mark.parametrize("text", NO_TIME)
def test_a_time_that_makes_no_sense_is_refused(text: str) -> None:
    assert repr(text) in refusal(read_timeout, text)


# --- in the kernel's words


def test_the_files_of_both_versions() -> None:
    limits = Limits(memory="64M", pids=9, cpus=1.5)
    assert controllers.needed(limits) == ["memory", "pids", "cpu"]
    said = {
        version: [list(controllers.settings(limits, each, version)) for each in controllers.KEYS] for version in (1, 2)
    }
    assert said[1] == [
        [("memory.limit_in_bytes", "67108864"), ("memory.memsw.limit_in_bytes", "67108864")],
        [("pids.max", "9")],
        [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "150000")],
    ]
    assert said[2] == [
        [("memory.max", "67108864"), ("memory.swap.max", "0")],
        [("pids.max", "9")],
        [("cpu.max", "150000 100000")],
    ]


def test_a_number_is_found_behind_its_key() -> None:
    text = "low 0\noom 3\noom_kill 2\n"
    assert controllers.number(text, "oom_kill") == 2
    assert controllers.number(text, "max") == 0
    assert controllers.number("17\n", "") == 17
