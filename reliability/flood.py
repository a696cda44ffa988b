"""Much output, the same each time: python flood.py NODE MIB writes its lines on standard output and error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from random import Random

MIB = 1 << 20
LONGEST = 4000  # and a pipe takes it as a whole, whoever else writes to it: pipe(7), PIPE_BUF


def lines(node: str, stream: int, mib: int) -> Iterator[bytes]:
    """What is written by `node` on a stream, 1 or 2. Each line begins with the name of the node, of one letter."""
    chance, left = Random(f"{node} {stream}"), mib * MIB
    while left > 0:
        line = b"%s%s\n" % (node.encode(), chance.randbytes(chance.randrange(LONGEST // 2)).hex().encode())
        yield line
        left -= len(line)


def main(node: str, mib: int) -> None:
    """Write both streams, side by side."""
    child = os.fork()
    stream = 1 if child else 2
    for line in lines(node, stream, mib):
        while line:
            line = line[os.write(stream, line) :]
    if child:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
