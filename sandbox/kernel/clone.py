"""A child process that begins its life in new namespaces: clone3(2)."""

from __future__ import annotations

import _struct as struct
import os

from .libc import call_locked, hook

CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWCGROUP = 0x0200_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_PARENT = 0x0000_8000
SIGCHLD = 17
SYS_CLONE3 = 435  # the same number on every architecture

# struct clone_args of include/uapi/linux/sched.h, first version: flags, pidfd, child_tid, parent_tid,
# exit_signal, stack, stack_size, tls.
ARGUMENTS = struct.Struct("=8Q")


def fork_into(namespaces: int) -> int:
    """os.fork(), but the child is the first process of new namespaces. Returns 0 in the child, else its pid.

    unshare(2) would not do: a PID namespace begins with the *next* child, which takes a process in between.
    The caller must have one thread only, or the kernel refuses the user namespace (EINVAL).
    With CLONE_PARENT the child is its parent's, who hears of its end by the signal that tells of the caller's.
    """
    arguments = ARGUMENTS.pack(namespaces, 0, 0, 0, 0 if namespaces & CLONE_PARENT else SIGCHLD, 0, 0, 0)
    # What os.fork() does around fork(2): https://docs.python.org/3/c-api/sys.html#c.PyOS_BeforeFork
    hook("PyOS_BeforeFork")
    try:
        pid = call_locked(SYS_CLONE3, arguments, len(arguments))
    except OSError as error:
        hook("PyOS_AfterFork_Parent")
        raise OSError(error.errno, error.strerror, "clone3") from None
    hook("PyOS_AfterFork_Parent" if pid else "PyOS_AfterFork_Child")
    return pid


def reap(pid: int) -> None:
    """Return when a child has ended, and is no more."""
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return  # where SIGCHLD is ignored, as by the fork server, the kernel reaps
