"""`sandbox learn`: what it is asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import RequestError
from ..values import value

LEARN_HELP = """Learn how containers get their network, by an experiment that is carried out as you watch.

Without a LESSON: which there are. Each step says why, runs a command, and shows what the kernel says then, with
what is new in colour. The host of a lesson is a namespace of its own: it takes no root, and can break nothing.

\b
Examples:
  sandbox learn
  sandbox learn pair
  sandbox learn pair --no-pause --lang zh
  sandbox learn pair --sh | sh -eu
  sandbox learn pair --md >pair.md
"""
FORMS = ("sh", "md", "json", "toml")


@value
class LearnRequest:
    """What `sandbox learn` was asked for: a lesson (None: the list of them), in a language (None: the user's own).

    `form` is one of FORMS, or None for the terminal; with `pauses` there it waits after each step.
    """

    lesson: str | None = None
    language: str | None = None
    form: str | None = None
    pauses: bool = True

    def __post_init__(self) -> None:
        if self.lesson is None and self.form not in (None, "json"):
            raise RequestError(f"--{self.form} of which lesson - name one: see sandbox learn")


def learn(
    lesson: Annotated[str | None, typer.Argument(metavar="[LESSON]", help="Its name, or a file of your own.")] = None,
    no_pause: Annotated[bool, typer.Option("--no-pause", help="All of it at once.")] = False,
    lang: Annotated[str | None, typer.Option(metavar="LANG", help="en or zh; else as LANG says.")] = None,
    sh: Annotated[bool, typer.Option("--sh", help="A script that does the same; runs nothing.")] = False,
    md: Annotated[bool, typer.Option("--md", help="A hand-out with the output of this run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    toml: Annotated[bool, typer.Option("--toml", help="The file of the lesson, to write one of your own.")] = False,
) -> None:
    """See LEARN_HELP."""
    forms = [form for form, asked in zip(FORMS, (sh, md, as_json, toml), strict=True) if asked]
    if len(forms) > 1:
        raise RequestError(f"--{forms[0]} and --{forms[1]}: one at a time - leave one out")
    from .teaching import teach  # what it takes to teach, no other command does

    request = LearnRequest(lesson, lang, forms[0] if forms else None, pauses=not no_pause)
    raise typer.Exit(teach(request))
