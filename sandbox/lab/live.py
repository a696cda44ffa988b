"""Links and interfaces of a running lab, to be taken away, switched off and on again."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..topology.address import Address
    from ..topology.endpoint import Link
    from . import Lab


class LiveInterface:
    """An interface of a node: its name (eth0), its index there, its addresses."""

    def __init__(self, lab: Lab, node: str, name: str, index: int, addresses: tuple[Address, ...]) -> None:
        self._lab = lab
        self.node = node
        self.name = name
        self.index = index
        self.addresses = addresses

    def __repr__(self) -> str:
        return f"<{self.name} of {self.node}, {', '.join(map(str, self.addresses)) or 'no address'}>"

    def down(self) -> None:
        """Switch it off; the other end loses its carrier."""
        self._lab.channel.ask("down", node=self.node, interface=self.name)

    def up(self) -> None:
        """Switch it on again, with the addresses and routes that it had."""
        self._lab.channel.ask("up", node=self.node, interface=self.name)


class LiveLink:
    """A link between two interfaces: `ends`, in the order in which the link was asked for."""

    def __init__(self, lab: Lab, link: Link, ends: tuple[LiveInterface, LiveInterface]) -> None:
        self._lab = lab
        self._link = link
        self.ends = ends

    def __repr__(self) -> str:
        return f"<Link {self._link}>"

    def remove(self) -> None:
        """Take it away, with both interfaces and the routes through it. Raises RequestError when it is gone already."""
        self._lab.unlink(self._link)


def live_links(lab: Lab, links: tuple[Link, ...], wires: list[str]) -> list[LiveLink]:
    """The links of a lab; each of `wires` holds node, interface and index of both ends, as init tells them."""
    return [_live_link(lab, link, wire.split(" ")) for link, wire in zip(links, wires, strict=True)]


def _live_link(lab: Lab, link: Link, words: list[str]) -> LiveLink:
    ends = {}
    for node, name, index in (words[:3], words[3:]):
        addresses = next(end.addresses for end in link.ends if end.node == node)
        ends[node] = LiveInterface(lab, node, name, int(index), addresses)
    return LiveLink(lab, link, (ends[link.first.node], ends[link.second.node]))
