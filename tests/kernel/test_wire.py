"""The paths that the benchmarks compare: traffic of every kind gets through, and each is what it is said to be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from subprocess import DEVNULL

import psutil
import pytest

import sandbox
from benchmarks import floor
from benchmarks.paths import LO, paths
from benchmarks.wire import METRICS
from reliability.census import wait_for

MILLISECONDS = 30
NAMES = tuple(paths("traffic"))

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="benchmarks need root"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed"),
]


@pytest.fixture(scope="module")
def traffic() -> Iterator[str]:
    with floor.compiled("traffic") as program:
        yield program


def started_from(program: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if program in (each.info["cmdline"] or ())]


@pytest.mark.usefixtures("links_of_the_host")
@pytest.mark.parametrize("name", NAMES)
def test_every_path_passes_all_kinds_of_traffic_and_leaves_no_process(name: str, traffic: str) -> None:
    path = paths(traffic)[name]
    if why := path.why_missing():
        pytest.skip(why)
    with path.open() as ask:
        for metric in METRICS:
            if name not in metric.not_over:
                assert ask(metric.kind, MILLISECONDS).value > 0, metric
    wait_for(lambda: not started_from(traffic), within=2, what="the ends of the traffic are gone")


def test_traffic_that_ends_is_no_answer(traffic: str) -> None:
    with paths(traffic)[LO].open() as ask:
        assert ask("tcp", MILLISECONDS).value > 0
        (asker,) = (each for each in started_from(traffic) if each.info["cmdline"][1] == "ask")
        asker.kill()
        with pytest.raises(RuntimeError, match="without an answer"):
            ask("tcp", MILLISECONDS)


@pytest.mark.skipif(not shutil.which("nft"), reason="nft is not installed")
def test_nothing_but_the_cable_is_in_the_way_of_a_packet() -> None:
    look = "cat /proc/sys/net/netfilter/nf_conntrack_count; nft list ruleset; tc qdisc show dev eth0"
    with sandbox.pair("a:10.0.0.1", "b:10.0.0.2") as (a, b):
        b.run(["ping", "-q", "-c", "3", "-i", "0.01", "a"], check=True, stdout=DEVNULL)
        for node in (a, b):
            seen = node.run(["sh", "-c", look], check=True, capture_output=True, text=True).stdout
            assert seen.split() == ["0", *["qdisc", "noqueue", "0:", "root", "refcnt", "2"]]
