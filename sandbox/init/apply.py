"""A plan carried out: each step becomes one request to the kernel, each answer is tied to its step.

Requests to one namespace that follow each other go out in one send. Nothing is undone on failure: the
namespaces are held by descriptor alone, so the kernel frees them, and all in them, with this process.
"""

from __future__ import annotations

from itertools import groupby
from time import perf_counter

from ..kernel import namespace
from ..kernel.rtnetlink import packed
from ..kernel.rtnetlink.conversation import Conversation, Refused
from ..kernel.sysctl import Settings
from ..plan.steps import AddAddress, AllowPing, CreateNamespace, CreateVeth, NoLinkLocal, Settle, SetUp, WriteSysctl
from ..topology.interface import BRIDGE_INDEX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from ..plan.steps import Step
    from ..topology.interface import Interface

    T = TypeVar("T")


class Rejected(Exception):
    """The kernel refused `step`, with `errno` and perhaps `words` of its own."""

    def __init__(self, step: Step, errno: int, words: str = "") -> None:
        super().__init__(step, errno, words)
        self.step = step
        self.errno = errno
        self.words = words

    def to_message(self) -> dict[str, str]:
        """The fields to send to the caller."""
        return {
            "refused": self.step.why,
            "by hand": str(self.step),
            "errno": str(self.errno),
            "words": self.words,
        }


class Builder:
    """Applies plans; `namespaces` are the descriptors of the nodes. `create` makes the one of a name, and enters it.

    This process ends up in the network namespace of the last node.
    """

    def __init__(self, create: Callable[[str], int] = lambda _: namespace.create_network()) -> None:
        self._create = create
        self.namespaces: dict[str, int] = {}
        self._seconds: list[float] = []
        self._conversations: dict[str, Conversation] = {}
        self._settings = Settings()
        self._inside: str | None = None

    def apply(self, steps: Sequence[Step], *, done: Callable[[int], object] | None = None) -> list[float]:
        """Carry out `steps` in order; returns the seconds each took. Raises Rejected at the first that is refused.

        Now and then `done` is told how many steps that were.
        """
        self._seconds = []
        self._inside = None  # somebody may have gone elsewhere meanwhile
        try:
            for alone, batch in groupby(steps, key=_batch):
                if alone is None:
                    for step in batch:
                        self._time(self._carry_out, step, 1)
                else:
                    together = list(batch)
                    self._time(self._ask, together, len(together))
                if done:
                    done(len(self._seconds))
        finally:
            while self._conversations:
                self._conversations.popitem()[1].close()
            self._settings.close()
        return self._seconds

    def _time(self, carry_out: Callable[[T], None], work: T, steps: int) -> None:
        begun = perf_counter()
        carry_out(work)
        # Of a batch only the whole is known: its last step shows it.
        self._seconds += [0.0] * (steps - 1) + [perf_counter() - begun]

    def _carry_out(self, step: Step) -> None:
        try:
            match step:
                case CreateNamespace(node):
                    self.namespaces[node] = self._create(node)
                    self._settings.begin()
                    self._inside = node
                    self._conversations[node] = Conversation()
                case WriteSysctl(node, key, content):
                    self._enter(node)
                    self._settings.write(key, content)
                case AllowPing(node):
                    self._enter(node)
                    self._settings.allow_ping()
                case _:
                    self._carry_out_beyond(step)
        except OSError as error:
            raise Rejected(step, error.errno or 0) from error

    def _carry_out_beyond(self, step: Step) -> None:
        from ..plan.beyond import BypassNetfilter  # no pair takes one

        self._enter(step.node)
        match step:
            case BypassNetfilter():
                self._settings.bypass_netfilter()
            case _:
                self._wait(step)

    def _wait(self, step: Step) -> None:
        from ..kernel import ipv6  # few labs speak it
        from ..plan.waits import AwaitGroup, AwaitLinkLocal

        match step:
            case AwaitGroup(end, address):
                ipv6.await_solicited_node(end.name, address.packed)
            case AwaitLinkLocal(end):
                ipv6.await_link_local(end.name)
            case _:
                raise TypeError(f"not a step that init carries out: {step!r}")

    def _ask(self, batch: list[Step]) -> None:
        try:
            self._conversation(batch[0].node).ask([self._request(step) for step in batch])
        except Refused as refused:
            raise Rejected(batch[refused.position], refused.errno or 0, refused.words) from refused
        except OSError as error:
            raise Rejected(batch[0], error.errno or 0) from error

    def _enter(self, node: str) -> None:
        if node != self._inside:
            namespace.enter_network(self.namespaces[node])
            self._inside = node

    def _conversation(self, node: str) -> Conversation:
        if node not in self._conversations:
            self._enter(node)
            self._conversations[node] = Conversation()
        return self._conversations[node]

    def _request(self, step: Step) -> bytes:
        match step:
            case AddAddress(end, address):
                return packed.add_address(end.index, address.packed, address.prefix)
            case SetUp(_, _, index):
                return packed.set_up(index)
            case NoLinkLocal(end):
                return packed.no_link_local(end.index)
            case Settle(end):
                return packed.get_link(end.index)
            case CreateVeth(end, peer):
                return packed.create_veth(self._veth_end(end), self._veth_end(peer))
            case _:
                return _request_beyond(step)

    def _veth_end(self, end: Interface) -> bytes:
        netns_fd = self.namespaces[end.node]
        master = BRIDGE_INDEX if end.master else None
        return packed.veth_end(end.name, end.index, netns_fd, mtu=end.mtu, mac=end.mac, master=master)


def _request_beyond(step: Step) -> bytes:
    """The request of a step that no pair takes."""
    from ..plan.beyond import AddRoute, CreateBridge, DeleteLink, DeleteRoute, SetAlias, SetDown, SetMaster

    match step:
        case CreateBridge(_, name, index):
            return packed.create_bridge(name, index)
        case SetMaster(end):
            return packed.set_master(end.index, BRIDGE_INDEX)
        case AddRoute(_, to, via):
            return packed.add_route(to.packed if to else b"", to.prefix if to else 0, via.packed)
        case DeleteRoute(_, to, via):
            return packed.delete_route(to.packed if to else b"", to.prefix if to else 0, via.packed)
        case DeleteLink(end):
            return packed.delete_link(end.index)
        case SetDown(_, _, index):
            return packed.set_down(index)
        case SetAlias(end, alias):
            return packed.set_alias(end.index, alias)
        case _:
            raise TypeError(f"not a step for rtnetlink: {step!r}")


def _batch(step: Step) -> object:
    """What consecutive steps have in common when they travel together; None for a step of its own."""
    if getattr(step, "is_alone", False):
        return None
    # Nodes are wired only after every pair exists, and settle only after every end is up.
    return step.node, isinstance(step, CreateVeth), isinstance(step, Settle)
