"""Small programs that tests run inside a lab, by path: each prints what it sees."""

from __future__ import annotations

import sys

PYTHON = (sys.executable, "-I", "-S", "-c")

# Prints "ready" and then the name of each signal it receives; ends with SIGALRM, which nobody forwards.
CATCHER = """
import signal, sys
def catch(number, frame):
    print(signal.Signals(number).name, flush=True)
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGALRM):
        signal.signal(number, catch)
print("ready", flush=True)
while True:
    signal.pause()
"""

catcher = (*PYTHON, CATCHER)
