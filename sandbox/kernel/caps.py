"""What a command may do: capabilities(7) over its own network, and nothing that could give it more.

The only file that knows python-prctl, and of it only the half written in C: the other takes 0.7 ms of a launch to
build objects that are not needed here. Ambient capabilities, which it lacks, are one prctl(2) each.
"""

from __future__ import annotations

import os

import _prctl

from .libc import call

PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2

# Over the lab's network only: in a user namespace they reach nothing else.
OF_A_USER = [_prctl.CAP_NET_ADMIN, _prctl.CAP_NET_RAW, _prctl.CAP_NET_BIND_SERVICE]

# For programs of others that work for init: to change a network, and to enter one as well. To stay in the caller's
# takes that too, for a command may trace whatever has no capability that it has not: ptrace(2), PTRACE_MODE_READ.
TO_CHANGE = [_prctl.CAP_NET_ADMIN]
TO_ENTER = TO_STAY = [_prctl.CAP_NET_ADMIN, _prctl.CAP_SYS_ADMIN]

# What Docker leaves to root (moby's oci/caps/defaults.go), and CAP_NET_ADMIN.
OF_ROOT = [
    _prctl.CAP_CHOWN,
    _prctl.CAP_DAC_OVERRIDE,
    _prctl.CAP_FSETID,
    _prctl.CAP_FOWNER,
    _prctl.CAP_MKNOD,
    _prctl.CAP_NET_RAW,
    _prctl.CAP_SETGID,
    _prctl.CAP_SETUID,
    _prctl.CAP_SETFCAP,
    _prctl.CAP_SETPCAP,
    _prctl.CAP_NET_BIND_SERVICE,
    _prctl.CAP_SYS_CHROOT,
    _prctl.CAP_KILL,
    _prctl.CAP_AUDIT_WRITE,
    _prctl.CAP_NET_ADMIN,
]


def limit() -> None:
    """Keep what a command needs (see OF_A_USER, OF_ROOT) through the next exec, and give up all else for good."""
    keep_only(OF_ROOT if os.getuid() == 0 else OF_A_USER)


def keep_only(keep: list[int]) -> None:
    """Keep these, also through the next exec, and give up all else for good."""
    is_root = os.getuid() == 0
    for capability in range(_last_capability() + 1):
        if capability not in keep:
            _prctl.prctl(_prctl.PR_CAPBSET_DROP, capability)
    others = [each for each in range(_prctl.CAP_LAST_CAP + 1) if each not in keep]
    # uid 0 regains its bounding set by exec; another uid keeps only what is inheritable and ambient.
    inherited, not_inherited = ([], others + keep) if is_root else (keep, others)
    _prctl.set_caps(keep, keep, inherited, others, others, not_inherited)
    for capability in inherited:
        call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def no_new_privileges() -> None:
    """Setuid programs give nothing from here on: PR_SET_NO_NEW_PRIVS(2const)."""
    _prctl.prctl(_prctl.PR_SET_NO_NEW_PRIVS, 1)


def forbid_tracing() -> None:
    """Let nobody without privilege look into this process, or take its descriptors: PR_SET_DUMPABLE(2const).

    An exec would undo that.
    """
    _prctl.prctl(_prctl.PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Be the parent of what descends from this process and loses its own: PR_SET_CHILD_SUBREAPER(2const)."""
    _prctl.prctl(PR_SET_CHILD_SUBREAPER, 1)


def _last_capability() -> int:
    """The highest capability this kernel knows; it may be newer than libcap's headers."""
    with open("/proc/sys/kernel/cap_last_cap", encoding="utf-8") as file:
        return int(file.read())
