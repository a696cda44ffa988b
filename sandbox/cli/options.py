"""Commands whose words `arguments` parses; typer keeps their help and completion."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperOption

# For the help: what stands behind each declaration, and what it declares.
DECLARATIONS = {
    "--pair": (
        "A B",
        "Join two nodes, NAME:ADDRESS[/PREFIX] each, or a node and a switch by its name, or two switches.",
    ),
    "--switch": ("NAME[:SUBNET]", "A switch. Nodes that follow are plugged into it and get addresses of its SUBNETs."),
    "--node": ("NAME[:ADDRESS]", "A node on the switch before it, at this address or the next that is free."),
    "--router": ("NODE", "This node forwards; all others are told the shortest ways."),
    "--no-routes": (None, "Tell nobody any ways: a routing daemon finds them."),
    "--alias": ("NODE:ALIAS", "Another name for a node, such as www.example.com."),
    "--uplink": ("NAME", "A way out of this machine, for a node or for all the nodes of a switch."),
    "--publish": ("[ADDRESS:]PORT:NODE:PORT[/udp]", "A port of this machine leads to one of a node."),
    "--memory": ("[NODE:]SIZE", "The most memory of a node's commands together, of each node or of one: 256M."),
    "--pids": ("[NODE:]NUMBER", "The most processes and threads of a node at once."),
    "--cpus": ("[NODE:]NUMBER", "The most processor time of a node: 0.5 is half of one processor's."),
    "--ulimit": ("[NODE:]NAME=SOFT[:HARD]", "A limit of each process, as of docker run: nofile=64."),
    "--topology": (
        "SHAPE",
        "linear:N, star:N, ring:N, mesh:N, tree:DEPTH,FANOUT, dumbbell:LEFT,RIGHT or fat-tree:K, and ,SUBNET.",
    ),
}
SHORT = {"--publish": "-p"}
MORE = "More may follow an ADDRESS or a SUBNET, each after a comma: others, mtu=N, of an address also mac=M."


class OurWords(TyperCommand):
    """A command whose words are parsed by `arguments`; typer keeps its help and completion."""

    @staticmethod
    def read(words: list[str]) -> object:
        """The request; None where help is asked for."""
        raise NotImplementedError

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Leave the request in the context; print the help where that is asked for."""
        if ctx.resilient_parsing:  # completion
            return super().parse_args(ctx, args)
        request = self.read(args)
        if request is None:
            return super().parse_args(ctx, ["--help"])
        ctx.obj = request
        asked = (parameter for parameter in self.params if parameter.expose_value)
        ctx.params = {parameter.name: parameter.get_default(ctx) for parameter in asked if parameter.name}
        return []


class Declaring(OurWords):
    """One that declares a topology."""

    def __init__(
        self, *arguments: Any, params: list[Any] | None = None, epilog: str | None = None, **rest: Any
    ) -> None:
        declarations = [_option(*each) for each in DECLARATIONS.items()]
        super().__init__(*arguments, params=declarations + (params or []), epilog=epilog or MORE, **rest)


def _option(name: str, told: tuple[str | None, str]) -> TyperOption:
    metavar, text = told
    names = [SHORT[name], name] if name in SHORT else [name]
    # Its content is never asked for: `arguments` has read the words by then.
    return TyperOption(
        param_decls=names, metavar=metavar, help=text, is_flag=metavar is None, multiple=True, expose_value=False
    )
