"""Going ahead of whatever else runs here, as all contestants of a run then do."""

from __future__ import annotations

import errno
import os

NICEST = -20  # the smallest number there is: the most of the processor


def go_ahead() -> None:
    """Put this process, and what it starts from now on, before whatever else runs here."""
    os.nice(NICEST)
    put_ahead(os.getpid())


def put_ahead(pid: int) -> None:
    """Put the session that `pid` is in before all others: being nice counts within a session only (sched(7)).

    Where that session is not a group to the scheduler, being nice counts among all and nothing is left to do: the
    kernel was built without such groups (no such file), or nobody on the way to `pid` ever began a session, as
    with what init or the kernel started (EINVAL, kernel/sched/autogroup.c: the root's share is nobody's to set).
    """
    try:
        with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as autogroup:
            autogroup.write(str(NICEST))
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
