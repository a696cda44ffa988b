"""Commands whose words `arguments` parses; typer keeps their help and completion."""

from __future__ import annotations

from typing import Any, ClassVar

from typer.core import TyperCommand, TyperOption

# For the help: what stands behind each declaration, and what it declares.
DECLARATIONS: dict[str, tuple[str | None, str]] = {
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
    "--contain": (None, "Put each node in a container: files read-only, no other processes, no privilege."),
    "--bind": ("SRC[:DST]", "Of a container: a file or directory of the host's, to be written as well."),
    "--ro-bind": ("SRC[:DST]", "The same, only to be read."),
    "--tmpfs": ("DST[:SIZE]", "Of a container: an empty directory, forgotten with it."),
    "--rootfs": ("DIR", "Of a container: the files of another system for its root, which are never changed."),
    "--rootfs-rw": ("DIR", "The same, and they are changed."),
    "--tmp-size": ("SIZE", "The most that fits into /tmp and each other tmpfs of a container: 256M."),
    "--cap-add": ("NAME", "A capability that a container gets back, such as NET_RAW."),
    "--no-seccomp": (None, "Leave the system calls of a container unfiltered."),
    "--memory": ("[NODE:]SIZE", "The most memory of a node's commands together, of each node or of one: 256M."),
    "--pids": ("[NODE:]NUMBER", "The most processes and threads of a node at once."),
    "--cpus": ("[NODE:]NUMBER", "The most processor time of a node: 0.5 is half of one processor's."),
    "--ulimit": ("[NODE:]NAME=SOFT[:HARD]", "A limit of each process, as of docker run: nofile=64."),
    "--topology": (
        "SHAPE",
        "linear:N, star:N, ring:N, mesh:N, tree:DEPTH,FANOUT, dumbbell:LEFT,RIGHT or fat-tree:K, and ,SUBNET.",
    ),
}
# Of commands, for those that run some.
OF_COMMANDS: dict[str, tuple[str | None, str]] = {
    "--workdir": ("DIR", "Where they start: by default the current directory, in a container without it /."),
    "--env": ("NAME[=VALUE]", "A variable for them; NAME alone is your own."),
    "--env-file": ("FILE", "A file with such a variable on each line."),
    "--clear-env": (None, "Of your own variables leave PATH, HOME, TERM and LANG."),
    "--user": ("NAME|UID[:GID]", "Who they are, for root to say."),
}
SHORT = {"--publish": "-p", "--workdir": "-w", "--env": "-e", "--user": "-u"}
MORE = "More may follow an ADDRESS or a SUBNET, each after a comma: others, mtu=N, of an address also mac=M."


class OurWords(TyperCommand):
    """A command whose words are parsed by `arguments`; typer keeps its help and completion."""

    told: ClassVar[dict[str, tuple[str | None, str]]] = {}

    def __init__(self, *arguments: Any, params: list[Any] | None = None, **rest: Any) -> None:
        super().__init__(*arguments, params=[*map(_option, self.told.items()), *(params or [])], **rest)

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

    told = DECLARATIONS

    def __init__(self, *arguments: Any, epilog: str | None = None, **rest: Any) -> None:
        super().__init__(*arguments, epilog=epilog or MORE, **rest)


class Running(Declaring):
    """One that runs commands in it."""

    told: ClassVar[dict[str, tuple[str | None, str]]] = {**DECLARATIONS, **OF_COMMANDS}


def _option(said: tuple[str, tuple[str | None, str]]) -> TyperOption:
    name, (metavar, text) = said
    names = [SHORT[name], name] if name in SHORT else [name]
    # Its content is never asked for: `arguments` has read the words by then.
    return TyperOption(
        param_decls=names, metavar=metavar, help=text, is_flag=metavar is None, multiple=True, expose_value=False
    )
