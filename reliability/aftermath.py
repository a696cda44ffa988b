"""What must be so after one process of a launch was killed."""

from __future__ import annotations

import signal
import subprocess
import time

from .check import Complaint
from .launch import Launch

GONE_WITHIN_S = 1.0
KILLED, TERMINATED, OURS = 137, 143, 125
# How the launcher ends, by who was killed. If that was a command it is asked to end, and passes that on to the other.
STATUSES = {"caller": (-signal.SIGKILL,), "init": (OURS, KILLED)}
# Once the last command has ended, what asks the launcher to end may come when it passes nothing on any more.
OF_A_COMMAND = (KILLED, TERMINATED, -signal.SIGTERM)


class Aftermath:
    """Sees that launches end as they must once one of their processes was killed; and how long that takes."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    def judge(self, launch: Launch, victim: str) -> Complaint:
        """What is wrong a second after `victim` was killed: the launcher's end, what it says, whatever is left."""
        begun = time.monotonic()
        if victim not in STATUSES:
            launch.process.send_signal(signal.SIGTERM)
        try:
            status = launch.process.wait(GONE_WITHIN_S)
            launch.await_nothing_left(GONE_WITHIN_S - (time.monotonic() - begun))
        except subprocess.TimeoutExpired:
            return f"the launcher still runs after {GONE_WITHIN_S} s"
        except AssertionError as left:
            return str(left)
        self.longest_s = max(self.longest_s, time.monotonic() - begun)
        said = launch.process.stderr.read() if launch.process.stderr else ""
        if status not in STATUSES.get(victim, OF_A_COMMAND) or "Traceback" in said:
            return f"status {status}: {said.strip()}"
        return ""
