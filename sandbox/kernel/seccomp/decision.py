"""A decision about a system call: a tree of tests with verdicts for leaves, and the classic BPF program that takes it.

The program has only such instructions as let Linux 5.11 and later see for themselves which calls are always allowed;
these it then lets pass without running the program: seccomp_is_const_allow() of kernel/seccomp.c.
"""

from __future__ import annotations

import _struct as struct

from ...values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Verdicts, include/uapi/linux/seccomp.h: SECCOMP_RET_*.
ALLOW = 0x7FFF_0000
KILL = 0x8000_0000

# Words of struct seccomp_data. Both kinds of machine are little-endian: of an argument, the lower half comes first.
NUMBER, ARCHITECTURE = 0, 4

# include/uapi/linux/bpf_common.h
LOAD, RETURN = 0x20, 0x06  # BPF_LD | BPF_W | BPF_ABS, BPF_RET | BPF_K
EQUALS, AT_LEAST, HAS_ANY_BIT = 0x15, 0x35, 0x45  # BPF_JMP | BPF_K | one of BPF_JEQ, BPF_JGE, BPF_JSET
INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter: code, jump if true, jump if false, operand


@value
class Test:
    """One question about a word of the call, and what is decided either way."""

    word: int
    question: int
    operand: int
    then: Decision
    otherwise: Decision


if TYPE_CHECKING:
    Decision = int | Test
    Instruction = tuple[int, int, int, int]


def refuse(errno: int) -> int:
    """The verdict that makes the call fail."""
    return 0x0005_0000 | errno


def argument(index: int) -> int:
    """The lower half of an argument, which is all that the kernel itself reads of an int."""
    return 16 + 8 * index


def is_any_of(word: int, operands: Sequence[int], then: Decision, otherwise: Decision) -> Decision:
    """Tests whether a word is one of these."""
    decision = otherwise
    for operand in reversed(operands):
        decision = Test(word, EQUALS, operand, then, decision)
    return decision


def by_number(decisions: Mapping[int, Decision], otherwise: Decision) -> Decision:
    """The decision about a call by its number; `otherwise` about any other number."""
    runs: list[tuple[int, Decision]] = []
    following = 0
    for number in sorted(decisions):
        if number > following or not runs:
            _extend(runs, following, otherwise)
        _extend(runs, number, decisions[number])
        following = number + 1
    _extend(runs, following, otherwise)
    return _search(runs)


def _extend(runs: list[tuple[int, Decision]], first: int, decision: Decision) -> None:
    if runs and runs[-1][0] == first:
        runs.pop()
    if not runs or runs[-1][1] != decision:
        runs.append((first, decision))


def _search(runs: Sequence[tuple[int, Decision]]) -> Decision:
    """Halve what is left with each test: each run is of numbers that are decided alike."""
    if len(runs) == 1:
        return runs[0][1]
    middle = len(runs) // 2
    return Test(NUMBER, AT_LEAST, runs[middle][0], _search(runs[middle:]), _search(runs[:middle]))


def program(decision: Decision) -> bytes:
    """The BPF program that takes a decision."""
    return b"".join([INSTRUCTION.pack(*each) for each in _instructions(decision, None)])


def _instructions(decision: Decision, loaded: int | None) -> list[Instruction]:
    """Those of a decision, with this word in the accumulator."""
    if isinstance(decision, int):
        return [(RETURN, 0, 0, decision)]
    load = [(LOAD, 0, 0, decision.word)] if decision.word != loaded else []
    otherwise = _instructions(decision.otherwise, decision.word)
    then = _instructions(decision.then, decision.word)
    return [*load, (decision.question, len(otherwise), 0, decision.operand), *otherwise, *then]
