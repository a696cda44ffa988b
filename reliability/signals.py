"""What is sent to the launcher reaches each command, once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from .catchers import RUN, Catchers
from .check import Check, Place
from .cli import NODES, PATIENCE_S, Times, launching, must, pause, told

ROUNDS = 20
PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGQUIT", "SIGCONT")
STOP = "SIGTSTP"
LONGEST_PAUSE_S = 0.01


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Every signal in an order of its own for each case, after a pause of its own; the next shows that it came once."""
    took = Times("from us to the command")

    def attempt(case: str) -> None:
        count, _ = case.split()
        chance = Random(case)
        with launching(*RUN[count]) as launcher:
            catchers = Catchers(launcher, count)
            for name in chance.sample((*PASSED_ON, STOP), len(PASSED_ON) + 1):
                pause(chance.uniform(0, LONGEST_PAUSE_S))
                if name == STOP:
                    catchers.stop_and_continue()
                else:
                    _pass_on(catchers, name, took)
            _pass_on(catchers, "SIGINT", took)
            catchers.send("SIGINT")
            must((status := launcher.wait(PATIENCE_S)) == 128 + signal.SIGKILL, f"a second SIGINT: {status}")

    cases = [f"{count} {number + 1}" for number in range(1 if place.quick else ROUNDS) for count in NODES]
    shows = f"{len(PASSED_ON) + 3} signals: each reaches each command once, a second SIGINT kills"
    yield Check(shows, cases, told(attempt), at_once=2, figures=lambda: str(took))


def _pass_on(catchers: Catchers, name: str, took: Times) -> None:
    with took():
        catchers.send(name)
        catchers.hear(name)
