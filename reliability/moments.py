"""SIGKILL at random times: of the launcher, init, a command; of a program that uses the library, its fork server, an
init of that."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import cpu_count
from pathlib import Path
from typing import ClassVar

from .aftermath import Aftermath
from .census import fork_server, wait_for
from .check import Check, Complaint, Place
from .cli import pause
from .launch import LAUNCH, SLEEPERS, Launch

MANY, MANY_QUICK = 1000, 42
LAUNCH_S = 0.08  # from the fork of the launcher until its commands run; a little more than it takes
PROGRAM_S = 0.25  # the same of a program that uses the library, with some labs
SOON_S = 5.0

# Labs one after the other and within each other, as fast as they come, commands in all of them.
PROGRAM = """
import sandbox, sys
print('begun', flush=True)
while True:
    try:
        with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
            background = b.popen(['sh', '-c', 'setsid sleep 99 & exec sleep 99'])
            with sandbox.pair('a:fd00::1', 'b:fd00::2') as (c, d):
                assert c.run(['true']).returncode in (0, -9)
    except sandbox.SandboxError:
        continue  # its init or the fork server was killed, which is what this is about
"""


def delay_s(case: str, longest_s: float) -> float:
    """A random time, the same for a case whenever it is tried."""
    return random.Random(case).uniform(0, longest_s)


class Moments:
    """Launches and programs that are killed, each a while after its victim began: a little longer than it takes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.aftermath = Aftermath()

    def attempt(self, case: str) -> Complaint:
        """Kill whom the case names first, at the moment that goes with it, and see what is left."""
        return self._of[case.split()[0]](self, case)

    def _launcher(self, case: str) -> Complaint:
        with Launch(SLEEPERS, self._directory) as launch:
            pause(delay_s(case, LAUNCH_S))
            launch.process.kill()
            return self.aftermath.judge(launch, "caller")

    def _init(self, case: str) -> Complaint:
        with Launch(SLEEPERS, self._directory) as launch:
            (init,) = _children(launch.process.pid)
            pause(delay_s(case, LAUNCH_S / 2))
            os.kill(init, signal.SIGKILL)
            return self.aftermath.judge(launch, "init")

    def _command(self, case: str) -> Complaint:
        with Launch(SLEEPERS, self._directory) as launch:
            (init,) = _children(launch.process.pid)
            _children(init)
            pause(delay_s(case, LAUNCH_S / 4))
            victim = random.Random(case).choice(_children(init))
            os.kill(victim, signal.SIGKILL)
            return self.aftermath.judge(launch, "command")

    def _program(self, case: str) -> Complaint:
        with program(self._directory) as launch:
            pause(delay_s(case, PROGRAM_S))
            launch.process.kill()
            return self.aftermath.judge(launch, "caller")

    def _server(self, case: str) -> Complaint:
        with program(self._directory) as launch:
            server = await_server(launch)
            pause(delay_s(case, 0.03))
            os.kill(server, signal.SIGKILL)
            try:
                await_server(launch, other_than=server)
            except AssertionError as error:
                return f"the program has none any more: {error}, its status is {launch.process.poll()}"
            launch.process.kill()
            return self.aftermath.judge(launch, "caller")

    def _lab(self, case: str) -> Complaint:
        """An init of the program, be it that of a lab or one in waiting."""
        with program(self._directory) as launch:
            server = await_server(launch)
            pause(delay_s(case, PROGRAM_S))
            before = _children(server)
            with suppress(ProcessLookupError):
                os.kill(random.Random(case).choice(before), signal.SIGKILL)
            try:
                wait_for(lambda: set(_children(server)) - set(before), within=SOON_S, what="there is another lab")
            except AssertionError as error:
                return f"the program does not go on: {error}, its status is {launch.process.poll()}"
            launch.process.kill()
            return self.aftermath.judge(launch, "caller")

    _of: ClassVar = {
        "launcher": _launcher,
        "init": _init,
        "command": _command,
        "program": _program,
        "server": _server,
        "lab": _lab,
    }


def cases(many: int) -> list[str]:
    """Whom to kill, and a number from which the moment follows. Programs take longer than launches: they are fewer."""
    victims = ("launcher", "init", "command", "launcher", "init", "command", "launcher", "lab", "program", "server")
    return [f"{victims[number % len(victims)]} {number}" for number in range(1, many + 1)]


def program(directory: Path) -> Launch:
    """A program that uses the library, once it has begun."""
    launch = Launch((sys.executable, "-c", PROGRAM), directory, stderr=subprocess.DEVNULL)
    assert launch.process.stdout
    if launch.process.stdout.readline() != "begun\n":
        with launch:
            raise AssertionError("a program that uses the library does not begin")
    return launch


def await_server(launch: Launch, *, other_than: int = 0) -> int:
    """The pid of a program's fork server, once there is one, or another one."""

    def there() -> int:
        server = fork_server(launch.mark, variable=LAUNCH)
        return server if server != other_than else 0

    return wait_for(there, within=SOON_S, what="there is a fork server")


def _children(pid: int) -> list[int]:
    """Those of a process with one thread, once it has any."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return wait_for(lambda: [int(word) for word in path.read_text().split()], within=SOON_S, what="it has children")


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """The check."""
    many = Moments(place.directory)
    yield Check(
        "killed at a random time: nothing left after 1 s",
        cases(MANY_QUICK if place.quick else MANY),
        many.attempt,
        at_once=cpu_count() or 1,
        figures=lambda: f"gone after {many.aftermath.longest_s:.2f} s at most",
    )
