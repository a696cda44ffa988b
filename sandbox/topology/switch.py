"""A switch, as it was asked for: a Linux bridge in a namespace of its own, never on the host."""

from __future__ import annotations

from ..errors import RequestError
from ..values import value
from .address import Subnet, overlap
from .endpoint import check_mtu, check_name, read_mtu


def gateway_of(switch: str) -> str:
    """The name of the node that is the way out of a switch with an uplink."""
    return f"{switch}-gateway"


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
        if not name:
            raise RequestError(f"{text!r}: not a switch - write NAME[:SUBNET], such as lan:10.0.0.0/24")
        subnets = []
        mtu = None
        for word in rest.split(",") if colon else ():
            key, equals, content = word.partition("=")
            if not equals:
                subnets.append(Subnet.parse(word))
            elif key == "mtu" and mtu is None:
                mtu = read_mtu(content)
            else:
                raise RequestError(f"{text!r}: {word!r} is no setting of a switch - write mtu=N once")
        return cls(name, tuple(subnets), mtu)

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.mtu is not None:
            check_mtu(self.mtu, speaks_ipv6=any(subnet.version == 6 for subnet in self.subnets))
        if found := overlap((subnet, place) for place, subnet in enumerate(self.subnets)):
            (one, _), (other, _) = found
            raise RequestError(f"{str(self)!r}: {one} and {other} have addresses in common - leave one out")

    def __str__(self) -> str:
        words = (*map(str, self.subnets), *(() if self.mtu is None else (f"mtu={self.mtu}",)))
        return f"{self.name}:{','.join(words)}" if words else self.name
