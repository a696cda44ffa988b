"""What a node with a way out is told about who knows names: its /etc/resolv.conf, resolv.conf(5)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

HOSTS = "/etc/resolv.conf"
# systemd-resolved itself listens on loopback; here it tells whom it asks.
UPSTREAM = "/run/systemd/resolve/resolv.conf"

NOBODY = "# no nameserver: the host asks {hosts}, and a node reaches others' IPv4 addresses only, none of loopback"


def of_the_host() -> str:
    """The servers that the host asks, as far as a node can reach them, and the domains it searches."""
    servers = [each for each in _servers(HOSTS) if _is_reachable(each)]
    servers = servers or [each for each in _servers(UPSTREAM) if _is_reachable(each)]
    return at(servers)


def at(servers: Sequence[str]) -> str:
    """These servers, and the domains that the host searches."""
    lines = [f"nameserver {each}" for each in servers] or [NOBODY.format(hosts=" ".join(_servers(HOSTS)) or "nobody")]
    lines += [line for line in _lines(HOSTS) if line.startswith(("search ", "domain ", "options "))]
    return "\n".join(lines) + "\n"


def _servers(path: str) -> list[str]:
    return [line.split()[1] for line in _lines(path) if line.startswith("nameserver ") and len(line.split()) > 1]


def _is_reachable(server: str) -> bool:
    return ":" not in server and not server.startswith("127.")


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [line.strip() for line in file]
    except OSError:
        return []
