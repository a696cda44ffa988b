"""Whether what a text claims is so. Pure."""

from __future__ import annotations

from msgspec import structs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..lessons.lesson import Fact
    from .state import Interface, Place, State


def is_of_the_kernel(fact: Fact) -> bool:
    """Whether it is told by the state of a place, not by what a command says."""
    return fact.place is not None


def told(fact: Fact) -> str:
    """The fact in words."""
    if fact.fails is not None:
        return f"`{fact.fails}` fails"
    if not is_of_the_kernel(fact):
        return f"a command says {fact.says!r}" if fact.says is not None else f"no command says {fact.never_says!r}"
    where = fact.place if fact.interface is None else f"{fact.place}: {fact.interface}"
    about = {key: content for key, content in structs.asdict(fact).items() if key not in ("place", "interface")}
    return f"{where}: " + ", ".join(
        f"{key.replace('_', ' ')} {content}" for key, content in about.items() if content is not None
    )


def is_said(fact: Fact, outputs: Iterable[str]) -> bool:
    """Whether it holds of what the commands of its step have printed. That a command failed is checked as it is run."""
    if fact.never_says is not None:
        return not any(fact.never_says in output for output in outputs)
    return fact.says is None or any(fact.says in output for output in outputs)


def is_so(fact: Fact, state: State) -> bool:
    """Whether it holds of the kernel."""
    place = state.get(fact.place or "")
    if place is None:
        return False
    return _is_so_of_interface(fact, place) and _is_so_of_place(fact, place)


def _is_so_of_interface(fact: Fact, place: Place) -> bool:
    if fact.no_interface is not None and place.interface(fact.no_interface):
        return False
    if fact.interface is None:
        return True
    interface = place.interface(fact.interface)
    return interface is not None and all(_claims(fact, interface))


def _claims(fact: Fact, interface: Interface) -> Iterable[bool]:
    yield fact.state in (None, interface.state)
    yield fact.flag is None or fact.flag in interface.flags
    yield fact.address is None or fact.address in interface.addresses
    yield fact.no_address is None or fact.no_address not in interface.addresses
    yield fact.master in (None, interface.master)
    yield fact.peer is None or (interface.peer is not None and interface.peer.place == fact.peer)


def _is_so_of_place(fact: Fact, place: Place) -> bool:
    routes = {route.to for route in place.routes}
    neighbours = {each.address for each in place.neighbours if each.mac}
    return (
        (fact.route is None or fact.route in routes)
        and (fact.no_route is None or fact.no_route not in routes)
        and (fact.neighbour is None or fact.neighbour in neighbours)
        and (fact.no_neighbour is None or fact.no_neighbour not in neighbours)
    )
