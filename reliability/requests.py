"""Requests that are refused, each by the program itself: with 2 and one line that names what is wrong."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import refusals
from .check import Check, Complaint, Place

COMMAND = ("--", "true")
REFUSED = 2
TIMEOUT_S = 30


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Every row of the table, on a command line."""
    known = rows()
    with tempfile.TemporaryDirectory(dir=place.directory) as empty:

        def attempt(name: str) -> Complaint:
            return refused(known[name].words, known[name].names, Path(empty))

        yield Check("each is refused with 2 and one line that names what is wrong", tuple(known), attempt, at_once=2)


def refused(words: Sequence[str], names: Iterable[str], empty: Path) -> Complaint:
    """What is wrong with how `sandbox run` refuses these words, in a directory that is empty and stays so."""
    command = [sys.executable, "-m", "sandbox", "run", *words]
    options = {"cwd": empty, "stdin": subprocess.DEVNULL, "timeout": TIMEOUT_S}
    done = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", **options)  # type: ignore[call-overload]
    wrong = {
        f"exit status {done.returncode}": done.returncode != REFUSED,
        f"says {done.stdout[:200]!r} on stdout": done.stdout,
        f"says {done.stderr[-200:]!r}, not one line": not _is_one_line(done.stderr),
        f"made {[each.name for each in empty.iterdir()]}": any(empty.iterdir()),
        **{f"does not name {name!r} but says {done.stderr[:200]!r}": name not in done.stderr for name in names},
    }
    return "; ".join(complaint for complaint, is_so in wrong.items() if is_so)


def _is_one_line(said: str) -> bool:
    line = said.removesuffix("\n")
    return line != said and line.isprintable() and line.startswith("sandbox: error: ") and " - " in line


@dataclass(frozen=True)
class Refused:
    """The words after `run`, and what the line must name."""

    words: tuple[str, ...]
    names: tuple[str, ...]


def rows() -> Mapping[str, Refused]:
    """All of them as whole command lines, by a name each."""
    found: dict[str, Refused] = {}
    for kind, wrong, row in (*_ends(), *_lines()):
        name = f"{kind}: {_short(ascii(wrong)[1:-1])}"
        assert found.setdefault(name, row) is row, f"{name} twice"
    return found


def _short(text: str) -> str:
    return text if len(text) <= 78 else f"{text[:30]}... ({len(text)})"


def _ends() -> Iterator[tuple[str, str, Refused]]:
    """Those whose first end is refused already."""
    yield from (_end("no address", f"a:{text}", "not an IP address") for text in refusals.NOT_AN_ADDRESS)
    yield from (_end("no prefix", f"a:192.168.1.1{text}", "write /24") for text in refusals.WRITE_24)
    yield from (_end("no prefix", f"a:fd00::1{text}", "write /64") for text in refusals.WRITE_64)
    yield from (_end("no room", f"a:{text}", "no room for a peer") for text in refusals.NO_ROOM)
    yield from (_end("no host", f"a:{text}", kind) for text, kind in refusals.CLASS_OF_ADDRESS)
    yield from (_end("no host", f"a:{text}", kind, instead) for text, kind, instead in refusals.NETWORK_OR_BROADCAST)
    yield from (_end("no endpoint", text, "NAME:ADDRESS") for text in refusals.NOT_AN_ENDPOINT)
    yield from (_end("no name", f"{name}:192.168.1.1", "a-z, 0-9 and '-'") for name in refusals.NOT_A_NAME)
    yield from (_end("no name", f"{name}:192.168.1.1", "choose another name") for name in refusals.LOOPBACK_NAMES)


def _end(kind: str, end: str, *names: str) -> tuple[str, str, Refused]:
    return kind, end, Refused(("--pair", end, "b:192.168.1.2", *COMMAND), names)


def _lines() -> Iterator[tuple[str, str, Refused]]:
    """Those whose words are fine, each for itself."""
    yield from (_line("no pair", ["--pair", a, b, *COMMAND], what, fix) for a, b, what, fix in refusals.UNREACHABLE)
    yield from (_line("half a pair", words, "usage: sandbox run") for words in refusals.HALF_A_PAIR)
    yield from (_line("no command", words, "usage: sandbox run") for words in refusals.NO_COMMAND)
    yield from (_line("no command", [*refusals.PAIR, "--", *words], "no command") for words in refusals.EMPTY_COMMAND)
    yield from (_line("typo", [typo, *COMMAND], f"did you mean {meant}?") for typo, meant in refusals.TYPOS)
    yield from (_line("no option", [word, *COMMAND], "usage: sandbox run") for word in refusals.UNKNOWN_OPTIONS)
    yield from (_line("no option", words, "not an option", "usage: sandbox run") for words in refusals.NOT_AN_OPTION)
    yield from (_line("miscounted", words, said, "usage: sandbox run") for words, said in refusals.MISCOUNTED)
    yield from (_line("contradiction", [*words, *COMMAND], "exclude each other") for words in refusals.CONTRADICTIONS)
    yield from (
        _line("no node", [*refusals.PAIR, "--until", node, *COMMAND], "the nodes are a, b")
        for node in refusals.NO_SUCH_NODE
    )
    yield from (_line("senseless", [*refusals.LAN, *words, *COMMAND], what) for words, what in refusals.SENSELESS)
    yield from (_line("no shape", ["--topology", text, *COMMAND], said) for text, said in refusals.NO_SHAPE)
    yield from _numbers("--timeout", refusals.NO_TIME)
    yield from _numbers("--memory", refusals.NO_SIZE)
    yield from _numbers("--pids", refusals.NO_PROCESSES)
    yield from _numbers("--cpus", refusals.NO_PROCESSORS)


def _line(kind: str, words: Iterable[str], *names: str) -> tuple[str, str, Refused]:
    row = Refused(tuple(words), names)
    return kind, " ".join(row.words), row


def _numbers(option: str, texts: Iterable[str]) -> Iterator[tuple[str, str, Refused]]:
    for text in texts:
        yield _line("no number", [option, text, *COMMAND], option.lstrip("-"))
