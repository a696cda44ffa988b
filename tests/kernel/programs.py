"""Small programs that tests run inside a lab, by path: each prints what it sees."""

from __future__ import annotations

import sys

PYTHON = (sys.executable, "-I", "-S", "-c")

# Prints "ready" and then the name of each signal it catches, in the order in which they came.
CATCHER = """
import os, signal
come, went = os.pipe2(os.O_NONBLOCK)
os.set_blocking(come, True)
signal.set_wakeup_fd(went)
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, lambda *_: None)
os.write(1, b"ready\\n")
while True:
    for number in os.read(come, 99):
        os.write(1, signal.Signals(number).name.encode() + b"\\n")
"""

catcher = (*PYTHON, CATCHER)
