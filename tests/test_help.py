"""The help: it tells of every word that is understood, and its examples are ones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.main import get_command

from sandbox.cli import options, surroundings
from sandbox.cli.app import app
from sandbox.cli.arguments import DECLARATIONS, RUN, SHORT, Grammar, parse
from sandbox.cli.draw import DRAW, parse_draw
from sandbox.cli.ping import PING, parse_ping
from sandbox.cli.requests import EXPLAIN, EXPORT, UP, parse_explain, parse_export, parse_up
from sandbox.cli.surroundings import OF_COMMANDS

EXAMPLES = Path(__file__).parents[1] / "examples"
GRAMMARS = {"run": RUN, "explain": EXPLAIN, "export": EXPORT, "up": UP, "ping": PING, "draw": DRAW}
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


def examples(command: str) -> list[str]:
    """Each example in the help of a command, on one line."""
    _, _, shown = (COMMANDS[command].help or "").partition("Examples:\n")
    return [line.strip() for line in re.sub(r"\\\n *", "", shown).splitlines() if line.strip()]


def test_every_declaration_has_its_line_of_help_and_no_other() -> None:
    assert options.DECLARATIONS.keys() == DECLARATIONS.keys()
    assert options.OF_COMMANDS.keys() == OF_COMMANDS.keys()
    assert {short: name for name, short in options.SHORT.items()} == {**SHORT, **surroundings.SHORT}
    for name, (metavar, told) in {**options.DECLARATIONS, **options.OF_COMMANDS}.items():
        assert (metavar is None) == ({**DECLARATIONS, **OF_COMMANDS}[name][0] == 0)
        assert told.endswith(".")
        assert len(told) < 105


@pytest.mark.parametrize(("command", "grammar"), GRAMMARS.items(), ids=GRAMMARS)
def test_the_help_lists_every_option_that_is_understood(command: str, grammar: Grammar) -> None:
    listed = {name for parameter in COMMANDS[command].params for name in parameter.opts}
    assert {*DECLARATIONS, *SHORT, *grammar.more, *grammar.flags, *grammar.with_node} <= listed
    assert listed.isdisjoint(surroundings.SHORT) == (not grammar.more)


PARSERS: dict[str, Callable[[Sequence[str]], object]] = {
    "run": parse,
    "explain": parse_explain,
    "export": parse_export,
    "up": parse_up,
    "ping": parse_ping,
    "draw": parse_draw,
}
OF_A_LAB = re.compile(r"sandbox \w+ x\b")  # one that is up: tests/kernel/test_help.py has it


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str) -> None:
    assert COMMANDS[command].get_short_help_str()
    assert all(parameter.help for parameter in COMMANDS[command].params if parameter.param_type_name == "option")


@pytest.mark.parametrize("command", PARSERS)
def test_every_example_of_the_help_is_understood(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)  # where lab.toml is
    shown = examples(command)
    assert shown
    for line in (line for line in shown if not OF_A_LAB.search(line)):
        program, verb, *words = shlex.split(re.split(r" [|>]", line)[0])
        assert program == "sandbox"
        if verb in PARSERS:
            assert PARSERS[verb](words) is not None, line
