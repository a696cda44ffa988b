"""Many launchers at once, all with the same names and addresses: none meets another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .check import Check, Place
from .cli import Times, ended_well, launched, must, told
from .launch import PAIR

AT_ONCE, LAUNCHES, QUICK = 16, 400, 48
PING = 'for peer in "$SANDBOX_PEER_IP" "$SANDBOX_PEER"; do ping -qc1 -W9 "$peer" || exit; done'
ANSWERED = "1 packets transmitted, 1 received, 0% packet loss"


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Launches of a pair, 16 at once; each of its nodes pings the other by address and by name."""
    took = Times("a launch among 16 takes")

    def attempt(_: str) -> None:
        with took():
            done = launched("run", *PAIR, "--", "sh", "-c", PING)
        ended_well(done)
        for node in "ab":
            answers = [line for line in done.stdout.splitlines() if line.startswith(f"{node} | {ANSWERED}")]
            must(len(answers) == 2, f"{node} has {len(answers)} answers of 2: {done.stdout!r}")

    cases = [str(number) for number in range(1, (QUICK if place.quick else LAUNCHES) + 1)]
    shows = f"{AT_ONCE} launchers at once with the same names and addresses: each pings its peer once, and by name"
    yield Check(shows, cases, told(attempt), at_once=AT_ONCE, figures=lambda: str(took))
