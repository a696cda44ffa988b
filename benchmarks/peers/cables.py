"""The shapes of benchmarks/shapes.py as plain words, for programs that have no `sandbox`."""

from __future__ import annotations

from typing import NamedTuple

SWITCH = "s1"


class End(NamedTuple):
    """One end of a cable: its node, and the address there with its prefix; none at a switch."""

    node: str
    address: str = ""


def cables(shape: str, n: int) -> list[tuple[End, End]]:
    """N pairs, N nodes on a switch, or a chain of N."""
    if shape == "pairs":
        return [(End(f"a{i}", f"{_subnet(i)}.1/24"), End(f"b{i}", f"{_subnet(i)}.2/24")) for i in range(n)]
    if shape == "switch":
        return [(End(SWITCH), End(f"n{i}", f"10.0.{i >> 8}.{i & 255}/16")) for i in range(1, n + 1)]
    return [(End(f"n{i}", f"{_subnet(i)}.1/24"), End(f"n{i + 1}", f"{_subnet(i)}.2/24")) for i in range(n - 1)]


def nodes(shape: str, n: int) -> list[str]:
    """Every node once, in order, without the switch."""
    return [name for name in dict.fromkeys(end.node for cable in cables(shape, n) for end in cable) if name != SWITCH]


def _subnet(i: int) -> str:
    return f"10.{i >> 8}.{i & 255}"
