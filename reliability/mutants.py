"""The harness proves itself: a copy of the program is broken in five ways, and each has to be caught."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .check import Outcome
from .user import ROOT, own_name

COPIED = ("sandbox", "reliability", "benchmarks")
LONGEST_S = 180.0
LONGEST_COMPLAINT = 150
LEAK = "sandbox-mutant-"  # how files begin that a mutant leaves

# The launcher is killed when all is built, whatever the load of this machine.
LATE = ("pair init 200 caller", "pair a 100 caller", "pair b 100 caller")
# Of a thousand of these two are lost without Settle when this machine has little to do, and twenty when it is busy.
MANY_PACKETS = tuple(f"{kind} socket {number}" for number in range(1, 701) for kind in ("tcp4", "udp4"))
NOT_LEFT = r"^(?!left behind)"  # for one that leaves nothing


@dataclass(frozen=True)
class Mutant:
    """A way to break the program: one text of one file is another. `check` has to say what matches `says` then.

    Where the harm is a matter of chance it is carried out up to so many `rounds`, until it is seen.
    In the text that is put there, LEAKS is a directory, and a prefix, by which is found again what it leaves.
    """

    name: str
    file: str
    text: str
    instead: str
    check: str
    says: str
    cases: Sequence[str] = ()
    rounds: int = 1


MUTANTS = (
    Mutant(
        "leaks a namespace",
        "kernel/namespace.py",
        "    create(NETWORK)\n",
        """    create(NETWORK)
    leak = f"LEAKS{os.urandom(8).hex()}"
    os.close(os.open(leak, os.O_CREAT))
    call("mount", b"/proc/self/ns/net", leak.encode(), None, 0x1000, None)
""",
        "calls",
        r"mounts: .* net:\\?\[",
        LATE,
    ),
    Mutant(
        "leaks a process",
        "cli/launch.py",
        "    own_pidfd = os.pidfd_open(os.getpid())\n",
        """    own_pidfd = os.pidfd_open(os.getpid())
    if os.fork() == 0:
        import time

        time.sleep(20)
        os._exit(0)
""",
        "calls",
        r"still running after",
        LATE,
    ),
    Mutant(
        "leaks a file",
        "cli/launch.py",
        "    own_pidfd = os.pidfd_open(os.getpid())\n",
        """    own_pidfd = os.pidfd_open(os.getpid())
    os.close(os.open(f"/tmp/TOKEN{os.urandom(8).hex()}", os.O_CREAT))
""",
        "calls",
        rf"files: /tmp/{LEAK}",
        LATE,
    ),
    Mutant(
        "skips settle",
        "plan/__init__.py",
        "[Settle(end) for end in ends]",
        "[]",
        "first-packets",
        NOT_LEFT,
        MANY_PACKETS,
        rounds=10,
    ),
    Mutant(
        "drops a byte",
        "cli/output.py",
        "        self._partial += data\n",
        "        self._partial += data[1:] if len(data) > 1000 else data\n",
        "output",
        NOT_LEFT,
    ),
)


@dataclass(frozen=True)
class Verdict:
    """What a check said of a copy. `mutant`: how it was broken; nothing where it was not, and must hold."""

    mutant: str
    check: str
    complaint: str
    is_right: bool

    def __str__(self) -> str:
        kept = "holds" if self.is_right else "FAILS"
        said = ("caught" if self.is_right else "NOT CAUGHT") if self.mutant else kept
        complaint = " ".join(self.complaint.split())[:LONGEST_COMPLAINT]
        return f"{self.mutant or 'as it is':<20}{self.check:<16}{said:<12}{complaint}".rstrip()


def self_test(mutants: Sequence[Mutant] = MUTANTS) -> Iterator[Verdict]:
    """Whether each check that is to catch a mutant holds for the copy as it is, and then whether it catches it."""
    with _copy() as copy:
        for check, cases in dict.fromkeys((mutant.check, tuple(mutant.cases)) for mutant in mutants):
            complaint = _worst(_carried_out(copy, check, cases))
            yield Verdict("", check, complaint, not complaint)
        for mutant in mutants:
            with broken(copy, mutant):
                yield _tried(copy, mutant)


@contextmanager
def broken(copy: Path, mutant: Mutant) -> Iterator[None]:
    """The copy with this mutant in it; what it leaves is cleaned away. Raises ValueError unless its text is there once.

    What it mounts lies in the copy, which is this program's alone.
    """
    file = copy / "sandbox" / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.text) != 1:
        raise ValueError(f"{mutant.name}: {mutant.text!r} is {text.count(mutant.text)} times in {mutant.file}")
    token = f"{LEAK}{os.getpid()}-"
    instead = mutant.instead.replace("LEAKS", f"{copy}/{token}").replace("TOKEN", token)
    file.write_text(text.replace(mutant.text, instead), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
        for path in filter(os.path.ismount, copy.glob(f"{token}*")):
            subprocess.run(["umount", "--lazy", path], check=True)
        for path in Path("/tmp").glob(f"{token}*"):
            path.unlink()


def _tried(copy: Path, mutant: Mutant) -> Verdict:
    for _ in range(mutant.rounds - 1):
        if (verdict := _verdict(mutant, _carried_out(copy, mutant.check, mutant.cases))).is_right:
            return verdict
    return _verdict(mutant, _carried_out(copy, mutant.check, mutant.cases))


def _verdict(mutant: Mutant, outcome: Outcome) -> Verdict:
    complaints = [said for said in (outcome.complaints or {}).values() if re.search(mutant.says, said)]
    return Verdict(mutant.name, mutant.check, complaints[0] if complaints else _worst(outcome), bool(complaints))


def _worst(outcome: Outcome) -> str:
    return outcome.why_not or "; ".join((outcome.complaints or {}).values())


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sandbox-mutants-", dir="/var/tmp") as name:
        for package in COPIED:
            shutil.copytree(ROOT / package, Path(name, package), ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(name)


def _carried_out(copy: Path, check: str, cases: Sequence[str]) -> Outcome:
    """What the harness of the copy says of the program of the copy."""
    record = copy / "outcome.json"
    words = [sys.executable, "-m", "reliability", "--as", own_name(), "--quick", "--json", str(record), check, *cases]
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, timeout=LONGEST_S)
    if not record.exists():
        return Outcome(check, "", "", why_not=f"the harness ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    (outcome,) = json.loads(record.read_text(encoding="utf-8"))["outcomes"]
    record.unlink()
    return Outcome(**outcome)


def main() -> int:
    """Print the verdicts. Returns the exit status: 0 where every mutant was caught."""
    if os.getuid() != 0:
        sys.exit("reliability: a mutant that leaks a namespace needs root - try: sudo ./sbx reliability --self-test")
    verdicts = []
    for verdict in self_test():
        print(verdict, flush=True)
        verdicts.append(verdict)
    return 0 if all(verdict.is_right for verdict in verdicts) else 1
