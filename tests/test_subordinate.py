"""What /etc/subuid grants, as far as it can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.kernel import subordinate


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        ("", None),
        ("daemon:100000:65536\n", (100000, 65536)),
        ("1:100000:65536\n", (100000, 65536)),
        ("other:1:2\ndaemon:100000:65536\ndaemon:300000:10\n", (100000, 65536)),
        ("daemon:100000\ndaemon:x:1\ndaemon:5:0\n#\n\ndaemon:7:8\n", (7, 8)),
        ("daemon:-1:65536\n", None),
        ("11:100000:65536\n", None),
    ],
)
def test_a_grant_is_the_first_that_makes_sense(tmp_path: Path, text: str, grant: tuple[int, int] | None) -> None:
    (tmp_path / "subuid").write_text(text)
    assert subordinate._grant(str(tmp_path / "subuid"), 1) == grant


def test_where_nothing_is_granted_there_are_no_ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "subuid").write_text("daemon:100000:65536\n")
    monkeypatch.setattr(subordinate, "_program", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subordinate, "FILES", (str(tmp_path / "subuid"), str(tmp_path / "subgid")))
    assert subordinate.granted(1) is None
    (tmp_path / "subgid").write_text("daemon:200000:10\n")
    assert subordinate.granted(1) == ((100000, 65536), (200000, 10))
    monkeypatch.setattr(subordinate, "_program", lambda _: "")
    assert subordinate.granted(1) is None
