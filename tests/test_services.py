"""The order in which services start, without any: where they run is made up here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import ServiceFailed
from sandbox.lab.services import Ear, Startup
from sandbox.topology import Topology
from sandbox.topology.service import Ready, Service

from .topologies import topologies


class Made:
    """A process that does as it is told."""

    pid = 0

    def __init__(self) -> None:
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode

    def kill(self) -> None:
        self.returncode = -9


class MadeUp:
    """Where nothing runs: a stage that writes down what it was asked."""

    def __init__(self) -> None:
        self.started: dict[str, Made] = {}
        self.checks: list[Made] = []
        self.printed: set[str] = set()

    def start(self, service: Service) -> Made:
        return self.started.setdefault(service.node, Made())

    def check(self, service: Service, argv: tuple[str, ...]) -> Made:
        assert service.ready
        assert argv == service.ready.command
        self.checks.append(Made())
        return self.checks[-1]

    def has_printed(self, service: Service, text: str) -> bool:
        assert service.ready
        assert text == service.ready.log
        return service.node in self.printed


def service(node: str, *dependencies: str, log: str | None = None, timeout_s: float = 30) -> Service:
    return Service(node, ("x",), depends_on=dependencies, ready=Ready(log=log, timeout_s=timeout_s) if log else None)


def test_what_needs_nobody_starts_at_once_and_the_rest_when_it_may() -> None:
    stage = MadeUp()
    startup = Startup([service("a", "b", "c"), service("b", log="up"), service("c"), service("d", "a")], stage)
    assert startup.advance()
    assert list(stage.started) == ["b", "c"]
    assert startup.advance()
    assert list(stage.started) == ["b", "c"]
    stage.printed.add("b")
    assert not startup.advance()
    assert list(stage.started) == ["b", "c", "a", "d"]


@given(topologies())
def test_every_service_starts_once_and_never_before_those_it_depends_on(topology: Topology) -> None:
    stage = MadeUp()
    order: list[str] = []
    # Ready by what it prints: a port and a command need a machine.
    asked = [service(each.node, *each.depends_on, log="up" if each.ready else None) for each in topology.services]
    startup = Startup(asked, stage)
    while startup.advance():
        order += [node for node in stage.started if node not in order]
        waiting = [node for node in order if node not in stage.printed]
        stage.printed.add(waiting[-1])
    order += [node for node in stage.started if node not in order]
    assert sorted(order) == sorted(each.node for each in topology.services)
    for each in topology.services:
        assert all(order.index(node) < order.index(each.node) for node in each.depends_on)


@pytest.mark.parametrize(
    ("returncode", "said", "status"),
    [(3, "ended with 3", 3), (0, "ended with 0", 125), (-15, "was killed by signal 15", 143)],
)
def test_one_that_ends_before_it_is_ready_is_an_error(returncode: int, said: str, status: int) -> None:
    stage = MadeUp()
    startup = Startup([service("a", log="up"), service("b", "a")], stage)
    assert startup.advance()
    stage.started["a"].returncode = returncode
    with pytest.raises(ServiceFailed, match=f"'a': {said} before it was ready.*'up'") as caught:
        startup.advance()
    assert (caught.value.node, caught.value.exit_status) == ("a", status)
    assert list(stage.started) == ["a"]


def test_one_that_printed_what_was_awaited_and_ended_was_ready() -> None:
    stage = MadeUp()
    startup = Startup([service("a", log="up")], stage)
    assert startup.advance()
    stage.printed.add("a")
    stage.started["a"].returncode = 1
    assert not startup.advance()


def test_one_that_is_not_ready_in_time_is_an_error() -> None:
    startup = Startup([service("a", log="up", timeout_s=1e-9)], MadeUp())
    assert startup.advance()
    with pytest.raises(ServiceFailed, match=r"'a': not ready within 1e-09 s.*'up' - .*ready\.timeout"):
        startup.advance()


def test_a_check_that_fails_is_made_again_and_one_that_hangs_is_killed_in_the_end() -> None:
    stage = MadeUp()
    ready = Ready(command=("check",), timeout_s=0.5)
    startup = Startup([Service("a", ("x",), ready=ready)], stage)
    while startup.advance() and len(stage.checks) < 2:
        for check in stage.checks:
            check.returncode = 1
    assert len(stage.checks) == 2
    with pytest.raises(ServiceFailed, match="not ready within"):
        all(iter(startup.advance, False))
    assert stage.checks[-1].returncode == -9


@given(st.lists(st.tuples(st.integers(1, 2), st.binary(max_size=4))), st.text(min_size=1, max_size=3))
def test_an_ear_hears_what_any_stream_said_wherever_it_was_cut(said: list[tuple[int, bytes]], text: str) -> None:
    ear = Ear(text)
    for stream, data in said:
        ear.hear(stream, data)
    whole = [b"".join(data for number, data in said if number == stream) for stream in (1, 2)]
    assert ear.has_heard == any(text.encode() in each for each in whole)


@given(st.binary(max_size=9), st.text(min_size=1, max_size=9), st.binary(max_size=9), st.integers(1, 5))
def test_an_ear_hears_a_text_in_pieces(before: bytes, text: str, after: bytes, size: int) -> None:
    ear, said = Ear(text), before + text.encode() + after
    for at in range(0, len(said), size):
        ear.hear(1, said[at : at + size])
    assert ear.has_heard
