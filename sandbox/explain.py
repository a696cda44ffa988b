"""A plan for people: as reasons and `ip` commands, as a script for a shell, as a drawing. Touches nothing."""

from __future__ import annotations

from .plan import plan
from .ways import ways

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .interface import Interface
    from .steps import Step
    from .topology import Topology
    from .ways import Publish, Translate

INDENT = "  "


def explain(topology: Topology) -> str:
    """The drawing, then for each step why it is there and the `ip` command that does the same."""
    steps = (f"# {step.why}\n{step}\n" for step in _steps(topology))
    return "\n".join((draw(topology), *steps))


def script(topology: Topology) -> str:
    """A script for `sh`, run as root: it leaves the network that `run` builds, under names of `ip netns`."""
    removal = "; ".join(f"ip netns del {name}" for name in (*topology.nodes, *topology.switch_names))
    steps = (f"# {step.why}\n{step}\n" for step in _steps(topology))
    return "\n".join(("#!/bin/sh -eu", f"# To take it away again: {removal}\n", *steps))


def as_records(topology: Topology) -> list[dict[str, str]]:
    """Each step with its name, its reason and its command."""
    return [{"step": type(step).__name__, "why": step.why, "command": str(step)} for step in _steps(topology)]


def _steps(topology: Topology) -> tuple[Step | Translate | Publish, ...]:
    return (*plan(topology), *ways(topology))


def draw(topology: Topology) -> str:
    """Each link as a cable between two nodes; a node without a link as a box of its own."""
    linked = {end.node for wire in topology.wires for end in wire}
    lonely = [_box(node, "lo") for node in topology.nodes if node not in linked]
    cables = [_cable(first, second) for first, second in topology.wires]
    return "\n".join(lonely + cables)


def _cable(first: Interface, second: Interface) -> str:
    left = _box(first.node, f"{first.name} {_addresses(first)}".rstrip()).splitlines()
    right = _box(second.node, f"{_addresses(second)} {second.name}".lstrip()).splitlines()
    middle = f"{left[1][:-1]}├── veth ──┤{right[1].strip()[1:]}"
    gap = " " * len("── veth ──")
    return "\n".join((f"{left[0]}{gap}{right[0].strip()}", middle, f"{left[2]}{gap}{right[2].strip()}", ""))


def _addresses(end: Interface) -> str:
    return " ".join(map(str, end.addresses))


def _box(title: str, content: str) -> str:
    width = max(len(title) + 1, len(content)) + 2
    top = f"┌ {title} ".ljust(width + 1, "─") + "┐"
    return "\n".join((INDENT + top, f"{INDENT}│ {content:<{width - 2}} │", f"{INDENT}└{'─' * width}┘", ""))
