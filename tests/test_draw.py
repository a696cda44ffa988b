"""`sandbox draw`: the words, and what comes out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sandbox
from sandbox.cli.draw import DrawRequest, draw, parse_draw
from sandbox.errors import RequestError
from sandbox.picture.dot import dot
from sandbox.picture.mermaid import mermaid
from sandbox.picture.svg import svg
from sandbox.picture.terminal import draw as draw_in_terminal
from sandbox.topology import Topology

PROGRAM = Path(sandbox.__file__).parent.parent / "bin" / "sandbox"
WORDS = ["--pair", "a:192.168.1.1", "b:192.168.1.2"]
PAIR = Topology.parse([("a:192.168.1.1", "b:192.168.1.2")])


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    without = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    command = [sys.executable, PROGRAM, "draw", *words]
    return subprocess.run(command, env=without | environment, capture_output=True, text=True, timeout=60)


def test_any_declaration_can_be_drawn() -> None:
    request = parse_draw(["--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b", "--router", "b", "--svg"])
    assert request is not None
    assert (request.topology.nodes, request.topology.switch_names, request.form) == (("a", "b"), ("lan",), "svg")


def test_without_an_option_it_is_for_the_terminal() -> None:
    assert parse_draw(WORDS) == DrawRequest(PAIR, None)


@pytest.mark.parametrize("words", [["--help"], [*WORDS, "-h"]])
def test_help_is_asked_for(words: list[str]) -> None:
    assert parse_draw(words) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--svg", "--dot"], "--svg and --dot exclude each other - usage: sandbox draw"),
        (["--sgv"], "'--sgv': no such option - did you mean --svg?"),
        (["--pair", "a:1.2.3.4"], "--pair wants two endpoints, NAME:ADDRESS each - usage: sandbox draw"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(RequestError, match=f"^{message.replace('?', '[?]')}"):
        parse_draw(words)


@pytest.mark.parametrize(("form", "picture"), [("svg", svg), ("mermaid", mermaid), ("dot", dot)])
def test_each_form_is_its_picture(form: str, picture: object) -> None:
    assert draw(DrawRequest(PAIR, form)) == picture(PAIR)  # type: ignore[operator]


def test_into_a_pipe_goes_no_colour_unless_it_is_forced() -> None:
    assert run(*WORDS).stdout == draw_in_terminal(PAIR)
    assert run(*WORDS, FORCE_COLOR="1").stdout == draw_in_terminal(PAIR, colour=True)
    assert run(*WORDS, FORCE_COLOR="1", NO_COLOR="1").stdout == draw_in_terminal(PAIR)


def test_the_command_line_draws_and_refuses() -> None:
    assert run(*WORDS, "--svg").stdout == svg(PAIR)
    refused = run("--pair", "a:1.2.3.4", "--svg")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("sandbox: error: --pair wants two endpoints")
    assert "--mermaid" in run("--help").stdout
