"""What a command may do: capabilities(7) over its own network, and nothing that could give it more.

The only file that knows python-prctl, and of it only the half written in C: the other takes 0.7 ms of a launch to
build objects that are not needed here. Ambient capabilities, which it lacks, are one prctl(2) each.
"""

from __future__ import annotations

import _struct as struct
import os

import _prctl

from . import status
from .libc import call
from .signals import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2

CAPABILITY_VERSION_3 = 0x2008_0522

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
    keep_only(_of_commands())


def _of_commands() -> list[int]:
    return OF_ROOT if os.getuid() == 0 else OF_A_USER


class Inheritance:
    """What this process executes has from now on what a command needs, and never more; itself it keeps all it has.

    In a `with` block this process may do no more than its commands: what they could not open, it cannot find.
    """

    def __init__(self) -> None:
        keep = _of_commands()
        _drop_bounding(keep)
        # uid 0 gains its bounding set by exec; another uid keeps only what is inheritable and ambient.
        inherited = [] if os.getuid() == 0 else keep
        self._own = int(status.fields()["CapPrm"], 16)
        self._as_command = self._own & _mask(keep)
        self._inherited = _mask(inherited)
        _set(self._own, self._inherited)
        for capability in inherited:
            call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
        no_new_privileges()

    def __enter__(self) -> None:
        _set(self._own, self._inherited, effective=self._as_command)

    def __exit__(self, *_: object) -> None:
        _set(self._own, self._inherited)


def keep_only(keep: list[int]) -> None:
    """Keep these, also through the next exec, and give up all else for good."""
    is_root = os.getuid() == 0
    _drop_bounding(keep)
    others = [each for each in range(_prctl.CAP_LAST_CAP + 1) if each not in keep]
    # uid 0 regains its bounding set by exec; another uid keeps only what is inheritable and ambient.
    inherited, not_inherited = ([], others + keep) if is_root else (keep, others)
    _prctl.set_caps(keep, keep, inherited, others, others, not_inherited)
    for capability in inherited:
        call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def lock(keep: Collection[int] = ()) -> None:
    """Keep these, also through each exec, and let nothing ever give any other: not uid 0, a file, nor who is asked.

    Needs CAP_SETPCAP. No process that this one becomes or forks will have more: capabilities(7), "The securebits".
    """
    _drop_bounding(keep)
    kept = _mask(keep)
    # What is not inheritable is not ambient either. What is kept becomes so before that is forbidden.
    _set(kept | _mask([_prctl.CAP_SETPCAP]), kept)
    for capability in keep:
        call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    call("prctl", _prctl.PR_SET_SECUREBITS, _securebits(keep), 0, 0, 0)
    _set(kept, kept)
    no_new_privileges()


def _securebits(keep: Collection[int]) -> int:
    """That uid 0 means nothing, and nothing becomes ambient: include/uapi/linux/securebits.h; each with its lock."""
    noroot, no_setuid_fixup, no_ambient_raise = 1 << 0, 1 << 2, 1 << 6
    # Not KEEP_CAPS, which keeps nothing where there is nothing: ping(8) fails where it may not be set.
    locks = (noroot | no_setuid_fixup | no_ambient_raise) << 1
    # A daemon that begins as root and becomes another expects to lose by that what it was given back.
    return noroot | no_ambient_raise | locks | (0 if keep else no_setuid_fixup)


def _mask(capabilities: Collection[int]) -> int:
    return sum(1 << each for each in set(capabilities))


def _set(permitted: int, inheritable: int, *, effective: int | None = None) -> None:
    """capset(2), by itself: libcap leaves alone what is newer than its headers. `effective`: all unless it is given."""
    sets = (permitted if effective is None else effective, permitted, inheritable)
    halves = [word >> shift & 0xFFFF_FFFF for shift in (0, 32) for word in sets]
    call("capset", struct.pack("=Ii", CAPABILITY_VERSION_3, 0), struct.pack("=6I", *halves))


def keep_whoever_it_is() -> None:
    """Keep the capabilities that there are when this process becomes another user: SECBIT_NO_SETUID_FIXUP."""
    call("prctl", _prctl.PR_SET_SECUREBITS, 1 << 2, 0, 0, 0)


def keep_no_longer() -> None:
    """Undo keep_whoever_it_is(): from here on who becomes another loses them."""
    call("prctl", _prctl.PR_SET_SECUREBITS, 0, 0, 0, 0)


def no_new_privileges() -> None:
    """Setuid programs give nothing from here on: PR_SET_NO_NEW_PRIVS(2const)."""
    _prctl.prctl(_prctl.PR_SET_NO_NEW_PRIVS, 1)


def forbid_tracing() -> None:
    """Let nobody without privilege look into this process, or take its descriptors: PR_SET_DUMPABLE(2const).

    An exec would undo that.
    """
    _prctl.prctl(_prctl.PR_SET_DUMPABLE, 0)


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, whatever it waits for: PR_SET_PDEATHSIG(2const)."""
    _prctl.prctl(_prctl.PR_SET_PDEATHSIG, posix.SIGKILL)


def outlive_parent() -> None:
    """Undo end_with_parent()."""
    _prctl.prctl(_prctl.PR_SET_PDEATHSIG, 0)


def adopt_orphans() -> None:
    """Be the parent of what descends from this process and loses its own: PR_SET_CHILD_SUBREAPER(2const)."""
    _prctl.prctl(PR_SET_CHILD_SUBREAPER, 1)


def _drop_bounding(keep: Collection[int]) -> None:
    """Let no exec give this process, or a child of it, any other capability: capabilities(7), bounding set."""
    for capability in range(_last_capability() + 1):
        if capability not in keep:
            _prctl.prctl(_prctl.PR_CAPBSET_DROP, capability)


def _last_capability() -> int:
    """The highest capability this kernel knows; it may be newer than libcap's headers."""
    with open("/proc/sys/kernel/cap_last_cap", encoding="utf-8") as file:
        return int(file.read())
