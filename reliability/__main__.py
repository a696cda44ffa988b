"""python -m reliability: what must never happen, tried here and now, in a table."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import describe

from . import elsewhere, pythons
from .check import Outcome, Place, carried_out
from .checks import CHECKS
from .table import row, text
from .user import NAME, own_name

# How long another program may take, that carries out all of them.
QUICK_S, FULL_S = 400, 2000
# In what an ordinary user's labs begin otherwise than root's. Of the rest a sample is tried as that user.
WHOLE_AS_USER = ("calls", "first-packets")


def main() -> int:
    """Carry out what is asked for. Returns the exit status: 0 where everything holds."""
    asked = _asked()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and tidy up
    if asked.self_test:
        from . import mutants

        return mutants.main()
    machine = describe()
    outcomes = list(_outcomes(asked))
    if asked.json:
        _write(Path(asked.json), machine, outcomes)
    print(text(machine, outcomes))
    return 0 if all(outcome.holds for outcome in outcomes) else 1


def _write(path: Path, machine: Mapping[str, str], outcomes: Sequence[Outcome]) -> None:
    record = {
        "machine": machine,
        "outcomes": [outcome.as_json() for outcome in outcomes],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _asked() -> Namespace:
    parser = ArgumentParser("reliability", description="What must never happen, tried here and now, in a table.")
    parser.add_argument("check", nargs="?", choices=tuple(CHECKS), help="one check alone")
    parser.add_argument("case", nargs="*", help="and of it these cases alone")
    parser.add_argument("--quick", action="store_true", help="a sample, in about two minutes")
    whole = "with --quick: all of this check; may be repeated"
    parser.add_argument("--whole", action="append", default=[], choices=tuple(CHECKS), metavar="CHECK", help=whole)
    users = ("root", NAME) if os.getuid() == 0 else (own_name(),)
    parser.add_argument("--as", dest="user", choices=users, help="as this user alone; by default as each of these")
    parser.add_argument("--pythons", action="store_true", help=f"by Python {' and '.join(pythons.others())} as well")
    parser.add_argument("--python", metavar="VERSION", help="by this version of Python alone, such as 3.13")
    parser.add_argument("--self-test", action="store_true", help="break the program in five ways, and see it caught")
    parser.add_argument("--json", metavar="FILE", help="write it there as well")
    asked = parser.parse_args()
    asked.users = (asked.user,) if asked.user else users
    return asked


def _outcomes(asked: Namespace) -> Iterator[Outcome]:
    timeout_s = QUICK_S if asked.quick else FULL_S
    which = [
        *(["--quick"] if asked.quick else []),
        *_whole(asked.whole),
        *([asked.check, *asked.case] if asked.check else []),
    ]
    as_user = ["--as", asked.user] if asked.user else []
    if asked.python not in (None, pythons.OWN):
        yield from elsewhere.by_python(asked.python, [*as_user, *which], timeout_s)
        return
    everything = not (asked.quick or asked.check or asked.python)
    for user in asked.users:
        if user == own_name():
            yield from _here(asked)
        elif everything and not asked.user:
            yield from elsewhere.as_user(["--quick", *_whole(WHOLE_AS_USER)], timeout_s)
        else:
            yield from elsewhere.as_user(which, timeout_s)
    for version in pythons.others() if asked.pythons or everything else ():
        print(f"by Python {version}:", file=sys.stderr, flush=True)
        quick = which if asked.quick or asked.check else ["--quick"]
        yield from elsewhere.by_python(version, [*as_user, *quick], QUICK_S)


def _whole(names: Sequence[str]) -> list[str]:
    return [word for name in names for word in ("--whole", name)]


def _here(asked: Namespace) -> Iterator[Outcome]:
    """The outcomes of the checks in this program, each told as it comes."""
    names: Sequence[str] = [asked.check] if asked.check else list(CHECKS)
    with _directory() as directory:
        for name in names:
            place = Place(directory, quick=asked.quick and name not in asked.whole)
            outcome = carried_out(name, own_name(), CHECKS[name], place, asked.case)
            print(row(outcome), file=sys.stderr, flush=True)
            yield outcome


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sandbox-reliability-", dir="/var/tmp") as name:
        Path(name).chmod(0o1777)
        yield Path(name)


sys.exit(main())
