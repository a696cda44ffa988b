"""What was asked for: nodes, switches, links, routers; checked here as a whole, once and completely.

Nothing below this floor checks a request again, and nothing here touches the machine.
"""

from __future__ import annotations

from .checks import check
from .endpoint import Endpoint, Link
from .interface import Interface, Wiring
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .publication import Publication
    from .segments import Segment
    from .service import Service
    from .switch import Switch


@value
class Topology:
    """Nodes, switches and links, checked as a whole. Raises RequestError when they contradict each other.

    `routers` are nodes that forward; with `static_routes` every node is given the shortest ways through them.
    `aliases` are pairs of another name and its node. `uplinks` are nodes with a way out of the machine,
    `publications` ports with a way in. `services` are the commands that belong to nodes.
    All these are kept in the order of the nodes: which was named first means nothing.
    """

    nodes: tuple[str, ...]
    links: tuple[Link, ...] = ()
    switches: tuple[Switch, ...] = ()
    routers: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    uplinks: tuple[str, ...] = ()
    publications: tuple[Publication, ...] = ()
    static_routes: bool = True
    services: tuple[Service, ...] = ()

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str | Endpoint, str | Endpoint]]) -> Topology:
        """The topology of these pairs, nodes in order of first mention; a name met again is the same node.

        Raises RequestError (see Endpoint and Link), TypeError for what is not text.
        """
        links = tuple(Link(_endpoint(first), _endpoint(second)) for first, second in pairs)
        return cls(tuple(dict.fromkeys(end.node for link in links for end in link.ends)), links)

    @classmethod
    def alone(cls, name: str = "sandbox") -> Topology:
        """One node without a link: nothing but loopback."""
        return cls((name,))

    @classmethod
    def load(cls, path: str) -> Topology:
        """The topology in the file at `path`, written in TOML: docs/lab.md tells how.

        Raises RequestError, which names the file and the place in it, and OSError where it cannot be read.
        """
        from .labfile import load

        return load(path)

    @classmethod
    def loads(cls, text: str) -> Topology:
        """The topology written as `text` in TOML. Raises RequestError, which names the place in it."""
        from .labfile import loads

        return loads(text)

    def dump(self) -> str:
        """This topology in TOML: loads() makes the same of it. Raises RequestError for what is no text."""
        from .labfile import dumps

        return dumps(self)

    def __post_init__(self) -> None:
        check(self)
        if self.routers or self.uplinks or self.aliases or self.publications or self.services:
            self._put_in_order()

    def _put_in_order(self) -> None:
        """Topologies that mean the same are equal: what is said of nodes stands in their order."""
        place = {node: at for at, node in enumerate(self.nodes)}
        self.__dict__.update(
            routers=tuple(sorted(set(self.routers), key=place.__getitem__)),
            uplinks=tuple(sorted(set(self.uplinks), key=place.__getitem__)),
            aliases=tuple(sorted(self.aliases, key=lambda alias: place[alias[1]])),
            publications=tuple(sorted(self.publications, key=lambda each: place[each.node])),
            services=tuple(sorted(self.services, key=lambda each: place[each.node])),
        )

    @property
    def switch_names(self) -> tuple[str, ...]:
        return tuple(switch.name for switch in self.switches)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The ends of nodes that hear each other, segment by segment. Raises RequestError for a circle of switches."""
        if not self.switches:
            return tuple(link.ends for link in self.links)
        from .segments import segments

        return segments(self.links, self.switch_names)

    @property
    def wires(self) -> tuple[tuple[Interface, Interface], ...]:
        """The two interfaces of each link. Every node counts its own: eth0, eth1, in order of declaration."""
        return tuple(map(Wiring(self.switches).wire, self.links))


def _endpoint(end: str | Endpoint) -> Endpoint:
    return end if isinstance(end, Endpoint) else Endpoint.parse(end)
