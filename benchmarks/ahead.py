"""Going ahead of whatever else runs here, as all contestants of a run then do."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NICEST = -20  # the smallest number there is: the most of the processor


@contextmanager
def ahead() -> Iterator[None]:
    """Put this process, and what it starts meanwhile, before whatever else runs here.

    Its session is that of the shell it was started in, which stays: so it is put back afterwards. Where this needs a
    privilege that is not here (CAP_SYS_NICE) that is told, and it runs as anybody does.
    """
    own = os.getpid()
    before = niceness(own)
    try:
        os.nice(NICEST)
        put_ahead(own)
    except PermissionError:
        print("benchmarks: not ahead of what else runs here: that needs CAP_SYS_NICE", file=sys.stderr)
    try:
        yield
    finally:
        if niceness(own) != before:
            _put(own, before)


def put_ahead(pid: int) -> None:
    """Put the session that `pid` is in before all others: being nice counts within a session only (sched(7)).

    Where that session is not a group to the scheduler, being nice counts among all and nothing is left to do: the
    kernel was built without such groups (no such file), or nobody on the way to `pid` ever began a session, as
    with what init or the kernel started (EINVAL, kernel/sched/autogroup.c: the root's share is nobody's to set).
    """
    try:
        _put(pid, NICEST)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def niceness(pid: int) -> int:
    """That of the session that `pid` is in, as /proc tells it: "/autogroup-25 nice 0"; 0 where it is no group."""
    try:
        with open(f"/proc/{pid}/autogroup", encoding="ascii") as autogroup:
            return int(autogroup.read().rpartition(" ")[2] or 0)
    except FileNotFoundError:
        return 0


def _put(pid: int, nice: int) -> None:
    with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as autogroup:
        autogroup.write(str(nice))
