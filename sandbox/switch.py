"""A switch, as it was asked for: a Linux bridge in a namespace of its own, never on the host."""

from __future__ import annotations

from .address import Subnet
from .endpoint import check_mtu, check_name, read_mtu
from .errors import RequestError
from .values import value


@value
class Switch:
    """A bridge that any number of nodes are plugged into; `subnets` are where they take their addresses from.

    Raises RequestError for a name or a number that no switch can have.
    """

    name: str
    subnets: tuple[Subnet, ...] = ()
    mtu: int | None = None

    @classmethod
    def parse(cls, text: str) -> Switch:
        """The switch written `NAME[:SUBNET[,SUBNET]...][,mtu=N]`, such as lan:10.0.0.0/24. Raises RequestError."""
        if not isinstance(text, str):
            raise TypeError(f"a switch is text such as 'lan:10.0.0.0/24', not {text!r}")
        name, colon, rest = text.partition(":")
        words = rest.split(",") if colon else []
        mtus = [word.partition("=")[2] for word in words if word.startswith("mtu=")]
        if len(mtus) > 1:
            raise RequestError(f"{text!r}: an MTU twice - write mtu=N once")
        subnets = (Subnet.parse(word) for word in words if not word.startswith("mtu="))
        return cls(name, tuple(subnets), read_mtu(mtus[0]) if mtus else None)

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.mtu is not None:
            check_mtu(self.mtu, speaks_ipv6=any(subnet.version == 6 for subnet in self.subnets))

    def __str__(self) -> str:
        words = (*map(str, self.subnets), *(() if self.mtu is None else (f"mtu={self.mtu}",)))
        return f"{self.name}:{','.join(words)}" if words else self.name
