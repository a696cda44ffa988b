"""What containers of crun(1) or runc(8) run, in /run/bundle: the host's files read-only, by the runtime's own defaults.

oci_place.py RUNTIME COMMAND... -- PROGRAM...     as apart.sh runs it
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

BUNDLE = "/run/bundle"
# runc makes a cgroup unless that is refused, crun is told to make none: so neither does.
PLACE = f"""
umount -R /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup && mount -t cgroup2 -o ro none /sys/fs/cgroup
mkdir -p {BUNDLE}/rootfs && mount --rbind / {BUNDLE}/rootfs
"""

runtime, words = sys.argv[1], sys.argv[2:]
command, program = words[: words.index("--")], words[words.index("--") + 1 :]
subprocess.run(["sh", "-ec", PLACE], check=True)
subprocess.run([runtime, "spec"], cwd=BUNDLE, check=True)
with open(f"{BUNDLE}/config.json", "r+", encoding="utf-8") as file:
    config = json.load(file)
    config["process"] |= {"terminal": False, "args": command}
    file.seek(0)
    file.truncate()
    json.dump(config, file)
os.execvp(program[0], program)
