"""What commands other than `run` print, where it cannot be printed: one line or none, and a status that means it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import PAIR, Cli, one_error_line

LONG = ("explain", "--topology", "linear:300")  # more than a pipe holds


def test_a_reader_that_has_gone_is_no_answer(cli: Cli) -> None:
    cli.environment.pop("PYTHONUNBUFFERED", None)  # by which Python does not notice what of a long text was not taken
    process = cli.start(*LONG)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) == 141
    assert process.stderr.read() == ""


def test_a_full_disk_is_said_to_be_the_reason(cli: Cli) -> None:
    with open("/dev/full", "wb") as full:
        done = cli("explain", *PAIR, stdout=full)
    assert done.returncode == 125
    assert "No space left on device" in one_error_line(done.stderr)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_not_missed(cli: Cli, tmp_path: Path, closed: str) -> None:
    cli.environment["XDG_RUNTIME_DIR"] = str(tmp_path)
    before = ("sh", "-c", f'exec "$@" {closed}', "sh")
    assert cli("up", "-d", "--name", "x", *PAIR).returncode == 0
    try:
        for words in (("stats", "x", "--interval", "0.1"), ("learn", "pair", "--no-pause")):
            done = cli(*words, before=before)
            assert (done.returncode, done.stderr) == (0, ""), words
    finally:
        cli("down", "x")


@pytest.mark.parametrize(
    "words",
    [
        *(("stats", "x", "--interval", text) for text in ("nan", "inf", "0", "-1", "1e300")),
        *(("ping", "x", "--timeout", text) for text in ("nan", "inf", "0", "1e300")),
    ],
    ids=" ".join,
)
def test_a_time_that_is_none_is_refused(cli: Cli, tmp_path: Path, words: tuple[str, ...]) -> None:
    cli.environment["XDG_RUNTIME_DIR"] = str(tmp_path)
    assert cli("up", "-d", "--name", "x", *PAIR).returncode == 0
    try:
        done: subprocess.CompletedProcess[str] = cli(*words)
    finally:
        cli("down", "x")
    assert done.returncode == 2
    one_error_line(done.stderr)
