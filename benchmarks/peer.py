"""The others: each as a program that makes a pair, one that runs a command in a node, and one that builds labs."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from . import mininet, pypi
from .apart import PYTHON, again, apart, script
from .debian import Debian
from .floor import Ask, answering
from .pypi import ACTIVATED, PyPI
from .stopwatch import Contestant
from .table import Entry

T = TypeVar("T")
FAILURES = (OSError, RuntimeError)
LAB_WITHIN_S = 900.0

SANDBOX, C = "sandbox", "C"
BY_HAND = "ip, as articles have it"
COMMAND = "COMMAND"  # among words: what is run in both nodes comes here


class Needs(Protocol):
    """What has to be installed."""

    def why_missing(self, *, install: bool) -> str:
        """Why it is not, or nothing where it is, if need be by now."""
        ...

    def version(self) -> str:
        """What it is called, and its version."""
        ...


class Most(NamedTuple):
    """Numbers of nodes or pairs."""

    quick: int
    usual: int
    full: int


NEVER = Most(0, 0, 0)


@dataclass(frozen=True)
class Peer:
    """A program of another's, run apart. `place` is run first and runs the rest; `slow`: takes a second or so.

    `most`: how large a lab it is asked for in a quick run, a usual one and a full one.
    """

    name: str
    needs: Needs
    program: Sequence[str]
    place: Sequence[str] = ()
    note: str = ""
    slow: bool = False
    most: Most = NEVER

    def words(self, *command: str, between: Sequence[str] = ()) -> list[str]:
        """Those of this program where it runs `command`."""
        words = apart(*self.place, *between, *self.program)
        return [each for word in words for each in (command if word == COMMAND else (word,))]

    @contextmanager
    def again(self) -> Iterator[Contestant]:
        """What runs it once more each time."""
        with answering(*self.words("true", between=again())) as ask:
            yield ask

    @contextmanager
    def lab(self, shape: str, n: int) -> Iterator[Ask]:
        """What answers `build`, `spawn` and `close`."""
        with answering(*self.words(), shape, str(n), within_s=LAB_WITHIN_S) as ask:
            yield ask

    @contextmanager
    def spawning(self) -> Iterator[Contestant]:
        """What runs `true` in a node of a lab that is there."""
        with self.lab("pairs", 1) as ask:
            ask("build")
            yield lambda: ask("spawn")


class Contestants(Generic[T]):
    """Those of some peers that are here and run, ready; and why the others do not."""

    def __init__(
        self,
        stack: ExitStack,
        peers: Sequence[Peer],
        start: Callable[[Peer], AbstractContextManager[Callable[[], T]]],
        *,
        install: bool,
    ) -> None:
        self._peers = peers
        self.why_not: dict[str, str] = {}
        self.run: dict[str, Callable[[], T | None]] = {}
        for peer in peers:
            if missing := peer.needs.why_missing(install=install):
                self.why_not[peer.name] = f"not installed - {missing}"
            else:
                self._start(peer.name, stack, start(peer))

    @property
    def slow(self) -> Container[str]:
        """The names of those that take a second or so."""
        return {peer.name for peer in self._peers if peer.slow}

    def entries(self, found: Mapping[str, float], *, at: int | None = None) -> Iterator[Entry]:
        """One for each peer, with its median or the reason that it has none."""
        for peer in self._peers:
            why = self.why_not.get(peer.name)
            said = why or "; ".join(filter(None, (peer.needs.version(), peer.note)))
            yield Entry(peer.name, None if why else found[peer.name], said, at)

    def _start(self, name: str, stack: ExitStack, context: AbstractContextManager[Callable[[], T]]) -> None:
        """A peer that fails is no reason to end: it is asked no more, and that is told."""

        def once() -> T | None:
            try:
                return None if name in self.why_not else run()
            except FAILURES as error:
                self.why_not[name] = f"does not run here: {error}"
                return None

        try:
            run = stack.enter_context(context)
        except FAILURES as error:
            self.why_not[name] = f"does not run here: {error}"
        else:
            self.run[name] = once


MUNET, NEST = PyPI("munet"), PyPI("nest")
IPROUTE2, UTIL_LINUX = Debian({"ip": "iproute2"}), Debian({"nsenter": "util-linux"})
BUBBLEWRAP, CRUN, RUNC = Debian({"bwrap": "bubblewrap"}), Debian({"crun": "crun"}), Debian({"runc": "runc"})
PODMAN = Debian({"podman": "podman", "crun": "crun", "iptables": "iptables"})
NO_CGROUP = "--cgroup-manager=disabled"


def _shell(name: str, *words: str) -> tuple[str, ...]:
    return ("sh", script(name), *words)


def _container(runtime: str, *command: str) -> tuple[str, ...]:
    return (PYTHON, "-I", "-S", script("oci_place.py"), runtime, *command, "--")


def _module(name: str) -> tuple[str, ...]:
    return ("-m", f"benchmarks.peers.{name}")


PAIRS: Sequence[Peer] = (
    Peer(BY_HAND, IPROUTE2, _shell("by_hand.sh", COMMAND), note="by_hand.sh"),
    Peer("ip -batch", IPROUTE2, _shell("ip_batch.sh", COMMAND)),
    Peer(
        "crun", CRUN, _shell("oci_pair.sh", "crun", NO_CGROUP), _container("crun", COMMAND), "two containers and `ip`"
    ),
    Peer("runc", RUNC, _shell("oci_pair.sh", "runc", "--rootless=true"), _container("runc", COMMAND), "as crun"),
    Peer(
        "Mininet", mininet.NEEDED, (mininet.PYTHON, script("mininet_pair.py"), COMMAND), note="no controller", slow=True
    ),
    Peer("munet", MUNET, (*ACTIVATED, pypi.PYTHON, script("munet_pair.py"), COMMAND), slow=True),
    Peer("NeST", NEST, (pypi.PYTHON, script("nest_pair.py"), COMMAND), _shell("nest_place.sh"), slow=True),
    Peer("podman", PODMAN, _shell("podman.sh", COMMAND), _shell("podman_place.sh"), "two containers, a bridge", True),
)
WITHOUT_LINK: Sequence[Peer] = (
    Peer("bubblewrap, no link", BUBBLEWRAP, _shell("bubblewrap.sh"), note="twice --unshare-net"),
    Peer("unshare(1), no link", UTIL_LINUX, _shell("unshare.sh"), note="twice --net"),
)


def _node(start: str) -> tuple[str, ...]:
    return ("sh", "-ec", f'{start} >/dev/null </dev/null; exec "$@"', "sh")


SLEEP = ("sleep", "infinity")
NETNS = _node("ip netns add node")
OF_CRUN = (*_container("crun", *SLEEP), *_node(f"crun {NO_CGROUP} run --detach --bundle /run/bundle node"))
OF_RUNC = (*_container("runc", *SLEEP), *_node("runc --rootless=true run --detach --bundle /run/bundle node"))
OF_PODMAN = (
    *_shell("podman_place.sh"),
    *_node(f"podman run --detach --cgroups disabled --name node --rootfs /run/root {' '.join(SLEEP)}"),
)

IN_A_NODE: Sequence[Peer] = (
    Peer("nsenter --net", UTIL_LINUX, ("nsenter", "--net=/run/netns/node", "true"), NETNS),
    Peer("ip netns exec", IPROUTE2, ("ip", "netns", "exec", "node", "true"), NETNS),
    Peer("crun exec", CRUN, ("crun", NO_CGROUP, "exec", "node", "true"), OF_CRUN),
    Peer("runc exec", RUNC, ("runc", "--rootless=true", "exec", "node", "true"), OF_RUNC),
    Peer("podman exec", PODMAN, ("podman", "exec", "node", "true"), OF_PODMAN),
)
LABS: Sequence[Peer] = (
    Peer(
        "Mininet",
        mininet.NEEDED,
        (mininet.PYTHON, *_module("mininet_lab")),
        (),
        "no controller",
        True,
        Most(10, 100, 1000),
    ),
    Peer("NeST", NEST, (pypi.PYTHON, *_module("nest_lab")), _shell("nest_place.sh"), "", False, Most(10, 100, 300)),
    Peer("munet", MUNET, (*ACTIVATED, pypi.PYTHON, *_module("munet_lab")), (), "", True, Most(0, 10, 100)),
)
