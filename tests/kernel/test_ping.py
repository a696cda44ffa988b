"""Everyone pings everyone: from the library, and from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox import topologies

from .conftest import Cli, one_error_line


@pytest.mark.parametrize("text", ["ring:3", "star:24"])  # the second one forgets neighbours as it goes
def test_pinging_changes_nothing_in_the_program(text: str) -> None:
    with sandbox.Lab(topologies.parse(text)) as lab:
        before = sorted(os.listdir("/proc/self/fd"))
        assert lab.ping_all(timeout=5).is_complete
        assert sorted(os.listdir("/proc/self/fd")) == before
        assert lab.processes() == []
    with pytest.raises(sandbox.LabClosed):
        lab.ping_all()


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"version": 5}])
def test_pings_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with sandbox.Lab(topologies.ring(3)) as lab, pytest.raises(sandbox.RequestError):
        lab.ping_all(**options)


def test_a_kept_lab_is_pinged_from_outside_as_it_is_now(cli: Cli, tmp_path: Path) -> None:
    cli.environment["XDG_RUNTIME_DIR"] = str(tmp_path)
    assert cli("up", "-d", "--name", "x", "--topology", "star:3").returncode == 0
    try:
        assert "3 nodes, 6 pings: none lost" in cli("ping", "x").stdout
        assert cli("remove", "x", "h2").returncode == 0
        assert cli("ping", "x").stdout.split()[:2] == ["h1", "h3"]
        assert cli("interface", "x/h1", "eth0", "down").returncode == 0
        assert cli("ping", "x", "--timeout", "0.2").returncode == 1
    finally:
        assert cli("down", "x").returncode == 0


def test_ping_shows_a_matrix_and_ends_as_it_went(cli: Cli) -> None:
    done = cli("ping", "--topology", "ring:4")
    assert done.returncode == 0, done.stderr
    head, *rows, summary = done.stdout.splitlines()
    assert head.split() == ["r1", "r2", "r3", "r4"]
    assert [row.split()[0] for row in rows] == ["r1", "r2", "r3", "r4"]
    assert summary.startswith("4 nodes, 12 pings: none lost, ")
    lost = cli("ping", "--topology", "ring:4", "--no-routes", "--timeout", "0.2")
    assert lost.returncode == 1
    assert "X" in lost.stdout


def test_ping_tells_machines_in_json(cli: Cli) -> None:
    done = cli("ping", "--topology", "star:3,10.0.0.0/8,fd00::/64", "-6", "--json", "--as-root")
    records = json.loads(done.stdout)
    assert [(each["from"], each["to"]) for each in records][:2] == [("h1", "h2"), ("h1", "h3")]
    assert all(0 < each["seconds"] < 1 for each in records)


def test_ping_where_there_is_nobody_is_a_bad_request(cli: Cli) -> None:
    for words in (["--topology", "ring:4", "-6"], ["--node", "a"], ["--topology", "ring:4", "--timeout", "nan"]):
        done = cli("ping", *words)
        assert done.returncode == 2, done.stdout
        one_error_line(done.stderr)
