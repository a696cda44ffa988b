"""The kernel's side of a seccomp filter: what a program of classic BPF decides about a call.

As strict as bpf_check_classic() of net/core/filter.c and seccomp_check_filter() of kernel/seccomp.c, and no wider than
what our programs use.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

LOAD, RETURN, JUMPS = 0x20, 0x06, {0x15: "equal", 0x35: "at least", 0x45: "any bit"}
LONGEST = 4096


class Program:
    """Instructions that the kernel would take."""

    def __init__(self, packed: bytes) -> None:
        assert len(packed) % 8 == 0
        self.instructions = list(struct.iter_unpack("<HBBI", packed))
        assert 0 < len(self.instructions) <= LONGEST
        for place, (code, then, otherwise, operand) in enumerate(self.instructions):
            assert code in (LOAD, RETURN, *JUMPS), hex(code)
            assert code != LOAD or (operand % 4 == 0 and operand < 64)
            assert code not in JUMPS or place + 1 + max(then, otherwise) < len(self.instructions)
        assert self.instructions[-1][0] == RETURN

    def run(self, architecture: int, number: int, arguments: Sequence[int] = ()) -> tuple[int, int, set[int]]:
        """The verdict, after how many instructions, and which words of the call were looked at."""
        padded = [*arguments, *[0] * (6 - len(arguments))]
        call = struct.pack("<II7Q", number, architecture, 0, *padded)
        accumulator, place, steps, seen = 0, 0, 0, set()
        while True:
            code, then, otherwise, operand = self.instructions[place]
            place, steps = place + 1, steps + 1
            if code == RETURN:
                return operand, steps, seen
            if code == LOAD:
                (accumulator,) = struct.unpack_from("<I", call, operand)
                seen.add(operand)
            else:
                place += then if answer(JUMPS[code], accumulator, operand) else otherwise


def answer(question: str, accumulator: int, operand: int) -> bool:
    if question == "equal":
        return accumulator == operand
    if question == "at least":
        return accumulator >= operand
    return accumulator & operand != 0
