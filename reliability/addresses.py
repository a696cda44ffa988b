"""The parser's word on single addresses against the kernel's: what either refuses, and why we refuse more."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address
from random import Random

from sandbox import Lab, Node, Topology
from sandbox.errors import RequestError
from sandbox.topology.address import Address
from sandbox.topology.endpoint import Endpoint, Link

from .check import Check, Complaint, Place

ADDRESSES, BATCHES, A_FEW, FEWEST = 250, 40, 8, 4

# What the kernel lets an interface have, in the words of the refusal: what it is, and why nobody gets it here.
NONSENSE: Mapping[str, tuple[str, str]] = {
    "the network address": ("network", "it is all hosts to older systems (RFC 1122), in IPv6 any router (RFC 4291)"),
    "the broadcast address": ("broadcast", "what is sent to it is sent to all"),
    "the unspecified address": ("unspecified", "it means none: what is sent to it comes back"),
    "an address of 'this network'": ("0.0.0.0/8", "it means a host that does not know its network yet (RFC 1122)"),
    "a loopback address": ("loopback", "no packet with it leaves a host, or is taken from outside (RFC 1122)"),
    "a multicast address": ("multicast", "it is a group's: nobody may answer from it"),
    "a reserved address": ("reserved", "hosts of other systems drop it (RFC 1112, class E)"),
    "an IPv4-mapped address": ("IPv4-mapped", "it means an IPv4 address to every program, which would send IPv4"),
    "a link-local address": ("link-local", "no name leads to it: a hosts file has no scopes"),
    "leaves no room for a peer": ("no room", "a cable has two ends, and with /0 everything is at the other one"),
}

# First bits and how many: where something special is, and its neighbourhood.
SPECIAL = {
    4: ((0, 8), (10, 8), (127, 8), (0xA9FE, 16), (0xE, 4), (0xF, 4), (0xFFFFFFFF, 32), (0xC0A8, 16)),
    6: ((0, 96), (0xFFFF, 96), (0xFF, 8), (0x3FA, 10), (0xFD, 8), (0x3FB, 10), (1, 128), (0x20010DB8, 32), (2, 16)),
}
WIDTH = {4: 32, 6: 128}


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Batches of addresses, each by its number, which is the seed. Each address is tried on a cable's end."""
    few = A_FEW if place.quick else BATCHES
    batches = few if os.getuid() == 0 else max(few // 10, FEWEST)
    cable = Topology(nodes=("a", "b"), links=(Link(Endpoint("a"), Endpoint("b")),))
    with Lab(cable) as lab:
        trial = Trial(lab["a"])
        yield Check(
            "what the parser accepts the kernel accepts; what only the parser refuses is of a kind that is told",
            [str(number) for number in range(1, batches + 1)],
            trial.batch,
            figures=trial.told,
        )


class Trial:
    """Tries batches in a node, and counts."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._count: Counter[str] = Counter()

    def batch(self, number: str) -> Complaint:
        """The addresses of a batch of which parser and kernel disagree as they should not."""
        random = Random(int(number))
        texts = [_any(random) for _ in range(ADDRESSES)]
        refused_by_kernel = _refused(self._node, texts)
        complaints = (self._judge(text, at in refused_by_kernel) for at, text in enumerate(texts))
        return "; ".join(filter(None, complaints))

    def told(self) -> str:
        """How many there were of each kind."""
        nonsense = ", ".join(f"{NONSENSE[kind][0]} {n}" for kind, n in self._count.most_common() if kind in NONSENSE)
        accepted, both = self._count["accepted by both"], self._count["refused by both"]
        return f"{accepted} accepted by both, {both} refused by both, by the parser alone: {nonsense}"

    def _judge(self, text: str, is_refused_by_kernel: bool) -> Complaint:
        try:
            Address.parse(text)
        except RequestError as error:
            said = "refused by both" if is_refused_by_kernel else str(error)
            kind = next((kind for kind in NONSENSE if kind in said), said)
            self._count[kind] += 1
            is_told = is_refused_by_kernel or kind in NONSENSE
            return "" if is_told else f"{text}: the kernel has it, and no reason is told to refuse it: {said}"
        self._count["accepted by both"] += 1
        return f"{text}: accepted, and the kernel refuses it" if is_refused_by_kernel else ""


def _any(random: Random) -> str:
    """An address of either version with a prefix: anywhere, near something special, or at an end of its subnet."""
    version = random.choice((4, 6))
    width = WIDTH[version]
    number = random.getrandbits(width)
    if random.random() < 0.5:
        first_bits, length = random.choice(SPECIAL[version])
        number = first_bits << width - length | random.getrandbits(width - length) >> random.randrange(width)
    prefix = random.choice((*range(width + 1), *(8, 16, 24, 30, 31, 64, 127) * 4)) % (width + 1)
    host_bits = (1 << width - prefix) - 1
    number = random.choice((number, number, number & ~host_bits, number | host_bits))
    return f"{IPv4Address(number) if version == 4 else IPv6Address(number)}/{prefix}"


def _refused(node: Node, texts: Sequence[str]) -> set[int]:
    """Which of the addresses ip(8) could not give to an interface, by their place. None of them stays there."""
    orders = (f"address {order} {text} dev eth0" for text in texts for order in ("add", "delete"))
    words = ["ip", "-force", "-batch", "-"]
    done = node.run(words, input="\n".join(orders) + "\n", capture_output=True, text=True, timeout=30)
    failed = {int(line) for line in re.findall(r"^Command failed -:(\d+)$", done.stderr, flags=re.MULTILINE)}
    # Of two lines for each address, counted from 1, the first one.
    return {line // 2 for line in failed if line % 2}
