"""Whoever looks on sees what is done to the machine, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reliability.onlooker import Onlooker

ONLOOKER = Onlooker()  # its hook stays for as long as the interpreter does


@pytest.mark.parametrize(
    ("deed", "event"),
    [
        (lambda path: path.write_text("x"), "open"),
        (lambda path: path.mkdir(), "os.mkdir"),
        (lambda _: socket.socket().close(), "socket.__new__"),
        (lambda _: subprocess.run([sys.executable, "-c", "pass"], check=True), "subprocess.Popen"),
        (lambda _: os.putenv("A", "b"), "os.putenv"),
        (lambda path: os.close(os.open(path, os.O_CREAT)), "open"),
    ],
)
def test_a_deed_is_seen(deed: Callable[[Path], object], event: str, tmp_path: Path) -> None:
    with ONLOOKER.watched() as seen:
        deed(tmp_path / "new")
    assert any(each.startswith(event) for each in seen)


def test_a_descriptor_that_is_left_is_seen() -> None:
    with ONLOOKER.watched() as seen:
        left = os.dup(0)
    os.close(left)
    assert len(seen) == 1
    assert f"'{left}'" in seen[0]


def test_reading_and_thinking_are_no_deeds() -> None:
    with ONLOOKER.watched() as seen:
        Path(__file__).read_text()
        sorted(os.listdir("/"))
        exec(compile("import ipaddress", "x", "exec"))
    assert seen == []


def test_what_others_do_and_what_is_done_unwatched_is_not_told(tmp_path: Path) -> None:
    with ONLOOKER.watched() as seen:
        pass
    (tmp_path / "new").write_text("x")
    assert seen == []
