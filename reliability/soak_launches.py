"""Launches, one after the other and two at a time, for as long as it takes to see whether each leaves a little."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.namespaces import network_namespaces

from .census import SLACK, wait_for
from .check import GONE_WITHIN_S, Check, Complaint, Place
from .cli import Times, ended_well, launched, told
from .launch import PAIR

LAUNCHES, QUICK, AT_ONCE = 2000, 50, 2


@contextmanager
def check(place: Place) -> Iterator[Check]:
    """Launches of a pair; of what each may leave behind the network namespaces are counted here, all else after it."""
    before = network_namespaces()
    counted = [before]
    took = Times("each")

    def attempt(_: str) -> None:
        with took():
            done = launched("run", *PAIR, "--", "true")
        ended_well(done)

    def are_as_before() -> bool:
        counted.append(network_namespaces())
        return counted[-1] <= before + SLACK

    def afterwards() -> Complaint:
        try:
            wait_for(are_as_before, within=GONE_WITHIN_S)
        except AssertionError:
            return f"network namespaces: {before} before, {counted[-1]} afterwards"
        return ""

    cases = [str(number) for number in range(1, (QUICK if place.quick else LAUNCHES) + 1)]
    yield Check(
        f"launches of a pair, {AT_ONCE} at once: nothing is left",
        cases,
        told(attempt),
        at_once=AT_ONCE,
        afterwards=afterwards,
        figures=lambda: f"network namespaces {before} before, {counted[-1]} after; {took}",
    )
