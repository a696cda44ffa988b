"""Runs a program again for each line of its input and answers with the microseconds that it took, silent, as a shell.

run_again.py PROGRAM...     ends with what the program said when that fails
"""

from __future__ import annotations

import os
import sys
import tempfile
from time import perf_counter

argv = sys.argv[1:]
with tempfile.TemporaryFile() as said:
    silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)]
    for _ in sys.stdin:
        said.truncate(0)
        begun = perf_counter()
        pid = os.posix_spawnp(
            argv[0], argv, os.environ, file_actions=[*silent, (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
        )
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        took = perf_counter() - begun
        if status:
            said.seek(0)
            sys.exit(said.read().decode(errors="replace").strip().rpartition("\n")[2] or f"ended with {status}")
        print(took * 1e6, flush=True)
