"""Processes of the host: to see, signal, trace and share things with them."""

# ruff: noqa: ARG001 - every probe is told of the bait

from __future__ import annotations

import ctypes
import os
import signal
import socket
from typing import Any

from .common import Refused, bait_process, first_that_opens, libc, opens, others, passes, processes, syscall

ESRCH, EFAULT = 3, 14


def see_a_process(bait: Any) -> str:
    """Read the command line of a process of the host."""
    pid = bait_process(bait)
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        file.read()
    return f"pid {pid}"


def environment_of_a_process(bait: Any) -> str:
    """Read the environment of a process of the host."""
    return opens(f"/proc/{bait_process(bait)}/environ")


def signal_a_process(bait: Any) -> str:
    """Send a process of the host a signal (none, which is allowed to the same)."""
    pid = bait_process(bait)
    os.kill(pid, 0)
    return f"pid {pid}"


def signal_by_pidfd(bait: Any) -> str:
    """The same by a pidfd."""
    fd = syscall("pidfd_open", bait_process(bait), 0)
    syscall("pidfd_send_signal", fd, 0, None, 0)
    return "pidfd"


def signal_the_launchers_group(bait: Any) -> str:
    """Be in a process group or session of the host's, whose processes then get its signals."""
    if os.getpgrp() == 0 or os.getsid(0) == 0:
        return "its leader is outside"
    if os.getsid(0) == bait["session"] != os.getpid():
        return "that of the launcher"
    raise Refused("of its own")


def trace_a_process(bait: Any) -> str:
    """Trace a process of the host; its end ends that."""
    syscall("ptrace", 0x4206, bait_process(bait), 0, 0)  # PTRACE_SEIZE stops nothing
    return "ptrace"


def trace_another_process(bait: Any) -> str:
    """Trace any process but its own children."""
    for pid in others(bait):
        try:
            syscall("ptrace", 0x4206, pid, 0, 0)
            return f"pid {pid}"
        except OSError:
            continue
    raise Refused("none")


def memory_of_a_process(bait: Any) -> str:
    """Read the memory of a process of the host: its address 1, where nothing is."""

    class Piece(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    own = ctypes.create_string_buffer(1)
    here, there = Piece(ctypes.addressof(own), 1), Piece(1, 1)
    words = (ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return passes(lambda: syscall("process_vm_readv", bait_process(bait), *words), EFAULT)


def memory_by_proc(bait: Any) -> str:
    """Open the memory of another process."""
    return first_that_opens([f"/proc/{pid}/mem" for pid in others(bait)], os.O_RDWR)


def descriptor_of_a_process(bait: Any) -> str:
    """Take a descriptor of a process of the host."""
    fd = syscall("pidfd_open", bait_process(bait), 0)
    return f"descriptor {syscall('pidfd_getfd', fd, 0, 0)}"


def compare_processes(bait: Any) -> str:
    """Ask what two processes share."""
    pid = bait_process(bait)
    return f"kcmp {syscall('kcmp', os.getpid(), pid, 1, 0, 0)}"


def answer_of(family: int, address: Any, bait: Any) -> str:
    """What a server of the host says, which is its mark."""
    with socket.socket(family, socket.SOCK_STREAM) as end:
        end.settimeout(2)
        end.connect(address)
        if end.recv(100) != bait["mark"].encode():
            raise Refused("another server")
    return "it answered"


def abstract_socket(bait: Any) -> str:
    """Connect to an abstract socket of the host."""
    return answer_of(socket.AF_UNIX, f"\0{bait['abstract']}", bait)


def socket_by_path(bait: Any) -> str:
    """Connect to a socket with a path of the host's, which a read-only file system does not forbid."""
    return answer_of(socket.AF_UNIX, bait["socket"], bait)


def socket_in_tmp(bait: Any) -> str:
    """Connect to a socket in the host's /tmp."""
    return answer_of(socket.AF_UNIX, bait["socket_in_tmp"], bait)


def loopback_of_the_host(bait: Any) -> str:
    """Connect to a server on the host's loopback."""
    return answer_of(socket.AF_INET, ("127.0.0.1", bait["port"]), bait)


def shared_memory(bait: Any) -> str:
    """Attach to System V shared memory of the host."""
    if libc.shmget(bait["shm_key"], 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "shmget")
    return "shmget"


def message_queue(bait: Any) -> str:
    """Open a POSIX message queue of the host."""
    if libc.mq_open(bait["queue"].encode(), os.O_RDONLY) == -1:
        raise OSError(ctypes.get_errno(), "mq_open")
    return "mq_open"


def key_of_the_session(bait: Any) -> str:
    """Find a key in the session keyring that the launcher had."""
    return f"key {syscall('keyctl', 10, -3, b'user', bait['key'].encode(), 0)}"


def key_of_the_user(bait: Any) -> str:
    """Put a key into the keyring of the user, where it would outlive this."""
    key = syscall("add_key", b"user", bait["mark"].encode(), b"x", 1, -4)
    syscall("keyctl", 9, key, -4)
    return "add_key"


def realtime_priority(bait: Any) -> str:
    """Take a processor from the host."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return "SCHED_FIFO"


def signal_everybody(bait: Any) -> str:
    """Have somebody else to signal: all that kill(-1) would reach."""
    os.kill(-1, 0)
    if (pid := bait_process(bait)) not in processes():
        raise Refused("nobody of the host's")
    os.kill(pid, signal.SIGCONT)
    return f"pid {pid}"
