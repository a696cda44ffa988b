"""What crun(1) is to run: the host's files read-only, ids of their own, no capability, as `--contain` has it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from .stopwatch import Contestant, timed

IDS = [{"containerID": 0, "hostID": 0x1000_0000, "size": 0x1_0000}]
SCRATCH = ("/tmp", "/run", "/home", "/root")
TMPFS = {"type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777", "size=256m"]}

# crun knows hierarchies of cgroups of one version only, and a root has to be a mount: so it is given both.
PLACE = 'mount -t cgroup2 none /sys/fs/cgroup && mount --rbind / "$0" && echo ready && read _'


@contextmanager
def running(tool: str) -> Iterator[Contestant]:
    """A contestant that runs `true` in such a container. Raises RuntimeError where crun cannot."""
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)  # root inside is nobody to it
        root = Path(directory) / "rootfs"
        root.mkdir()
        subprocess.run([tool, "spec"], cwd=directory, check=True)
        _fit(Path(directory) / "config.json")
        words = ["unshare", "--mount", "sh", "-c", PLACE, str(root)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as place:
            assert place.stdin
            assert place.stdout
            try:
                if place.stdout.readline() != "ready\n":
                    raise RuntimeError("no cgroups of version 2 here")
                yield _contestant(tool, directory, place.pid)
            finally:
                place.stdin.close()


def _fit(path: Path) -> None:
    config = json.loads(path.read_text())
    config["process"] |= {"terminal": False, "args": ["true"]}
    config["process"]["capabilities"] = {each: [] for each in config["process"]["capabilities"]}
    config["process"].pop("rlimits", None)
    config["linux"] |= {"uidMappings": IDS, "gidMappings": IDS}
    config["linux"]["namespaces"] += [{"type": "user"}, {"type": "cgroup"}]
    config["mounts"] += [{"destination": each, **TMPFS} for each in SCRATCH]
    path.write_text(json.dumps(config))


def _contestant(tool: str, bundle: str, place: int) -> Contestant:
    names = (f"bench-{place}-{number}" for number in count())
    enter = [shutil.which("nsenter") or "nsenter", f"--mount=/proc/{place}/ns/mnt", "--"]

    def once() -> None:
        words = [*enter, tool, "--cgroup-manager=disabled", "run", "--bundle", bundle, next(names)]
        # A pipe: whatever crun finds on its descriptors it gives to root inside, /dev/null of the host as well.
        done = subprocess.run(words, input="", capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().rpartition("\n")[2])

    once()
    return timed(once)
