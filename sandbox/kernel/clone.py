"""A child process that begins its life in new namespaces: clone3(2)."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
SIGCHLD = 17
SYS_CLONE3 = 435  # the same number on every architecture


class _CloneArguments(ctypes.Structure):
    """struct clone_args of include/uapi/linux/sched.h, first version."""

    _fields_ = tuple(
        (name, ctypes.c_uint64)
        for name in ("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls")
    )


# PyDLL keeps the interpreter's lock across the call: the child must own it when it wakes.
_python = ctypes.PyDLL(None, use_errno=True)
_python.syscall.restype = ctypes.c_long


def fork_into(namespaces: int) -> int:
    """os.fork(), but the child is the first process of new namespaces. Returns 0 in the child, else its pid.

    unshare(2) would not do: a PID namespace begins with the *next* child, which takes a process in between.
    The caller must have one thread only, or the kernel refuses the user namespace (EINVAL).
    """
    request = _CloneArguments(flags=namespaces, exit_signal=SIGCHLD)
    # What os.fork() does around fork(2): https://docs.python.org/3/c-api/sys.html#c.PyOS_BeforeFork
    _python.PyOS_BeforeFork()
    pid: int = _python.syscall(SYS_CLONE3, ctypes.byref(request), ctypes.sizeof(request))
    if pid == 0:
        _python.PyOS_AfterFork_Child()
        return 0
    errno = ctypes.get_errno()
    _python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(errno, os.strerror(errno), "clone3")
    return pid
