"""Which interface is which: one that moves to another namespace, or is renamed, is the same interface still."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..learn.state import Interface, Place

    End = tuple[str, str]  # a place, and the name of an interface in it
    Keys = Mapping[End, str]


def follow(states: Iterable[Mapping[str, Place]]) -> list[Keys]:
    """For each state, the key of every interface; keys are made of where each was first seen, such as `host/veth-red`.

    What has the MAC address that another had, which is gone, is that one. Its number may change as it moves.
    """
    found: list[Keys] = []
    before: dict[End, Interface] = {}
    keys: Keys = {}
    taken: set[str] = set()
    for state in states:
        now = {(place, each.name): each for place, its in state.items() for each in its.interfaces}
        gone = {end: its for end, its in before.items() if end not in now}
        next_keys = {}
        for end, interface in now.items():
            old = end if end in before else _came_from(end, interface, gone)
            if old is None:
                next_keys[end] = _new_key("/".join(end), taken)
            else:
                gone.pop(old, None)
                next_keys[end] = keys[old]
        found.append(next_keys)
        before, keys = now, next_keys
    return found


def _came_from(end: End, interface: Interface, gone: Mapping[End, Interface]) -> End | None:
    """Where it was before. A bridge may have the address of one of its ports: of several it is the one of its name."""
    if interface.mac is None:
        return None
    alike = [old for old, its in gone.items() if (its.mac, its.kind) == (interface.mac, interface.kind)]
    return alike[0] if len(alike) == 1 else _only([old for old in alike if old[1] == end[1]])


def _only(ends: Sequence[End]) -> End | None:
    return ends[0] if len(ends) == 1 else None


def _new_key(name: str, taken: set[str]) -> str:
    key, number = name, 2
    while key in taken:
        key, number = f"{name}#{number}", number + 1
    taken.add(key)
    return key
