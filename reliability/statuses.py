"""How a command ends, and what exit status that is."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from .census import wait_for
from .check import Check, Place
from .cli import NODES, PATIENCE_S, launched, launching, must, told
from .launch import PAIR

SAMPLE = 40
SIGNALS = range(1, 32)
TERM_WITHIN_S = 1.0
AFTER_THE_SIGNAL = 7  # of a command that it did not end
# By the name of a file in a directory of ours: a word with a slash is the command itself.
NOT_EXECUTED: Mapping[str, int] = {
    "no-such-program": 127,
    "./no/such/path": 127,
    "below-a-file/program": 127,
    "interpreter-missing": 127,
    "not-executable": 126,
    "directory": 126,
    "bad-format": 126,
    "cut-short": 126,
    "interpreter-is-no-program": 126,
    "noexec/true": 126,
}
REFUSED = ("ENOMEM", "EMFILE", "ENFILE", "E2BIG")  # by execve(2), whatever it executes
PRIVATE_MOUNTS = ("unshare", "--mount") if os.getuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
NOEXEC = 'mount -t tmpfs -o noexec none "$0" && cp /bin/true "$0" && exec "$@"'


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Each in one command, or as the second of two: that is told by its number or a word."""
    directory = place.directory / "statuses"
    _make_files(directory)

    def attempt(case: str) -> None:
        what, which, *count = case.split()
        ways[what](which, *count)

    ways: Mapping[str, Callable[..., None]] = {
        "exit": _ends_by_itself,
        "signal": _ends_by_a_signal,
        "term": _ends_when_told,
        "exec": lambda name, count: Refusal.by_file(directory, name).check(
            count, directory / "begun" / Path(name).name
        ),
        "refused": lambda error, count: Refusal.by_error(directory, error).check(count, directory / "begun" / error),
    }
    cases = list(_cases())
    if place.quick:
        cases = sorted(Random(0).sample(cases, SAMPLE), key=cases.index)
    yield Check("exit statuses 0-255, 31 signals, 125, 126, 127: as a shell's", cases, told(attempt), at_once=2)


def _cases() -> Iterator[str]:
    yield from (f"exit {number}" for number in range(256))
    yield from (f"signal {number}" for number in SIGNALS)
    for count in NODES:
        yield f"term {count}"
        yield from (f"exec {word} {count}" for word in NOT_EXECUTED)
        yield from (f"refused {error} {count}" for error in REFUSED)


def _make_files(directory: Path) -> None:
    contents = {
        "below-a-file": "",
        "not-executable": "#!/bin/sh\n",
        "interpreter-missing": "#!/no/such/interpreter\n",
        "interpreter-is-no-program": "#!/etc/passwd\n",
        "bad-format": "no format at all\n",
        "cut-short": "\x7fELF",
        "program": "#!/bin/sh\n",
    }
    for name in ("", "begun", "directory", "noexec"):
        (directory / name).mkdir(exist_ok=True)
    for name, content in contents.items():
        (directory / name).write_text(content)
        (directory / name).chmod(0o644 if name == "not-executable" else 0o755)


def _beside_another(number: str, script: str) -> Sequence[str]:
    """The words that run a script: alone for an even number, else after a command that ends well."""
    command = ("sh", "-c", script)
    return ("--", *command) if int(number) % 2 == 0 else (*PAIR, "-q", "--", "true", ":::", *command)


def _ends_by_itself(number: str) -> None:
    done = launched("run", *_beside_another(number, f"exit {number}"))
    must((done.returncode, done.stderr) == (int(number), ""), f"{done.returncode}, {done.stderr.strip()!r}")


def _ends_by_a_signal(number: str) -> None:
    script = f"ulimit -c 0; kill -{number} $$; exit {AFTER_THE_SIGNAL}"
    if int(number) == signal.SIGSTOP:
        status, expected = _stopped_and_continued(script), AFTER_THE_SIGNAL
    else:
        status = launched("run", *_beside_another(number, script)).returncode
        elsewhere = subprocess.run(["sh", "-c", script], start_new_session=True, timeout=PATIENCE_S).returncode
        expected = elsewhere if elsewhere >= 0 else 128 - elsewhere
    must(status == expected, f"{status}, and elsewhere {expected}")


def _stopped_and_continued(script: str) -> int:
    """The exit status of what stops itself, once it was continued through us."""
    with launching("run", "--", "sh", "-c", script) as launcher:

        def is_stopped() -> bool:
            processes = psutil.Process(launcher.pid).children(recursive=True)
            return any(each.name() == "sh" and each.status() == psutil.STATUS_STOPPED for each in processes)

        wait_for(is_stopped, within=PATIENCE_S, what="the command stops")
        launcher.send_signal(signal.SIGCONT)
        return launcher.wait(PATIENCE_S)


def _ends_when_told(count: str) -> None:
    command = ("sh", "-c", "echo ready; exec sleep 99")
    with launching("run", *(PAIR if count == "two" else ()), "-q", "--", *command) as launcher:
        assert launcher.stdout
        heard = sorted(launcher.stdout.readline() for _ in NODES[count])
        must(heard == [f"{prefix}ready\n" for prefix in NODES[count]], f"heard {heard}")
        begun = time.monotonic()
        launcher.terminate()
        status = launcher.wait(PATIENCE_S)
        took = time.monotonic() - begun
    must(status == 128 + signal.SIGTERM, f"{status}")
    must(took < TERM_WITHIN_S, f"that took {took:.1f} s")


@dataclass(frozen=True)
class Refusal:
    """A `program` that cannot be executed, and what is said then: a status, and one of these words.

    With `before`, a program that makes it so. `late`: what only execve(2) finds, when the others have begun.
    """

    program: str
    status: int
    words: Sequence[str]
    before: Sequence[str] = ()
    late: bool = False

    @classmethod
    def by_file(cls, directory: Path, name: str) -> Refusal:
        """That of the file itself."""
        program = str(directory / name) if (directory / name.split("/")[0]).exists() else name
        before = (*PRIVATE_MOUNTS, "sh", "-c", NOEXEC, str(directory / "noexec")) if "noexec" in name else ()
        named = (program, "/no/such/interpreter", "/etc/passwd")
        return cls(program, NOT_EXECUTED[name], named, before, late=name == "cut-short")

    @classmethod
    def by_error(cls, directory: Path, error: str) -> Refusal:
        """That of the kernel, which has not what it takes."""
        program = str(directory / "program")
        before = ("strace", "-f", "-qq", "-o", os.devnull, "-P", program, "-e", f"inject=execve:error={error}")
        return cls(program, 125, (os.strerror(getattr(errno, error)), "ulimit -n"), before, late=True)

    def check(self, count: str, begun: Path) -> None:
        """Complain unless it is told in one line, and the command beside it, which makes `begun`, has not begun."""
        pair = (*PAIR, "--", "touch", str(begun), ":::") if count == "two" else ("--",)
        done = launched("run", *pair, self.program, before=self.before)
        said = done.stderr
        must(done.returncode == self.status, f"{done.returncode}: {said!r}")
        must(said.startswith("sandbox: error: ") and said.count("\n") == 1, f"not one line: {said!r}")
        must(any(each in said for each in self.words), f"not said: {said!r}")
        must(self.late or not begun.exists(), "the other command has begun")
