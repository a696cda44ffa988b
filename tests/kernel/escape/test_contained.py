"""Every probe is refused in a container: all of them as commands of one, and some from the command line as well."""

from __future__ import annotations

import os
from typing import Any

import pytest

from .conftest import Tell
from .launchers import LAUNCHERS, Said, carry_out, carry_out_together, is_there, probes

# What depends on the launcher's own descriptors, terminal, keys and directory, which a library has not made.
OF_THE_COMMAND_LINE = (
    *("shadow_by_inherited_descriptor", "directory_by_inherited_descriptor", "any_inherited_descriptor"),
    *("type_into_the_terminal", "type_with_an_upper_half", "type_by_dev_tty", "leave_the_terminal"),
    *("signal_the_launchers_group", "working_directory", "key_of_the_session", "see_a_process", "capabilities"),
)


@pytest.fixture(scope="module")
def said(told: dict[str, Any]) -> Said:
    """What each probe says in one container."""
    return carry_out_together("contain", probes(), told)


@pytest.mark.deadline(110)
def test_none_escapes_from_a_container(said: Said, tell: Tell) -> None:
    tell("contain", *_count(said))
    assert {probe: what for probe, what in said.items() if not what.startswith("REFUSED (")} == {}


@pytest.mark.parametrize("probe", OF_THE_COMMAND_LINE)
def test_none_escapes_from_the_command_line(probe: str, told: dict[str, Any]) -> None:
    what = carry_out(LAUNCHERS["contain"], probe, told)
    assert what.startswith("REFUSED ("), what


@pytest.mark.deadline(110)
@pytest.mark.skipif(os.getuid() != 0, reason="what others let through is shown once")
def test_what_others_let_through_is_shown(told: dict[str, Any], tell: Tell) -> None:
    every = {"sandbox": carry_out_together("sandbox", probes(), told)}
    if is_there(LAUNCHERS["bwrap"]):
        every["bwrap"] = {probe: carry_out(LAUNCHERS["bwrap"], probe, told) for probe in probes()}
    for launcher, said in every.items():
        escaped, tried = _count(said)
        tell(launcher, escaped, tried)
        assert escaped > 0


def _count(said: Said) -> tuple[int, int]:
    return sum(what.startswith("ESCAPED (") for what in said.values()), len(said)
