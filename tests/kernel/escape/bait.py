"""What there is on the host to escape to: a process, sockets, files, keys. Each has the name of this bait alone."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

# A process of the host, with its sockets, memory and queue. It ends with its standard input.
HOST = """
import ctypes, json, os, select, socket, sys
mark, (abstract, *paths) = sys.argv[1], json.loads(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
listeners = [socket.create_server(("127.0.0.1", 0))]
for name in ("\\0" + abstract, *paths):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name)
    listener.listen()
    listeners.append(listener)
for path in paths:
    os.chmod(path, 0o777)
key = int(mark[-7:], 16)
memory = libc.shmget(key, 4096, 0o1600)
queue = "/" + mark
opened = libc.mq_open(queue.encode(), os.O_CREAT | os.O_RDWR, 0o600, None)
print(json.dumps([listeners[0].getsockname()[1], key, queue]), flush=True)
while True:
    for ready in select.select([sys.stdin, *listeners], [], [])[0]:
        if ready is sys.stdin:
            libc.shmctl(memory, 0, None)
            libc.mq_unlink(queue.encode())
            sys.exit()
        connection, _ = ready.accept()
        connection.sendall(mark.encode())
        connection.close()
"""

# What a user does before the launcher: has a terminal, a key in the session's keyring, and files open.
LOGIN = """
import ctypes, fcntl, os, sys
key, directory, *command = sys.argv[1:]
libc = ctypes.CDLL(None)
numbers = {"x86_64": (250, 248), "aarch64": (219, 217)}[os.uname().machine]
if os.isatty(0):
    fcntl.ioctl(0, 0x540E, 0)
libc.syscall(numbers[0], 1, None)
libc.syscall(numbers[1], b"user", key.encode(), b"secret", 6, -3)
for number, path in ((7, directory), (8, "/"), (9, "/etc/shadow")):
    try:
        os.dup2(os.open(path, os.O_RDONLY), number)
    except OSError:
        pass
os.execvp(command[0], command)
"""


@contextmanager
def bait() -> Iterator[dict[str, Any]]:
    """All of it, and how to find it: a record that each probe is given."""
    with ExitStack() as stack:
        mark = f"escape-{uuid.uuid4().hex}"
        base = Path(stack.enter_context(_directory("/var/tmp", mark)))
        hidden = Path(stack.enter_context(_directory("/tmp", mark)))
        memory = Path(stack.enter_context(_directory("/dev/shm", mark)))
        for place in (base, hidden, memory):
            (place / "file").write_text("bait")
            (place / "file").chmod(0o644)
        sockets = [f"{mark}-abstract", str(base / "socket"), str(hidden / "socket")]
        host = stack.enter_context(_host(mark, sockets))
        assert host.stdout
        port, shm_key, queue = json.loads(host.stdout.readline())
        yield {
            "mark": mark,
            "pid": host.pid,
            "session": os.getsid(0),
            "key": f"{mark}-key",
            "directory": str(base),
            "directory_id": _identity(base),
            "file": str(base / "file"),
            "file_id": _identity(base / "file"),
            "in_tmp": str(hidden / "file"),
            "in_tmp_id": _identity(hidden / "file"),
            "in_shm": str(memory / "file"),
            "in_shm_id": _identity(memory / "file"),
            "abstract": sockets[0],
            "socket": sockets[1],
            "socket_in_tmp": sockets[2],
            "port": port,
            "shm_key": shm_key,
            "queue": queue,
            "disk": _disk(),
            "setuid": _setuid(base),
            "device": _device(base),
            "file_systems": _file_systems(),
        }


@contextmanager
def _directory(place: str, mark: str) -> Iterator[str]:
    path = tempfile.mkdtemp(prefix=f"{mark}-", dir=place)
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def _host(mark: str, sockets: list[str]) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-I", "-S", "-c", HOST, mark, json.dumps(sockets)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(10)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _disk() -> tuple[int, int]:
    """The device that the root file system is on, or any that the kernel has."""
    device = os.stat("/").st_dev
    return os.major(device), os.minor(device)


def _file_systems() -> list[int]:
    """The devices of all that is mounted on the host."""
    found = set()
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        major, _, minor = line.split()[2].partition(":")
        found.add(os.makedev(int(major), int(minor)))
    return sorted(found)


def _device(directory: Path) -> str | None:
    path = directory / "null"
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        path.open("rb").close()
    except OSError:
        return None
    return str(path)


def _setuid(directory: Path) -> list[str]:
    """A program that waits, with the identity of another user."""
    if os.getuid() == 0:
        program = directory / "sleep"
        shutil.copy("/bin/sleep", program)
        os.chown(program, 65534, 65534)
        program.chmod(0o4755)
        return [str(program), "30"]
    su = shutil.which("su")
    return [su] if su and os.stat(su).st_uid != os.getuid() and os.stat(su).st_mode & 0o4000 else []
