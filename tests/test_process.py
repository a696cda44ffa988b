"""A command from the caller's side, without one: what init says, in whatever order it arrives."""

from __future__ import annotations

import errno
import os

import pytest

from sandbox import messages
from sandbox.errors import LabClosed, StepFailed
from sandbox.lab.process import Process

READY = {"ready": ""}
FAILED = {"failed": "start in a", "by hand": "ip netns exec a", "errno": str(errno.EMFILE + 100), "file": ""}


def told(*report: dict[str, str]) -> Process:
    """A command of which this is reported, and no start is told."""

    def send(status_fd: int, report_fd: int) -> None:
        del status_fd
        sock = messages.adopt(os.dup(report_fd))
        for message in report:
            messages.send(sock, message)
        sock.close()

    return Process(("true",), send, held=True)


def test_a_start_that_failed_after_the_command_was_ready_is_a_failure() -> None:
    with pytest.raises(StepFailed, match="cannot start in a"):
        told(READY, FAILED).get_ready()


def test_without_a_word_of_the_start_init_is_gone() -> None:
    with pytest.raises(LabClosed):
        told(READY).get_ready()
