"""`sandbox stats x`: what goes over the interfaces of a lab."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import Annotated

import typer

from ..lab.counters import Reading
from .labs import AsJson, LabName, table
from .target import Target

HEADS = ("NODE", "INTERFACE", "STATE", "RECEIVED", "PACKETS", "DROPS", "/S", "SENT", "PACKETS", "DROPS", "/S")
CLEAR = "\x1b[H\x1b[J"


def stats(
    lab: LabName,
    as_json: AsJson = False,
    interval: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="Time between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, also on a terminal.")] = False,
) -> None:
    """Show bytes, packets, drops and rates of every interface; on a terminal on and on, until ^C."""
    with Target.parse(lab).open() as there:
        before = Reading.take(there)
        while True:
            time.sleep(interval)  # what passes meanwhile is what is shown
            now = Reading.take(there)
            if as_json:
                print(json.dumps(_records(now, before), indent=2))
                return
            is_live = sys.stdout.isatty() and not once
            print((CLEAR if is_live else "") + table(_rows(now, before)), flush=True)
            if not is_live:
                return
            before = now


def _rows(now: Reading, before: Reading) -> list[tuple[str, ...]]:
    rates = now.rates_since(before)
    rows: list[tuple[str, ...]] = [HEADS]
    for (node, name), each in now.counters.items():
        rate = rates.get((node, name), {})
        rows.append(
            (
                *(node, name, each.state),
                *(_size(each.rx_bytes), str(each.rx_packets), str(each.rx_dropped), _size(rate.get("rx_bytes", 0))),
                *(_size(each.tx_bytes), str(each.tx_packets), str(each.tx_dropped), _size(rate.get("tx_bytes", 0))),
            )
        )
    return rows


def _records(now: Reading, before: Reading) -> list[dict[str, object]]:
    rates = now.rates_since(before)
    return [
        {"node": node, "interface": name, **asdict(each), "per_second": rates.get((node, name), {})}
        for (node, name), each in now.counters.items()
    ]


def _size(number: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"
