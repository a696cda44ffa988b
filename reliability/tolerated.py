"""Faults of single system calls that need not end in a refusal, what may come of them instead, and why that is right.

Whatever is not said here has to be refused.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """These calls of these processes may fail with these errors: all where none is named.

    The launch ends with `status` then, and at most so many commands were executed: where it is 0 both, with all that
    they are allowed without the fault and no more, and nothing is said.
    """

    who: Collection[str]
    calls: Collection[str]
    why: str
    errors: Collection[str] = ()
    status: int = 0
    executed: int = 2

    def covers(self, who: str, call: str, error: str) -> bool:
        """Whether it is about this fault."""
        return who in self.who and call in self.calls and (not self.errors or error in self.errors)


BOTH = ("a", "b")
TOLERATED = (
    Tolerance(
        ("caller", "init"),
        ("openat", "newfstatat", "read", "close"),
        "an import compiles the source where what was compiled before cannot be had, and looks in the next place",
    ),
    Tolerance(
        ("caller", "init", *BOTH),
        ("newfstatat", "ioctl", "lseek"),
        "open() asks for the kind and the place of a file only to choose how it reads, and does without",
    ),
    Tolerance(("caller", "init", *BOTH), ("mmap", "munmap"), "the C library finds memory elsewhere, or keeps it"),
    Tolerance(("caller", "init"), ("prlimit64",), "how many descriptors are allowed is asked to raise it: it need not"),
    Tolerance(("init",), ("prctl",), "libcap tries out which capabilities there are, and knows them without"),
    Tolerance(BOTH, ("capget",), "libcap asks for the version of capabilities(7), and has its own without an answer"),
    Tolerance(BOTH, ("set_robust_list",), "the C library says where its locks are: a new process holds none"),
    Tolerance(BOTH, ("access", "newfstatat"), "a place of PATH at which a program is not"),
    Tolerance(BOTH, ("read",), "a program may be executable and not readable", ("EPERM",)),
    Tolerance(
        BOTH,
        ("execve", "recvmsg"),
        "at its very last calls the other has been told to begin: nobody can know that they will fail",
        status=125,
        executed=1,
    ),
    Tolerance(
        BOTH, ("execve",), "the same, and that it may not be executed is the command's fault", ("EPERM",), 126, 1
    ),
)


def tolerances(who: str, call: str, error: str) -> list[Tolerance]:
    """What else may come of a fault."""
    return [each for each in TOLERATED if each.covers(who, call, error)]
