"""The launcher on a terminal: keys that are signals, the size of the window, settings that are put back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from random import Random
from typing import Any

import pexpect
import psutil

from .catchers import RUN
from .census import wait_for
from .check import Check, Complaint, Place
from .cli import NODES, PATIENCE_S, must, pause, told
from .launch import PAIR, SANDBOX
from .programs import PYTHON
from .terminals import Terminals, has_exited, settings

ROUNDS = 5
LONGEST_PAUSE_S = 0.01
CONTROL_BACKSLASH, CONTROL_Z = "\x1c", "\x1a"
KINDS = (
    *(f"{what} {count}" for what in ("interrupt", "interrupt-twice") for count in NODES),
    *(f"end {how}" for how in ("exit", "SIGTERM", "SIGKILL", "SIGHUP", "SIGINT")),
    *(f"stop {shell} {count}" for shell in ("dash", "bash") for count in NODES),
    "resize",
)
RUN_ONE = (*SANDBOX, "run", "--")
RUN_TWO = (*SANDBOX, "run", *PAIR, "--")
SLEEPER = "sh -c 'echo re''ady; sleep 99; echo sur''vived'"
# Not print(), which bears no second signal while it prints.
TELL_SIZES = """
import os, signal
tell = lambda word: os.write(1, b'%s %d %d\\n' % (word, *os.get_terminal_size(0)))
signal.signal(signal.SIGWINCH, lambda *_: tell(b'now'))
tell(b'ready')
while True: signal.pause()
"""


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Each on terminals of its own, and what is done to it after a pause that is of the case."""

    def attempt(case: str) -> None:
        what, *words, _ = case.split()
        with closing(Terminals(os.environ)) as terminals:
            WAYS[what](terminals, Random(case), *words)

    rounds = range(1, (1 if place.quick else ROUNDS) + 1)
    cases = [f"{kind} {number}" for number in rounds for kind in KINDS]
    shows = "^C is one interrupt, twice it kills; ^Z and fg; the window's size; the terminal's settings are put back"
    yield Check(shows, cases, _patiently(attempt), at_once=2)


def _patiently(attempt: Callable[[str], None]) -> Callable[[str], Complaint]:
    def with_a_complaint(case: str) -> None:
        try:
            attempt(case)
        except pexpect.ExceptionPexpect as failure:
            raise AssertionError(f"not seen: {str(failure).splitlines()[0]}") from failure

    return told(with_a_complaint)


def interrupt(terminals: Terminals, chance: Random, count: str) -> None:
    """One ^C is one SIGINT for each: the next that each hears is of the next key."""
    inside = _catchers(terminals, count)
    pause(chance.uniform(0, LONGEST_PAUSE_S))
    inside.sendintr()
    _hears(inside, count, "SIGINT")
    inside.send(CONTROL_BACKSLASH)
    _hears(inside, count, "SIGQUIT")
    inside.kill(signal.SIGKILL)


def interrupt_twice(terminals: Terminals, chance: Random, count: str) -> None:
    """A command with a terminal of its own hears both, as it would without us; others are killed by the second."""
    inside = _catchers(terminals, count)
    pause(chance.uniform(0, LONGEST_PAUSE_S))
    inside.sendintr()
    _hears(inside, count, "SIGINT")
    inside.sendintr()
    if count == "one":
        _hears(inside, count, "SIGINT")
        inside.send(CONTROL_BACKSLASH)
        _hears(inside, count, "SIGQUIT")
        inside.kill(signal.SIGKILL)
    else:
        must((status := has_exited(inside)) == 128 + signal.SIGKILL, f"it ended with {status}")


def resize(terminals: Terminals, chance: Random) -> None:
    """The size of the window is that of the command's, and so is each change."""
    inside = terminals([*SANDBOX, "run", "--", *PYTHON, TELL_SIZES])
    inside.expect("ready 111 33\r\n")
    for _ in range(3):
        lines, columns = chance.randrange(1, 200), chance.randrange(1, 200)
        inside.setwinsize(lines, columns)
        inside.expect(f"now {columns} {lines}\r\n")
    inside.kill(signal.SIGKILL)


def end(terminals: Terminals, chance: Random, how: str) -> None:
    """The settings are put back, whether the command ends, which has changed those of its own, or we are ended."""
    shell = terminals.shell("dash")
    before = settings(shell)
    if how == "exit":
        shell.sendline(f"{' '.join(RUN_ONE)} stty raw -echo; echo ended=$?")
        shell.expect("ended=0")
    else:
        _sleepers(shell, "one")
        pause(chance.uniform(0, LONGEST_PAUSE_S))
        launcher_in(shell).send_signal(signal.Signals[how])
    wait_for(lambda: settings(shell) == before, within=PATIENCE_S, what="the settings are put back")


def stop(terminals: Terminals, chance: Random, shell_name: str, count: str) -> None:
    """^Z gives the terminal back as it was, fg the command as it was with the terminal as it had it."""
    shell = terminals.shell(shell_name)
    before = settings(shell)
    within = _sleepers(shell, count)
    pause(chance.uniform(0, LONGEST_PAUSE_S))
    if count == "two":
        shell.send(CONTROL_Z)  # without a terminal of its own inside, it is for us
    else:
        launcher_in(shell).send_signal(signal.SIGTSTP)
    shell.expect("prompt> ")
    wait_for(lambda: settings(shell) == before, within=PATIENCE_S, what="the settings are put back while stopped")
    must(launcher_in(shell).status() == psutil.STATUS_STOPPED, "it is not stopped")
    shell.sendline("fg")
    wait_for(lambda: launcher_in(shell).status() != psutil.STATUS_STOPPED, within=PATIENCE_S, what="fg continues it")
    wait_for(lambda: settings(shell) == within, within=PATIENCE_S, what="the terminal is as the command had it")
    shell.sendintr()
    shell.expect("prompt> ")
    must("survived" not in str(shell.before), "a command has survived ^C")
    shell.sendline("echo status=$?")
    shell.expect("status=130")


def _sleepers(shell: pexpect.spawn[str], count: str) -> list[Any]:
    """The settings of a terminal in which one or two commands have begun to sleep."""
    before = settings(shell)
    shell.sendline(f"{' '.join(RUN_ONE if count == 'one' else RUN_TWO)} {SLEEPER}")
    for _ in NODES[count]:
        shell.expect("ready")
    # A shell that is interrupted before it has started a program starts it all the same.
    wait_for(lambda: len(named("sleep", shell.pid)) == len(NODES[count]), within=PATIENCE_S, what="all sleep")
    if count == "one":
        wait_for(lambda: settings(shell) != before, within=PATIENCE_S, what="the terminal is handed over")
    return settings(shell)


def _catchers(terminals: Terminals, count: str) -> pexpect.spawn[str]:
    inside = terminals([*SANDBOX, *RUN[count]])
    _hears(inside, count, "ready")
    return inside


def _hears(inside: pexpect.spawn[str], count: str, word: str) -> None:
    """Complain unless the next line of each is this word."""
    for _ in NODES[count]:
        inside.expect(r"(ready|SIG\w+)\r\n")
        heard = str(inside.after).strip()
        must(heard == word, f"heard {heard}, not {word}")


def launcher_in(shell: pexpect.spawn[str]) -> psutil.Process:
    """The sandbox that runs in a shell."""

    def find() -> list[psutil.Process]:
        return [each for each in psutil.Process(shell.pid).children() if "sandbox" in each.cmdline()]

    return wait_for(find, within=PATIENCE_S, what="the shell has started it")[0]


def named(name: str, ancestor: int | None) -> list[psutil.Process]:
    """The processes below this one that have this name."""
    return [each for each in psutil.Process(ancestor).children(recursive=True) if each.name() == name]


WAYS: Mapping[str, Callable[..., None]] = {
    "interrupt": interrupt,
    "interrupt-twice": interrupt_twice,
    "resize": resize,
    "end": end,
    "stop": stop,
}
