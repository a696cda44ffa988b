"""What each millisecond of a launch is spent on: the steps that its end waits for, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from mmap import mmap
from statistics import mean, median
from time import monotonic_ns, sleep

import sandbox
from sandbox.plan.steps import Settle

from .launcher import ENDS, PROGRAM
from .stopwatch import REST_S, environment, interleaved, process
from .table import Entry, Table

WITNESS = os.path.join(os.path.dirname(__file__), "witness.py")
LAUNCH = ("run", "--pair", *ENDS, "--", "true")
WATCHED, WHOLE = "watched", "sandbox run --pair A B -- true"
LAUNCHER, INIT, COMMANDS = 0, 1, (2, 3)
ROOM = 1 << 16  # bytes for what a process is seen to do

Moment = Callable[["Launch"], float | None]


@dataclass(frozen=True)
class Launch:
    """One that was watched: when it was over, and what each process was about to do when, in milliseconds."""

    took_ms: float
    seen: Sequence[Sequence[tuple[float, str]]]

    def moments(self, what: str, *processes: int) -> list[float]:
        """Each time that one of them was about to do it, or to do anything."""
        return [at for number in processes for at, done in self.seen[number] if what in ("", done)]


@dataclass(frozen=True)
class Stretch:
    """A part of a launch: from the end of the one before to `until`."""

    name: str
    until: Moment


def measure(runs: int) -> Table:
    """The table, from `runs` launches that are watched and as many that are not."""
    contestants: Mapping[str, Callable[[], Launch | float]] = {
        WATCHED: watched,
        "whole": process([PROGRAM, *LAUNCH]),
        "python": process([sys.executable, "-c", "pass"]),
        "settle": _settling,
    }
    samples = interleaved(contestants, runs, warm_up=2, rest=lambda: sleep(REST_S))
    launches = [each for each in samples[WATCHED] if isinstance(each, Launch)]
    times = {
        name: median(each for each in taken if isinstance(each, float))
        for name, taken in samples.items()
        if name != WATCHED
    }
    return Table("what a launch is spent on", list(_entries(launches, times)), ours=WHOLE, adds_up=True)


def watched() -> Launch:
    """A launch, seen through witness.py."""
    fd = os.memfd_create("seen")  # not closed on exec, once it is duplicated
    try:
        os.ftruncate(fd, ROOM * (1 + len((INIT, *COMMANDS))))
        with mmap(fd, 0) as memory:
            begun = monotonic_ns()
            _run([sys.executable, WITNESS, str(fd), str(ROOM), *LAUNCH], fd)
            ended = monotonic_ns()
            texts = [memory[at : at + ROOM].rstrip(b"\0").decode() for at in range(0, len(memory), ROOM)]
    finally:
        os.close(fd)
    return Launch(_ms(ended - begun), [list(_lines(text, begun)) for text in texts])


def stretches(launch: Launch) -> Iterator[tuple[str, float | None]]:
    """What each took; together the whole. None for one whose end was not seen: the next is longer by it."""
    before = 0.0
    for stretch in STRETCHES:
        until = stretch.until(launch)
        yield stretch.name, None if until is None else max(0.0, until - before)
        before = max(before, until or 0.0)


def _entries(launches: Sequence[Launch], times: Mapping[str, float]) -> Iterator[Entry]:
    told = dict(_usual(launches))
    notes = {
        STARTING: f"python -c pass, from start to end: {times['python']:.1f} ms",
        WIRING: f"of these {times['settle']:.2f} until both ends are ready to send, as Lab.steps() tells",
    }
    for name, took in told.items():
        yield Entry(name, took, notes.get(name, "") if took is not None else "witness.py did not see its end")
    rest = times["whole"] - sum(filter(None, told.values()))
    yield Entry("not accounted for", rest, "and less what watching costs")
    yield Entry(WHOLE, times["whole"], "not watched")


def _usual(launches: Sequence[Launch]) -> Iterator[tuple[str, float | None]]:
    """The mean of each stretch over the middle half of the launches: unlike medians, means add up."""
    ranked = sorted(launches, key=lambda launch: launch.took_ms)
    quarter = len(ranked) // 4
    middle = [dict(stretches(launch)) for launch in ranked[quarter : len(ranked) - quarter]]
    for stretch in STRETCHES:
        known = [took for each in middle if (took := each[stretch.name]) is not None]
        yield stretch.name, mean(known) if known else None


def _run(argv: list[str], fd: int) -> None:
    quiet = [(os.POSIX_SPAWN_OPEN, each, os.devnull, os.O_RDWR, 0) for each in (0, 1, 2)]
    inherited = [(os.POSIX_SPAWN_DUP2, fd, fd)]
    pid = os.posix_spawn(argv[0], argv, environment(), file_actions=[*quiet, *inherited])
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(argv)}: ended with {os.waitstatus_to_exitcode(status)}")


def _lines(text: str, begun: int) -> Iterator[tuple[float, str]]:
    for line in text.splitlines():
        at, _, what = line.partition(" ")
        yield _ms(int(at) - begun), what


def _ms(nanoseconds: int) -> float:
    return nanoseconds / 1e6


def _settling() -> float:
    with sandbox.pair(*ENDS) as (first, _):
        return sum(seconds for step, seconds in first.lab.steps() if isinstance(step, Settle)) * 1000


def _first(what: str, *processes: int) -> Moment:
    return lambda launch: min(launch.moments(what, *processes), default=None)


def _last(what: str, *processes: int) -> Moment:
    return lambda launch: max(launch.moments(what, *processes), default=None)


def _ready(launch: Launch) -> float | None:
    """When the last of the commands said that it is about to execute."""
    said = [min(launch.moments(SENT, number), default=None) for number in COMMANDS]
    return max((at for at in said if at is not None), default=None)


def _last_setting(launch: Launch) -> float | None:
    """When init was about to write the last setting of a namespace, before it said that the network is there."""
    said = min(launch.moments(SENT, INIT), default=0.0)
    return max((at for at in launch.moments("setting", INIT) if at < said), default=None)


SENT = "socket.sendmsg"
STARTING, WIRING = "interpreter starts", "links, addresses"
STRETCHES = (
    Stretch(STARTING, _first("begun", LAUNCHER)),
    Stretch("watching begins", _first("seen from here", LAUNCHER)),
    Stretch("request read, with its imports", _first("import sandbox.cli.launch", LAUNCHER)),
    Stretch("what init needs imported", _first("call syscall", LAUNCHER)),
    Stretch("init forked", _first("", INIT)),
    Stretch("files let go of, planned", _first("call unshare", INIT)),
    Stretch("namespaces, their settings", _last_setting),
    Stretch(WIRING, _first(SENT, INIT)),
    Stretch("commands sent, imports of init", _first("os.fork", INIT)),
    Stretch("commands forked", _last("call setns", *COMMANDS)),
    Stretch("network entered, mounts, rights", _ready),
    Stretch("all are ready, each is told to go", _last("os.exec", *COMMANDS)),
    Stretch("exec, true, reaped", _last(SENT, INIT)),
    Stretch("lab and launcher end", lambda launch: launch.took_ms),
)
