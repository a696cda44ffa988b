"""What was asked for: nodes, switches, links, routers; checked here as a whole, once and completely.

Nothing below this floor checks a request again, and nothing here touches the machine.
"""

from __future__ import annotations

from .checks import check
from .endpoint import Endpoint, Link
from .interface import Interface, Wiring
from .switch import Switch
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .publication import Publication
    from .service import Service


@value
class Topology:
    """Nodes, switches and links, checked as a whole. Raises RequestError when they contradict each other.

    `routers` are nodes that forward; with `static_routes` every node is given the shortest ways through them.
    `aliases` are pairs of another name and its node. `uplinks` are nodes with a way out of the machine,
    `publications` ports with a way in. `services` are the commands that belong to nodes.
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

    def __post_init__(self) -> None:
        check(self)

    @property
    def switch_names(self) -> tuple[str, ...]:
        return tuple(switch.name for switch in self.switches)

    @property
    def wires(self) -> tuple[tuple[Interface, Interface], ...]:
        """The two interfaces of each link. Every node counts its own: eth0, eth1, in order of declaration."""
        return tuple(map(Wiring(self.switches).wire, self.links))


def _endpoint(end: str | Endpoint) -> Endpoint:
    return end if isinstance(end, Endpoint) else Endpoint.parse(end)
