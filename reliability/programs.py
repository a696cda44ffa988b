"""Small programs that are run inside a lab: each prints what it sees."""

from __future__ import annotations

import sys

PYTHON = (sys.executable, "-I", "-S", "-c")

# Prints "ready" and then the name of each signal it catches, in the order in which they came; and bears the name
# of the last one, for who cannot read what it prints.
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
        name = signal.Signals(number).name
        os.write(1, name.encode() + b"\\n")
        open("/proc/self/comm", "w").write(name)
"""

catcher = (*PYTHON, CATCHER)

# Prints the command line of each process in the lab that it may look into, but for itself.
LOOK_INTO_OTHERS = """
import os
for pid in filter(str.isdigit, os.listdir('/proc')):
    if int(pid) != os.getpid():
        try:
            os.readlink(f'/proc/{pid}/ns/net')
            print(open(f'/proc/{pid}/cmdline').read().replace(chr(0), ' '))
        except PermissionError:
            pass
"""
