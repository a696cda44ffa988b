"""`sandbox learn`: what it is asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import RequestError
from ..values import value

LEARN_HELP = """Learn how containers get their network, by an experiment that is carried out as you watch.

Without a LESSON: which there are. Each step says why, runs a command, and shows what the kernel says then, with
what is new in colour. The host of a lesson is a namespace of its own: it takes no root, and can break nothing.
On a terminal it waits after each step: Enter goes on, b back, s opens a shell in the midst of it, q leaves.

\b
Examples:
  sandbox learn
  sandbox learn pair
  sandbox learn pair --no-pause --lang zh
  sandbox learn broken --fault listener
  sandbox learn pair --sh | sh -eu
  sandbox learn pair --md >pair.md
  sandbox learn pair --html pair.html
  sandbox learn pair --svg 11 >step.svg
"""
FORMS = ("sh", "md", "json", "toml", "html", "svg")


@value
class LearnRequest:
    """What `sandbox learn` was asked for: a lesson (None: the list of them), in a language (None: the user's own).

    `form` is one of FORMS, or None for the terminal; with `pauses` there it waits after each step. `fault` is the one
    to begin with. `file`: where a page goes, or - for stdout; `step`: the one to be drawn, the last to be carried out.
    """

    lesson: str | None = None
    language: str | None = None
    form: str | None = None
    pauses: bool = True
    fault: str | None = None
    on_host: bool = False
    file: str = "-"
    step: int = 0

    def __post_init__(self) -> None:
        about_one = {
            f"--{self.form}": self.form not in (None, "json"),
            "--fault": self.fault,
            "--on-host": self.on_host,
        }
        if self.lesson is None and (option := next((name for name, asked in about_one.items() if asked), None)):
            raise RequestError(f"{option} of which lesson - name one: see sandbox learn")
        if self.on_host and self.form in ("sh", "toml"):
            raise RequestError(f"--on-host and --{self.form}, which runs nothing - leave one out")


def learn(
    lesson: Annotated[str | None, typer.Argument(metavar="[LESSON]", help="Its name, or a file of your own.")] = None,
    no_pause: Annotated[bool, typer.Option("--no-pause", help="All of it at once.")] = False,
    fault: Annotated[str | None, typer.Option(metavar="NAME", help="Of a lesson with faults, begin with this.")] = None,
    on_host: Annotated[bool, typer.Option("--on-host", help="On the real host, as root; cleaned up after.")] = False,
    lang: Annotated[str | None, typer.Option(metavar="LANG", help="en or zh; else as LANG says.")] = None,
    sh: Annotated[bool, typer.Option("--sh", help="A script that does the same; runs nothing.")] = False,
    md: Annotated[bool, typer.Option("--md", help="A hand-out with the output of this run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    toml: Annotated[bool, typer.Option("--toml", help="The file of the lesson, to write one of your own.")] = False,
    html: Annotated[str | None, typer.Option(metavar="FILE", help="A page with drawings of this run.")] = None,
    svg: Annotated[int | None, typer.Option(metavar="STEP", help="The drawing of one step.")] = None,
) -> None:
    """See LEARN_HELP."""
    asked_for = (sh, md, as_json, toml, html is not None, svg is not None)
    forms = [form for form, asked in zip(FORMS, asked_for, strict=True) if asked]
    if len(forms) > 1:
        raise RequestError(f"--{forms[0]} and --{forms[1]}: one at a time - leave one out")
    from .teaching import teach  # what it takes to teach, no other command does

    form = forms[0] if forms else None
    request = LearnRequest(
        lesson, lang, form, pauses=not no_pause, fault=fault, on_host=on_host, file=html or "-", step=svg or 0
    )
    raise typer.Exit(teach(request))
