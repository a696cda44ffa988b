"""The command line as typer knows it: help, completion, and every command but the quick path of `run`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from .. import __version__, doctor, explain
from . import carry_out, complain, edit, execute, labs, ping, stats, why
from .arguments import RunRequest, parse
from .draw import DRAW_HELP, DrawRequest, parse_draw
from .draw import draw as draw_lab
from .help import DOCTOR_HELP, EXEC_HELP, EXPLAIN_HELP, EXPORT_HELP, RUN_HELP, UP_HELP
from .learn import LEARN_HELP, learn
from .options import OF_COMMANDS, Declaring, OurWords, Running
from .requests import (
    ExplainRequest,
    ExportRequest,
    UpRequest,
    parse_explain,
    parse_export,
    parse_up,
)

app = typer.Typer(
    name="sandbox",
    help="Give commands a network of their own: a namespace each, joined by a veth pair.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Dump = Annotated[bool, typer.Option("--dump-topology", help="Show the lab file that says the same; run nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


class RunCommand(Running):
    """`sandbox run`."""

    read = staticmethod(parse)


class ExportCommand(Declaring):
    """`sandbox export`."""

    read = staticmethod(parse_export)


class UpCommand(Running):
    """`sandbox up`."""

    read = staticmethod(parse_up)


class ExecCommand(OurWords):
    """`sandbox exec`."""

    told = OF_COMMANDS
    read = staticmethod(execute.parse_exec)


class PingCommand(Declaring):
    """`sandbox ping`."""

    read = staticmethod(ping.parse_ping)


class WhyCommand(OurWords):
    """`sandbox why`."""

    read = staticmethod(why.parse_why)


class ExplainCommand(Declaring):
    """`sandbox explain`."""

    read = staticmethod(parse_explain)


@app.command(cls=RunCommand, help=RUN_HELP, options_metavar="[LAB.toml] [--pair A B]... [OPTIONS] -- CMD [::: CMD]...")
def run(
    ctx: typer.Context,
    until: Annotated[str | None, typer.Option(metavar="NODE", help="When its command ends, stop the others.")] = None,
    stdin: Annotated[
        str | None, typer.Option("-i", "--stdin", metavar="NODE", help="Whose command reads stdin.")
    ] = None,
    as_root: Annotated[bool, typer.Option("--as-root", help="Be uid 0 inside.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="No node's name before each line.")] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Do not tell which command failed.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show the steps and what each took.")] = False,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long it may take: 30s, 1.5m, 2h. Then the status is 124.")
    ] = None,
    dump: Dump = False,
) -> None:
    """See RUN_HELP."""
    del until, stdin, as_root, raw, as_json, quiet, verbose, timeout, dump
    request: RunRequest = ctx.obj
    raise typer.Exit(carry_out(request))


@app.command("explain", cls=ExplainCommand, help=EXPLAIN_HELP, options_metavar="[LAB.toml] [--pair A B]... [OPTIONS]")
def show_plan(
    ctx: typer.Context,
    sh: Annotated[bool, typer.Option("--sh", help="A script that builds the same, run by sh -eu as root.")] = False,
    as_json: AsJson = False,
    dump: Dump = False,
) -> None:
    """See EXPLAIN_HELP."""
    del sh, as_json, dump
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
    format: Annotated[str, typer.Option("-f", "--format", metavar="FORMAT", help="Which words.")] = "toml",
) -> None:
    """See EXPORT_HELP."""
    del format
    from .export import export

    request: ExportRequest = ctx.obj
    sys.stdout.write(export(request))


@app.command(cls=UpCommand, help=UP_HELP, options_metavar="[LAB.toml] [--pair A B]... [OPTIONS]")
def up(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(metavar="NAME", help="How the lab is called.")] = "lab",
    detach: Annotated[bool, typer.Option("-d", "--detach", help="Leave it to itself.")] = False,
    as_root: Annotated[bool, typer.Option("--as-root", help="Be uid 0 inside.")] = False,
) -> None:
    """See UP_HELP."""
    del name, detach, as_root
    from .up import up as carry_out_up

    request: UpRequest = ctx.obj
    raise typer.Exit(carry_out_up(request))


@app.command("exec", cls=ExecCommand, help=EXEC_HELP, options_metavar="[OPTIONS] LAB/NODE -- CMD")
def execute_in_node(ctx: typer.Context) -> None:
    """See EXEC_HELP."""
    request: execute.ExecRequest = ctx.obj
    raise typer.Exit(execute.execute(request))


@app.command("ping", cls=PingCommand, help=ping.PING_HELP, options_metavar="LAB | --topology SHAPE [OPTIONS]")
def ping_all(
    ctx: typer.Context,
    four: Annotated[bool, typer.Option("-4", help="IPv4 addresses only.")] = False,
    six: Annotated[bool, typer.Option("-6", help="IPv6 addresses only.")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait for an answer.")] = 1.0,
    as_root: Annotated[bool, typer.Option("--as-root", help="Be uid 0 inside.")] = False,
    as_json: AsJson = False,
) -> None:
    """See ping.PING_HELP."""
    del four, six, timeout, as_root, as_json
    request: ping.PingRequest = ctx.obj
    raise typer.Exit(ping.ping(request))


@app.command("why", cls=WhyCommand, help=why.WHY_HELP, options_metavar="A B [PORT] [OPTIONS]")
def say_why(
    ctx: typer.Context,
    netns: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A name of ip netns, or a path.")] = None,
    pid: Annotated[list[int] | None, typer.Option(metavar="PID", help="A process: the network it is in.")] = None,
    four: Annotated[bool, typer.Option("-4", help="At an IPv4 address.")] = False,
    six: Annotated[bool, typer.Option("-6", help="At an IPv6 address.")] = False,
    as_json: AsJson = False,
) -> None:
    """See why.WHY_HELP."""
    del netns, pid, four, six, as_json
    request: why.WhyRequest = ctx.obj
    raise typer.Exit(why.why(request))


app.command("learn", help=LEARN_HELP)(learn)
for command in (labs.ps, labs.inspect, labs.shell, labs.logs, labs.stop, labs.start, labs.down, stats.stats):
    app.command(rich_help_panel="Labs that are up")(command)
for change in (edit.link, edit.unlink, edit.add, edit.remove, edit.interface, edit.attach):
    app.command(rich_help_panel="Changing a lab")(change)


class DrawCommand(Declaring):
    """`sandbox draw`."""

    read = staticmethod(parse_draw)


@app.command("draw", cls=DrawCommand, help=DRAW_HELP, options_metavar="[LAB | LAB.toml] [--pair A B]... [OPTIONS]")
def show_picture(
    ctx: typer.Context,
    svg: Annotated[bool, typer.Option("--svg", help="A picture, in light or dark as its reader prefers.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="A flowchart for Mermaid.")] = False,
    dot: Annotated[bool, typer.Option("--dot", help="A graph for Graphviz.")] = False,
) -> None:
    """See DRAW_HELP."""
    del svg, mermaid, dot
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
    except SystemExit as error:
        # So typer takes EPIPE, as status 1; to `why` and `ping` that is an answer.
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        raise
    except Exception as error:
        # Which class it is depends on typer's version: older ones use click, newer ones hold a copy of it.
        if not hasattr(error, "format_message"):
            raise
        return complain(f"{error.format_message().rstrip('.')} - see sandbox --help", 2)
    return status if isinstance(status, int) else 0
