"""A plan for people: as reasons and `ip` commands, as a script for a shell, beneath a drawing. Touches nothing."""

from __future__ import annotations

from .picture.terminal import draw
from .plan import plan
from .plan.ways import ways

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .plan.steps import Step
    from .plan.ways import Publish, Translate
    from .topology import Topology


# By hand it is a program: what it does is written in docs/contain.md.
CONTAINED = "commands run in a container for each node as well, which no ip command makes: that is left to run and up"


def explain(topology: Topology) -> str:
    """The drawing, then for each step why it is there and the `ip` command that does the same; and what is limited."""
    steps = (f"# {step.why}\n{step}\n" for step in _steps(topology))
    limits = [f"# {node} is limited: {each}\n" for node, each in topology.limits]
    return "\n".join((draw(topology), *steps, *limits, *_remarks(topology)))


def script(topology: Topology) -> str:
    """A script for `sh`, run as root: it leaves the network that `run` builds, under names of `ip netns`."""
    removal = "; ".join(f"ip netns del {name}" for name in (*topology.nodes, *topology.switch_names))
    steps = (f"# {step.why}\n{step}\n" for step in _steps(topology))
    return "\n".join(("#!/bin/sh -eu", f"# To take it away again: {removal}\n", *steps, *_remarks(topology)))


def as_records(topology: Topology) -> list[dict[str, str]]:
    """Each step with its name, its reason and its command."""
    steps = [{"step": type(step).__name__, "why": step.why, "command": str(step)} for step in _steps(topology)]
    return steps + [{"step": "Contain", "why": CONTAINED, "command": ""} for _ in _remarks(topology)]


def _remarks(topology: Topology) -> tuple[str, ...]:
    """What is beyond `ip` commands."""
    return (f"# {CONTAINED}\n",) if topology.containment else ()


def _steps(topology: Topology) -> tuple[Step | Translate | Publish, ...]:
    return (*plan(topology), *ways(topology))
