"""Capabilities by their names."""

from __future__ import annotations

import _prctl
import pytest

from sandbox import RequestError
from sandbox.kernel import caps


def test_numbers_are_those_of_libcap() -> None:
    others = {"CAP_LAST_CAP", "CAP_EFFECTIVE", "CAP_INHERITABLE", "CAP_PERMITTED", "CAP_CLEAR", "CAP_SET"}
    known = {name: vars(_prctl)[name] for name in vars(_prctl).keys() - others if name.startswith("CAP_")}
    assert len(known) >= 40
    assert {name: caps.number(name) for name in known} == known


@pytest.mark.parametrize("name", ["CAP_NET_ADMIN", "cap_net_admin", "NET_ADMIN", "net_admin", "Net_Admin"])
def test_a_name_is_written_as_one_likes(name: str) -> None:
    assert caps.number(name) == 12
    assert caps.name(12) == "net_admin"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("netadmin", "did you mean net_admin?"),
        ("CAP_SYS_ADMN", "did you mean sys_admin?"),
        ("everything", "capabilities(7) lists them"),
        ("", "capabilities(7) lists them"),
        ("12", "capabilities(7) lists them"),
        ("cap_", "capabilities(7) lists them"),
        ("cap_cap_kill", "did you mean kill?"),
        ("net_admin\n", "did you mean net_admin?"),
        ("\u017fetuid", "did you mean setuid?"),
        ("net_admin kill", "did you mean net_admin?"),
    ],
)
def test_an_unknown_name_is_refused_with_a_suggestion(name: str, fix: str) -> None:
    with pytest.raises(RequestError) as raised:
        caps.number(name)
    assert str(raised.value) == f"{name!r}: no such capability - {fix}"
