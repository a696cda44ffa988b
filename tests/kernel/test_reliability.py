"""What must never happen, tried in a sample: `./sbx reliability --quick`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reliability import first_packets
from reliability.check import Place
from reliability.checks import CHECKS
from reliability.user import NAME

ROOT = Path(__file__).parents[2]
WITHIN_S = 600


@pytest.mark.skipif(os.getuid() != 0, reason="root's carries it out as an ordinary user as well")
@pytest.mark.deadline(WITHIN_S + 60)
def test_every_check_holds_as_root_and_as_an_ordinary_user(tmp_path: Path, remark: list[str]) -> None:
    report = tmp_path / "report.json"
    words = [sys.executable, "-m", "reliability", "--quick", "--json", str(report)]
    done = subprocess.run(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=WITHIN_S
    )
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)
    outcomes = json.loads(report.read_text())["outcomes"]
    tried = [(each["who"], each["name"]) for each in outcomes]
    assert tried == [(who, name) for who in ("root", NAME) for name in CHECKS]
    remark.append(f"reliability: {len(outcomes)} checks hold, in {sum(each['seconds'] for each in outcomes):.0f} s")


def test_a_case_can_be_tried_again_alone(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = [
        sys.executable,
        "-m",
        "reliability",
        "--json",
        str(report),
        "requests",
        "no address: a:",
        "typo: --nod -- true",
    ]
    user = ["--as", "root"] if os.getuid() == 0 else []
    subprocess.run([*words[:3], *user, *words[3:]], cwd=ROOT, check=True, capture_output=True, timeout=30)
    (outcome,) = json.loads(report.read_text())["outcomes"]
    assert (outcome["name"], outcome["tried"], outcome["complaints"]) == ("requests", 2, {})


@pytest.mark.parametrize("kind", first_packets.KINDS)
def test_a_first_packet_that_leads_nowhere_is_seen_however_soon_that_is_known(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with first_packets.check(Place(tmp_path)) as check:
        assert check.attempt(f"{kind} command 1") == ""
        nowhere = {each: script.replace("$SANDBOX_PEER_IP", "10.9.9.9") for each, script in first_packets.SEND.items()}
        monkeypatch.setattr(first_packets, "SEND", nowhere)
        assert "Network is unreachable" in check.attempt(f"{kind} command 1")
