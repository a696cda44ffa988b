"""What a service and its readiness may be."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.errors import RequestError
from sandbox.topology.service import Ready, Service


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({}, "not one check"),
        ({"port": 80, "log": "x"}, "not one check"),
        ({"port": 0}, "port 0"),
        ({"port": 65536}, "port 65536"),
        ({"log": ""}, "log ''"),
        ({"log": "a\nb"}, "a part of one line"),
        ({"command": ()}, "no command"),
        ({"command": ("",)}, "no command"),
        ({"command": ("a\0",)}, "NUL"),
        ({"port": 1, "timeout_s": 0}, "timeout 0"),
        ({"port": 1, "timeout_s": float("nan")}, "timeout nan"),
        ({"port": 1, "timeout_s": float("inf")}, "timeout inf"),
    ],
)
def test_a_check_that_cannot_be_is_refused(fields: dict[str, Any], what: str) -> None:
    with pytest.raises(RequestError, match="ready: ") as caught:
        Ready(**fields)
    assert what in str(caught.value)
    assert " - " in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"argv": ()}, "no command"),
        ({"argv": ("",)}, "no command"),
        ({"argv": ("a\0",)}, "NUL"),
        ({"argv": ("a",), "environment": {"": "x"}}, "environment"),
        ({"argv": ("a",), "environment": {"A=B": "x"}}, "environment"),
        ({"argv": ("a",), "environment": {"A": "\0"}}, "environment"),
        ({"argv": ("a",), "cwd": ""}, "cwd ''"),
    ],
)
def test_a_service_that_cannot_be_is_refused(fields: dict[str, Any], what: str) -> None:
    with pytest.raises(RequestError, match="'a': ") as caught:
        Service("a", **fields)
    assert what in str(caught.value)
    assert " - " in str(caught.value)


def test_a_command_is_no_text() -> None:
    with pytest.raises(TypeError):
        Service("a", "nginx")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Ready(command="true")  # type: ignore[arg-type]
