"""The tree of errors, and the exit status of each."""

from __future__ import annotations

import pytest

from sandbox import errors
from sandbox.errors import LabClosed, NotAllowed, RequestError, SandboxError, StepFailed


@pytest.mark.parametrize(
    ("error", "parents", "status"),
    [
        (SandboxError, (Exception,), 125),
        (RequestError, (SandboxError, ValueError), 2),
        (NotAllowed, (SandboxError,), 125),
        (StepFailed, (SandboxError,), 125),
        (LabClosed, (SandboxError,), 125),
    ],
)
def test_each_error_has_its_place_and_its_exit_status(
    error: type[SandboxError], parents: tuple[type, ...], status: int
) -> None:
    assert error.__bases__ == parents
    assert error.exit_status == status


def test_every_error_is_drawn_in_the_tree_with_its_exit_status() -> None:
    ours = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SandboxError)]
    drawing = errors.__doc__ or ""
    for error in ours:
        (line,) = [line for line in drawing.splitlines() if line.lstrip("├└─ ").startswith(f"{error.__name__} ")]
        assert f" {error.exit_status} " in line


def test_what_is_not_allowed_comes_with_its_fix() -> None:
    error = NotAllowed("user namespaces are off", "sudo sysctl -w user.max_user_namespaces=15000")
    assert str(error) == "user namespaces are off - sudo sysctl -w user.max_user_namespaces=15000"
    assert error.fix == "sudo sysctl -w user.max_user_namespaces=15000"


def test_a_step_that_failed_is_told_with_its_command_and_number() -> None:
    error = StepFailed("b answers to 10.0.0.2: File exists", "ip -n b address add 10.0.0.2/24 dev eth0", 17)
    assert str(error) == ("b answers to 10.0.0.2: File exists - by hand: ip -n b address add 10.0.0.2/24 dev eth0")
    assert (error.step, error.errno) == ("ip -n b address add 10.0.0.2/24 dev eth0", 17)
