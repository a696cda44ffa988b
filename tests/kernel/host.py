"""A host to try things on, with an internet behind it: namespaces of a test's own, never this machine's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from reliability.census import wait_for

ADDRESS, ROUTER, FAR = "203.0.113.2", "203.0.113.1", "198.51.100.7"  # RFC 5737: nobody's
PORT = 8000

# The host prints the pid of the internet, and that says when it is ready.
SET_UP = f"""
set -eu
sysctl -qw net.ipv4.ip_forward=1
ip link set lo up
mount --bind "$1" /etc/resolv.conf
unshare -n sh -eu -c "$3" sh "$2" "$4" &
until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
ip link add wan type veth peer name wan netns $!
ip address add {ADDRESS}/24 dev wan
ip link set wan up
ip route add default via {ROUTER}
echo $!
wait
"""
INTERNET = f"""
until ip link show wan >/dev/null 2>&1; do :; done
ip link set lo up
ip address add {ROUTER}/24 dev wan
ip address add {FAR}/32 dev lo
ip link set wan up
exec "$1" -I -S -c "$2"
"""
# Tells whoever connects its address; as a name server it knows every name as FAR.
SERVER = f"""
import select, socket, struct
web = socket.create_server(("", {PORT}))
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("", 53))
print("ready", flush=True)
while True:
    for ready in select.select([web, names], [], [])[0]:
        if ready is web:
            connection, address = web.accept()
            connection.sendall(address[0].encode())
            connection.close()
        else:
            query, client = names.recvfrom(512)
            end = query.index(0, 12) + 5
            is_a = query[end - 4 : end - 2] == b"\\0\\1"
            answer = b"\\xc0\\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton("{FAR}") if is_a else b""
            head = query[:2] + b"\\x81\\x80" + struct.pack("!HHHH", 1, bool(is_a), 0, 0)
            names.sendto(head + query[12:end] + answer, client)
"""
UNSHARE = ("unshare", "-nm") if os.getuid() == 0 else ("unshare", "-Urnm")
ENTER = ("nsenter", "-n", "-m") if os.getuid() == 0 else ("nsenter", "-n", "-m", "-U", "--preserve-credentials")


class Host:
    """Programs are executed on it by these words before them; `internet` likewise."""

    def __init__(self, pid: int, internet: int) -> None:
        self.before = (*ENTER, "-t", str(pid))
        self.internet = (*ENTER, "-t", str(internet))

    def run(self, *words: str) -> str:
        """What a command says that is run on it."""
        return subprocess.run([*self.before, *words], capture_output=True, text=True, check=True, timeout=20).stdout

    def traces(self) -> list[str]:
        """What labs have on it: links and tables."""
        links = self.run("ip", "-br", "link").splitlines()
        tables = self.run("nft", "list", "tables").splitlines() if shutil.which("nft") else []
        return [line for line in links + tables if "sb-" in line]

    def await_no_trace(self) -> None:
        """Fail unless every trace is gone within a second."""
        left: list[str] = []

        def is_clean() -> bool:
            left[:] = self.traces()
            return not left

        wait_for(is_clean, within=1, what="nothing of labs is left on the host")


@contextmanager
def host(directory: Path) -> Iterator[Host]:
    """A host of one's own."""
    resolv = directory / "resolv.conf"
    resolv.write_text(f"# a host's\nnameserver {ROUTER}\nsearch example.test\n")
    words = [*UNSHARE, "sh", "-c", SET_UP, "sh", str(resolv), sys.executable, INTERNET, SERVER]
    with (
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        assert process.stdout
        assert process.stderr
        said = {process.stdout.readline().strip() for _ in range(2)} - {""}
        for pid in said - {"ready"}:
            stack.callback(os.kill, int(pid), signal.SIGKILL)
        if len(said) < 2:
            process.kill()
            pytest.skip(f"no host can be made here: {process.stderr.read().strip()}")
        yield Host(process.pid, int(max(said - {"ready"})))
