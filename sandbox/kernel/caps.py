"""What a command may do: capabilities(7) over its own network, and nothing that could give it more.

The only file that knows python-prctl. Ambient capabilities, which it lacks, are one prctl(2) each.
"""

from __future__ import annotations

import os

import prctl

from .libc import call

PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2

# Over the lab's network only: in a user namespace they reach nothing else.
OF_A_USER = (prctl.CAP_NET_ADMIN, prctl.CAP_NET_RAW, prctl.CAP_NET_BIND_SERVICE)

# What Docker leaves to root (moby's oci/caps/defaults.go), and CAP_NET_ADMIN.
OF_ROOT = (
    prctl.CAP_CHOWN,
    prctl.CAP_DAC_OVERRIDE,
    prctl.CAP_FSETID,
    prctl.CAP_FOWNER,
    prctl.CAP_MKNOD,
    prctl.CAP_NET_RAW,
    prctl.CAP_SETGID,
    prctl.CAP_SETUID,
    prctl.CAP_SETFCAP,
    prctl.CAP_SETPCAP,
    prctl.CAP_NET_BIND_SERVICE,
    prctl.CAP_SYS_CHROOT,
    prctl.CAP_KILL,
    prctl.CAP_AUDIT_WRITE,
    prctl.CAP_NET_ADMIN,
)


def limit() -> None:
    """Keep what a command needs (see OF_A_USER, OF_ROOT) through the next exec, and give up all else for good."""
    root = os.getuid() == 0
    keep = OF_ROOT if root else OF_A_USER
    for capability in range(_last_capability() + 1):
        if capability not in keep:
            prctl.capbset_drop(capability)
    sets = (prctl.CAP_EFFECTIVE, prctl.CAP_PERMITTED)
    others = [each for each in prctl.ALL_CAPS if each not in keep]
    # uid 0 regains its bounding set by exec; another uid keeps only what is inheritable and ambient.
    prctl.set_caps(
        (list(keep), sets, True),
        (others, sets, False),
        (list(keep), prctl.CAP_INHERITABLE, not root),
        (others, prctl.CAP_INHERITABLE, False),
    )
    if not root:
        for capability in keep:
            call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def no_new_privileges() -> None:
    """Setuid programs give nothing from here on: PR_SET_NO_NEW_PRIVS(2const)."""
    prctl.set_no_new_privs(1)


def _last_capability() -> int:
    """The highest capability this kernel knows; it may be newer than libcap's headers."""
    with open("/proc/sys/kernel/cap_last_cap", encoding="utf-8") as file:
        return int(file.read())
