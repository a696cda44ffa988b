"""Capabilities by their names."""

from __future__ import annotations

import _prctl
import pytest

from sandbox import RequestError, capabilities


def test_numbers_are_those_of_libcap() -> None:
    others = {"CAP_LAST_CAP", "CAP_EFFECTIVE", "CAP_INHERITABLE", "CAP_PERMITTED", "CAP_CLEAR", "CAP_SET"}
    known = {name: vars(_prctl)[name] for name in vars(_prctl).keys() - others if name.startswith("CAP_")}
    assert len(known) >= 40
    assert {name: capabilities.number(name) for name in known} == known


@pytest.mark.parametrize("name", ["CAP_NET_ADMIN", "cap_net_admin", "NET_ADMIN", "net_admin", "Net_Admin"])
def test_a_name_is_written_as_one_likes(name: str) -> None:
    assert capabilities.number(name) == 12
    assert capabilities.canonical(name) == "net_admin"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("netadmin", "did you mean NET_ADMIN?"),
        ("CAP_SYS_ADMN", "did you mean SYS_ADMIN?"),
        ("everything", "capabilities(7) lists them, such as NET_RAW"),
        ("", "capabilities(7) lists them, such as NET_RAW"),
        ("12", "capabilities(7) lists them, such as NET_RAW"),
        ("cap_", "capabilities(7) lists them, such as NET_RAW"),
        ("cap_cap_kill", "did you mean KILL?"),
        ("net_admin\n", "did you mean NET_ADMIN?"),
        ("\u017fetuid", "did you mean SETUID?"),
        ("net_admin kill", "did you mean NET_ADMIN?"),
    ],
)
def test_an_unknown_name_is_refused_with_a_suggestion(name: str, fix: str) -> None:
    with pytest.raises(RequestError) as raised:
        capabilities.number(name)
    assert str(raised.value) == f"{name!r}: no such capability - {fix}"
