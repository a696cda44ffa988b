"""`sandbox` as bin/sandbox is, but seen: witness.py FD ROOM [arguments of sandbox]

What the interpreter tells to audit hooks (PEP 578) as the launcher, init and the commands go through the doors of the
kernel is written with its time into the shared memory FD: for each of these processes, by its pid in the lab, ROOM
bytes of lines.
"""

from time import monotonic_ns

BEGUN = monotonic_ns()

import os  # noqa: E402 # after the clock was read
import sys  # noqa: E402
from mmap import mmap  # noqa: E402

LAUNCHER, MOST = 0, 3  # init is 1, the commands are 2 and 3


class Witness:
    """Knows where in the memory each process is to write."""

    def __init__(self, fd: int, room: int) -> None:
        self._memory = mmap(fd, 0)
        self._room = room
        self._launcher = os.getpid()
        self._pid, self._at = self._launcher, 0
        os.close(fd)

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """Write down what tells of a step; an audit hook."""
        if event.startswith("ctypes.dlsym"):
            names = arguments[0] if isinstance(arguments[0], tuple) else arguments
            self.note(f"call {names[-1]}")
        elif event == "import":
            self.note(f"import {arguments[0]}")
        elif event in ("os.fork", "os.exec", "socket.sendmsg"):
            self.note(event)
        elif event == "open" and isinstance(arguments[0], str) and arguments[0].startswith("/proc/sys"):
            self.note("setting")

    def note(self, what: str, at: int = 0) -> None:
        """Write down that something is about to be done."""
        line = f"{at or monotonic_ns()} {what}\n".encode()
        if (pid := os.getpid()) != self._pid:
            self._pid, self._at = pid, 0
        number = LAUNCHER if pid == self._launcher else pid
        if number <= MOST and self._at + len(line) <= self._room:
            begin = number * self._room + self._at
            self._memory[begin : begin + len(line)] = line
            self._at += len(line)


witness = Witness(int(sys.argv[1]), int(sys.argv[2]))
witness.note("begun", BEGUN)
# Beside it lie modules named as some of the standard library's are.
sys.argv, sys.path[0] = ["sandbox", *sys.argv[3:]], os.path.dirname(sys.executable)
sys.addaudithook(witness.hear)
witness.note("seen from here")

from sandbox.cli import main  # noqa: E402

main()
