"""A command arrives at init as it was at its caller."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import messages
from sandbox.command import Command, check_argv
from sandbox.errors import RequestError

BYTES = st.binary().map(lambda data: os.fsdecode(data.replace(b"\0", b"")))
SOME = BYTES.filter(bool)
COMMANDS = st.builds(
    Command,
    node=st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True),
    argv=st.tuples(SOME, BYTES, BYTES) | st.tuples(SOME),
    environment=st.dictionaries(SOME.map(lambda key: key.replace("=", "x")), BYTES),
    cwd=SOME,
    executable=st.none() | BYTES,
    umask=st.none() | st.integers(0, 0o777),
    limits=st.dictionaries(st.integers(0, 15), st.tuples(st.integers(-1, 2**63), st.integers(-1, 2**63))),
    held=st.booleans(),
    last=st.booleans(),
    terminal=st.booleans(),
    keep=st.lists(st.integers(3, 2**20), unique=True).map(tuple),
)


@given(COMMANDS)
def test_a_command_arrives_as_it_was_sent(command: Command) -> None:
    assert Command.from_message(messages.decode(messages.encode(command.to_message()))) == command


def test_a_command_of_nothing_but_its_words_arrives_with_its_defaults() -> None:
    command = Command("a", ("true",), {})
    sent = messages.encode(command.to_message())
    assert sent == b"node=a\0arg=true\0cwd=/\0"
    assert Command.from_message(messages.decode(sent)) == command


def test_the_largest_environment_there_is_arrives() -> None:
    command = Command("a", ("true",), {f"VARIABLE_{number}": "x" * 100_000 for number in range(20)})
    assert Command.from_message(messages.decode(messages.encode(command.to_message()))) == command


@pytest.mark.parametrize("argv", [(), ("",), ("", "x")])
def test_a_command_without_a_program_is_refused(argv: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match=r"^no command - write what to run, such as: "):
        check_argv(argv)
    with pytest.raises(RequestError):
        Command("a", argv, {})


# A NUL ends a text in a message: what follows it would become another field.
@pytest.mark.parametrize(
    "parts",
    [
        {"argv": ("echo", "x\0arg=y")},
        {"argv": ("\0",)},
        {"environment": {"A": "x\0arg=y"}},
        {"environment": {"A\0B": "x"}},
        {"cwd": "/\0"},
        {"executable": "sh\0"},
    ],
)
def test_a_nul_is_refused_wherever_it_stands(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^embedded null byte$"):
        Command(**{"node": "a", "argv": ("true",), "environment": {}, **parts})  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "A=B", "="])
def test_an_illegal_variable_is_refused_as_subprocess_does(key: str) -> None:
    with pytest.raises(ValueError, match=r"^illegal environment variable name$"):
        Command("a", ("true",), {key: "x"})
