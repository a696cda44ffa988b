"""Which sockets others listen on, without a knock at any: proc_net(5), /proc/PID/net/tcp and its like."""

from __future__ import annotations

# The state of a TCP socket that listens, and of a UDP socket that has no peer: include/net/tcp_states.h.
LISTENING = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}


def listens(pid: int, port: int) -> bool:
    """Whether anything listens on `port`, of TCP or UDP and at any address, in the network of process `pid`."""
    return any(_listens(f"/proc/{pid}/net/{protocol}", f":{port:04X}", state) for protocol, state in LISTENING.items())


def _listens(path: str, port: str, state: str) -> bool:
    try:
        with open(path, encoding="ascii") as sockets:
            lines = [line.split() for line in sockets]
    except OSError:
        return False  # the process has ended, or this kernel has no IPv6
    return any(fields[3] == state and fields[1].endswith(port) for fields in lines)


def named() -> list[str]:
    """The paths of the sockets that somebody in this network listens on: unix(7), /proc/net/unix."""
    with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as file:
        lines = [line.rstrip("\n").split(None, 7) for line in file]
    paths = (fields[7] for fields in lines if len(fields) == 8)
    return sorted({path for path in paths if path.startswith("/")})
