"""The command line as typer knows it: help, completion, and every command but the quick path of `run`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from .. import __version__, doctor, explain
from . import carry_out, complain, edit, execute, labs, ping, stats
from .arguments import (
    FORMATS,
    ExplainRequest,
    ExportRequest,
    RunRequest,
    UpRequest,
    parse,
    parse_explain,
    parse_export,
    parse_up,
)
from .draw import DRAW_HELP, DrawRequest, parse_draw
from .draw import draw as draw_lab

RUN_HELP = """Run commands, each in a network namespace of its own, joined by veth pairs.

One command runs in every node; with `:::` between them, one each, in order of declaration.
Without --pair there is one node, with nothing but loopback.
Of a lab file the commands in it run; with a command of your own, that one runs in every node.
Nodes reach each other by name; each command sees SANDBOX_NAME, SANDBOX_IP, SANDBOX_PEER, SANDBOX_PEER_IP.

Exit status: the command's own; of several the first that failed; 128+N for signal N;
2 a bad request, 125 a failure of sandbox, 126 cannot execute, 127 not found.

\b
Examples:
  sandbox run --pair a:192.168.1.1 b:192.168.1.2 -- ping -c 2 192.168.1.2
  sandbox run --pair web:10.0.0.1 me:10.0.0.2 --until me -- \\
      python3 -m http.server 80 ::: curl -s --retry 5 --retry-connrefused web
  sandbox run --pair a:10.0.1.1 b:10.0.1.2 --pair b:10.0.2.1 c:10.0.2.2 -- ip address
  sandbox run lab.toml --until client
  sandbox run --topology tree:2,3 -- ping -c 1 h1
  sandbox run -- make test
"""

EXPLAIN_HELP = """Print the plan that `run` would carry out: a drawing, and each step's reason and `ip` command.

\b
Examples:
  sandbox explain --pair a:192.168.1.1 b:192.168.1.2
  sandbox explain --pair a:192.168.1.1 b:192.168.1.2 --sh | sudo sh -eu
"""

EXPORT_HELP = f"""Print a lab in the words of other programs: {", ".join(FORMATS)}.

\b
toml     the lab file that says it; json the same as JSON
sh       a script for root, of ip commands
compose  for docker compose, where that can say it; IMAGE names the image to use
schema   the JSON Schema of lab files, for editors

\b
Examples:
  sandbox export lab.toml --format compose > compose.yaml
  sandbox export --pair a:10.0.0.1 b:10.0.0.2 --format toml > lab.toml
  sandbox export --format schema > lab.schema.json
"""

UP_HELP = """Build a lab that has a name: others of yours can look into it, run commands in it, change it.

In the foreground it shows what its services print and ends with ^C, or with the last of them.
With -d it stays until `sandbox down`.

\b
Examples:
  sandbox up -d --name x --switch lan:10.0.0.0/24 --node a --node b
  sandbox exec x/a -- ping -c 1 b
  sandbox down x
"""

EXEC_HELP = """Run a command in a node of a lab that is up. It is killed if this command is.

\b
Examples:
  sandbox exec x/a -- ip address
  sandbox exec x/a -- sh -c 'echo $SANDBOX_NAME'
"""

DOCTOR_HELP = """Say what this machine allows, and the exact fix for what it does not.

Exit status: 0 when `sandbox run` works here, 125 when it does not.

\b
Examples:
  sandbox doctor
  sandbox doctor --json
"""

app = typer.Typer(
    name="sandbox",
    help="Give commands a network of their own: a namespace each, joined by a veth pair.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Pairs = Annotated[
    list[str] | None,
    typer.Option("--pair", metavar="A B", help="Join two nodes, each NAME:ADDRESS[/PREFIX]. Repeatable."),
]
Dump = Annotated[bool, typer.Option("--dump-topology", help="Show the lab file that says the same; run nothing.")]
Shape = Annotated[
    str | None,
    typer.Option(
        "--topology",
        metavar="SHAPE",
        help="linear:N, star:N, ring:N, mesh:N, tree:DEPTH,FANOUT, dumbbell:LEFT,RIGHT or fat-tree:K, and ,SUBNET.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


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
        ctx.params = {parameter.name: parameter.get_default(ctx) for parameter in self.params if parameter.name}
        return []


class RunCommand(OurWords):
    """`sandbox run`."""

    read = staticmethod(parse)


class ExportCommand(OurWords):
    """`sandbox export`."""

    read = staticmethod(parse_export)


class UpCommand(OurWords):
    """`sandbox up`."""

    read = staticmethod(parse_up)


class ExecCommand(OurWords):
    """`sandbox exec`."""

    read = staticmethod(execute.parse_exec)


class PingCommand(OurWords):
    """`sandbox ping`."""

    read = staticmethod(ping.parse_ping)


class ExplainCommand(OurWords):
    """`sandbox explain`."""

    read = staticmethod(parse_explain)


@app.command(cls=RunCommand, help=RUN_HELP, options_metavar="[LAB.toml] [--pair A B]... [OPTIONS] -- CMD [::: CMD]...")
def run(
    ctx: typer.Context,
    pair: Pairs = None,
    topology: Shape = None,
    until: Annotated[str | None, typer.Option(metavar="NODE", help="When its command ends, stop the others.")] = None,
    stdin: Annotated[
        str | None, typer.Option("-i", "--stdin", metavar="NODE", help="Whose command reads stdin.")
    ] = None,
    as_root: Annotated[bool, typer.Option("--as-root", help="Be uid 0 inside.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="No node's name before each line.")] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Do not tell which command failed.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show the steps and what each took.")] = False,
    dump: Dump = False,
) -> None:
    """See RUN_HELP."""
    del dump, pair, until, stdin, as_root, raw, as_json, quiet, verbose, topology
    request: RunRequest = ctx.obj
    raise typer.Exit(carry_out(request))


@app.command("explain", cls=ExplainCommand, help=EXPLAIN_HELP, options_metavar="[LAB.toml] [--pair A B]... [OPTIONS]")
def show_plan(
    ctx: typer.Context,
    pair: Pairs = None,
    topology: Shape = None,
    sh: Annotated[bool, typer.Option("--sh", help="A script that builds the same, run by sh -eu as root.")] = False,
    as_json: AsJson = False,
    dump: Dump = False,
) -> None:
    """See EXPLAIN_HELP."""
    del pair, sh, as_json, dump, topology
    request: ExplainRequest = ctx.obj
    if request.dump:
        text = request.topology.dump()
    elif request.json:
        text = json.dumps(explain.as_records(request.topology), indent=2) + "\n"
    elif request.sh:
        text = explain.script(request.topology)
    else:
        text = explain.explain(request.topology)
    sys.stdout.write(text)


@app.command("export", cls=ExportCommand, help=EXPORT_HELP, options_metavar="[LAB.toml] [--pair A B]... [OPTIONS]")
def write_out(
    ctx: typer.Context,
    pair: Pairs = None,
    format: Annotated[str, typer.Option("-f", "--format", metavar="FORMAT", help="Which words.")] = "toml",
) -> None:
    """See EXPORT_HELP."""
    del pair, format
    from .export import export

    request: ExportRequest = ctx.obj
    sys.stdout.write(export(request))


@app.command(cls=UpCommand, help=UP_HELP, options_metavar="[LAB.toml] [--pair A B]... [OPTIONS]")
def up(
    ctx: typer.Context,
    pair: Pairs = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="How the lab is called.")] = "lab",
    detach: Annotated[bool, typer.Option("-d", "--detach", help="Leave it to itself.")] = False,
    as_root: Annotated[bool, typer.Option("--as-root", help="Be uid 0 inside.")] = False,
) -> None:
    """See UP_HELP."""
    del pair, name, detach, as_root
    from .up import up as carry_out_up

    request: UpRequest = ctx.obj
    raise typer.Exit(carry_out_up(request))


@app.command("exec", cls=ExecCommand, help=EXEC_HELP, options_metavar="LAB/NODE -- CMD")
def execute_in_node(ctx: typer.Context) -> None:
    """See EXEC_HELP."""
    request: execute.ExecRequest = ctx.obj
    raise typer.Exit(execute.execute(request))


@app.command("ping", cls=PingCommand, help=ping.PING_HELP, options_metavar="LAB | --topology SHAPE [OPTIONS]")
def ping_all(
    ctx: typer.Context,
    pair: Pairs = None,
    topology: Shape = None,
    four: Annotated[bool, typer.Option("-4", help="IPv4 addresses only.")] = False,
    six: Annotated[bool, typer.Option("-6", help="IPv6 addresses only.")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait for an answer.")] = 1.0,
    as_root: Annotated[bool, typer.Option("--as-root", help="Be uid 0 inside.")] = False,
    as_json: AsJson = False,
) -> None:
    """See ping.PING_HELP."""
    del pair, topology, four, six, timeout, as_root, as_json
    request: ping.PingRequest = ctx.obj
    raise typer.Exit(ping.ping(request))


for command in (labs.ps, labs.inspect, labs.shell, labs.logs, labs.stop, labs.start, labs.down, stats.stats):
    app.command(rich_help_panel="Labs that are up")(command)
for change in (edit.link, edit.unlink, edit.add, edit.remove, edit.interface, edit.attach):
    app.command(rich_help_panel="Changing a lab")(change)


class DrawCommand(OurWords):
    """`sandbox draw`."""

    read = staticmethod(parse_draw)


@app.command("draw", cls=DrawCommand, help=DRAW_HELP, options_metavar="[--pair A B]... [OPTIONS]")
def show_picture(
    ctx: typer.Context,
    pair: Pairs = None,
    svg: Annotated[bool, typer.Option("--svg", help="A picture, in light or dark as its reader prefers.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="A flowchart for Mermaid.")] = False,
    dot: Annotated[bool, typer.Option("--dot", help="A graph for Graphviz.")] = False,
) -> None:
    """See DRAW_HELP."""
    del pair, svg, mermaid, dot
    request: DrawRequest = ctx.obj
    sys.stdout.write(draw_lab(request))


@app.command("doctor", help=DOCTOR_HELP)
def examine(as_json: AsJson = False) -> None:
    """See DOCTOR_HELP."""
    checks = doctor.examine()
    works = checks[-1].ok
    if as_json:
        print(json.dumps({"works": works, "checks": [vars(each) for each in checks]}, indent=2))
    else:
        width = max(len(each.name) for each in checks)
        for each in checks:
            mark = "ok" if each.ok else "no" if each.needed else "--"
            fix = "" if each.ok else f" - {each.fix}"
            print(f"{mark:<3} {each.name:<{width}}  {each.seen}{fix}")
    raise typer.Exit(0 if works else 125)


@app.callback(invoke_without_command=True)
def options(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Give commands a network of their own: a namespace each, joined by a veth pair."""
    if version:
        print(f"sandbox {__version__}")
    elif ctx.invoked_subcommand is None:
        print(ctx.get_help())


def typed(words: Sequence[str]) -> int:
    """Carry out `words` by typer; returns the exit status. Raises what the commands raise."""
    try:
        status = app(args=list(words), prog_name="sandbox", standalone_mode=False)
    except Exception as error:
        # Which class it is depends on typer's version: older ones use click, newer ones hold a copy of it.
        if not hasattr(error, "format_message"):
            raise
        return complain(f"{error.format_message().rstrip('.')} - see sandbox --help", 2)
    return status if isinstance(status, int) else 0
