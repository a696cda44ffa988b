"""What a service may be."""

from __future__ import annotations

import pytest

from sandbox.service import Ready, Service

from .refusal import refusal


def test_a_service_has_a_command_and_little_else_by_default() -> None:
    service = Service("a", ("nginx", "-g", "daemon off;"))
    assert (service.environment, service.cwd, service.depends_on, service.ready) == ({}, None, (), None)


@pytest.mark.parametrize("argv", [(), ("",), ("", "x")])
def test_a_service_without_a_command_is_refused(argv: tuple[str, ...]) -> None:
    assert "without a command" in refusal(Service, "a", argv)


@pytest.mark.parametrize("argv", ["nginx", b"nginx", 5, None])
def test_a_command_that_is_no_tuple_of_words_is_a_type_error(argv: object) -> None:
    with pytest.raises(TypeError):
        Service("a", argv)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "A", "a b", "localhost"])
def test_a_service_of_what_is_no_node_is_refused(name: str) -> None:
    refusal(Service, name, ("true",))


@pytest.mark.parametrize(
    "ready", [Ready(port=1), Ready(port=65535), Ready(log="listening"), Ready(command=("true",), timeout_s=0.1)]
)
def test_there_are_three_ways_to_be_ready(ready: Ready) -> None:
    assert Service("a", ("true",), ready=ready).ready == ready


@pytest.mark.parametrize(
    ("checks", "what"),
    [
        ({}, "not one check"),
        ({"port": 80, "log": "x"}, "not one check"),
        ({"port": 80, "log": "x", "command": ("true",)}, "not one check"),
        ({"port": 0}, "from 1 to 65535"),
        ({"port": 65536}, "from 1 to 65535"),
        ({"port": -1}, "from 1 to 65535"),
        ({"log": ""}, "nothing to look for"),
        ({"command": ()}, "nothing to run"),
        ({"command": ("",)}, "nothing to run"),
        ({"port": 80, "timeout_s": 0}, "above 0"),
        ({"port": 80, "timeout_s": -1.0}, "above 0"),
        ({"port": 80, "timeout_s": float("nan")}, "above 0"),
        ({"port": 80, "timeout_s": float("inf")}, "above 0"),
    ],
)
def test_what_can_never_be_ready_is_refused(checks: dict[str, object], what: str) -> None:
    assert what in refusal(lambda: Ready(**checks))  # type: ignore[arg-type]


@pytest.mark.parametrize("checks", [{"port": "80"}, {"port": True}, {"port": 80.0}, {"command": "true"}])
def test_what_is_of_another_kind_is_a_type_error(checks: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Ready(**checks)  # type: ignore[arg-type]
