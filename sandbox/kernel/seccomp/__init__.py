"""The filter between a contained command and the kernel: seccomp(2).

judgement.py says what is decided about each call, decision.py makes a program of that, and this file hands it to the
kernel.
"""

from __future__ import annotations

import _struct as struct

from .. import syscalls
from ..libc import address
from . import decision
from .decision import ARCHITECTURE, EQUALS, KILL, Test
from .judgement import ENOSYS, decisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["install", "program"]

# include/uapi/linux/audit.h: AUDIT_ARCH_*, the calling convention of one call.
CONVENTIONS = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}

SECCOMP_SET_MODE_FILTER = 1
PROGRAM = struct.Struct("@HP")  # struct sock_fprog: how many instructions, and where


def program(machine: str, capabilities: Collection[str] = (), *, writes_last: bool = False) -> bytes | None:
    """The BPF program for a command with these capabilities ("sys_chroot"), or None where the machine is unknown.

    `writes_last`: it makes files that others may execute.

    Who calls by the convention of another machine, as programs of 32 bits do, is killed (SIGSYS): their numbers mean
    other calls. A number that is not in the table is of a call newer than this table, or of the x32 convention, which
    has bit 30 set: there is none such (ENOSYS).
    """
    numbers = syscalls.numbers(machine)
    if numbers is None:
        return None
    judged = decisions(capabilities, writes_last=writes_last)
    search = decision.by_number({number: judged[name] for name, number in numbers.items()}, ENOSYS)
    return decision.program(Test(ARCHITECTURE, EQUALS, CONVENTIONS[machine], search, KILL))


def install(program: bytes) -> None:
    """Filter what this thread asks of the kernel, and all that it will execute, from the next call on.

    Needs no_new_privs.
    """
    description = PROGRAM.pack(len(program) // decision.INSTRUCTION.size, address(program))
    syscalls.call("seccomp", SECCOMP_SET_MODE_FILTER, 0, description)
