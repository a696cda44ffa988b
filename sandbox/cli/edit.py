"""A lab changed while it runs: nodes and links come and go, interfaces are switched off and on."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import RequestError
from ..plan.edits import find_link
from .labs import LabName
from .target import Target

End = Annotated[str, typer.Argument(metavar="END", help="NAME:ADDRESS[/PREFIX]; of a switch its name.")]
Place = Annotated[str, typer.Argument(metavar="LAB/NODE", help="A node or a switch of a lab.")]
NodeName = Annotated[str, typer.Argument(metavar="NODE", help="The name of a node.")]


def link(lab: LabName, first: End, second: End) -> None:
    """Join two nodes of a lab, or a node and a switch, by a veth pair."""
    with Target.parse(lab).open() as there:
        ends = there.link(first, second).ends
    print(" ".join(f"{end.node}:{end.name}" for end in ends))


def unlink(lab: LabName, first: End, second: End) -> None:
    """Take a link of a lab away; the two ends by name are enough where there is one between them."""
    with Target.parse(lab).open() as there:
        there.unlink(find_link(there.topology, first, second))


def add(
    lab: LabName,
    node: Annotated[str, typer.Argument(metavar="NODE", help="NAME[:ADDRESS] of the new node.")],
    switch: Annotated[str | None, typer.Option(metavar="NAME", help="Plug it into this switch.")] = None,
) -> None:
    """Add a node to a lab."""
    with Target.parse(lab).open() as there:
        address = there.add_node(node, switch=switch).ip
    if address:
        print(address)


def remove(lab: LabName, node: NodeName) -> None:
    """Take a node of a lab away: its commands are killed, its links are gone."""
    with Target.parse(lab).open() as there:
        there.remove_node(node)


def interface(
    target: Place,
    name: Annotated[str, typer.Argument(metavar="INTERFACE", help="Its name there, such as eth0.")],
    state: Annotated[str, typer.Argument(metavar="up|down", help="What it is to be.")],
) -> None:
    """Switch an interface of a node, or a port of a switch, off or on, as if its cable was pulled."""
    if state not in ("up", "down"):
        raise RequestError(f"{state!r}: not a state of an interface - write up or down")
    with Target.parse(target).open(with_switches=True) as lab:
        found = Target.parse(target).the_node(lab).interface(name)
        found.up() if state == "up" else found.down()


def attach(
    lab: LabName,
    pid: Annotated[int, typer.Argument(metavar="PID", help="A process whose network becomes a node.")],
    ends: Annotated[
        list[str] | None, typer.Argument(metavar="[END END]", help="Join it at once, as link does.")
    ] = None,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="How the node is called.")] = None,
) -> None:
    """Take the network of a running process, a container's say, into a lab; remove lets it go again."""
    ends = ends or []
    if len(ends) not in (0, 2):
        raise RequestError(f"{' '.join(ends)!r}: a link has two ends - write both, such as box:10.9.0.1 a:10.9.0.2")
    with Target.parse(lab).open() as there:
        node = there.attach(pid, name or f"pid-{pid}")
        try:
            if ends:
                there.link(*ends)
        except BaseException:
            there.remove_node(node.name)
            raise
    print(node.name)
