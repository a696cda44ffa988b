"""`sandbox stats x`: what goes over the interfaces of a lab."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import Annotated

import typer

from ..errors import RequestError
from ..lab.counters import Reading
from ..lab.use import Use
from ..sizes import spell_size
from .labs import AsJson, LabName, table
from .target import Target

HEADS = ("NODE", "INTERFACE", "STATE", "RECEIVED", "PACKETS", "DROPS", "/S", "SENT", "PACKETS", "DROPS", "/S")
MIB = 1 << 20
LEAST_S, MOST_S = 0.1, 86_400
CLEAR = "\x1b[H\x1b[J"


def stats(
    lab: LabName,
    as_json: AsJson = False,
    interval: Annotated[float, typer.Option(metavar="SECONDS", help="Time between two looks, from 0.1.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, also on a terminal.")] = False,
) -> None:
    """Show bytes, packets, drops and rates of every interface, and what is used of limits; on a terminal until ^C."""
    # In this form it refuses nan as well.
    if not LEAST_S <= interval <= MOST_S:
        raise RequestError(f"--interval {interval}: out of range - write seconds from {LEAST_S} to {MOST_S}")
    with Target.parse(lab).open() as there:
        before, used_before = Reading.take(there), Use.take(there)
        while True:
            time.sleep(interval)  # what passes meanwhile is what is shown
            now, used = Reading.take(there), Use.take(there)
            if as_json:
                print(json.dumps([*_records(now, before), *_records_of_use(used, used_before)], indent=2))
                return
            is_live = sys.stdout.isatty() and not once
            shown = table(_rows(now, before)) + _shown_use(used, used_before)
            print((CLEAR if is_live else "") + shown, flush=True)
            if not is_live:
                return
            before, used_before = now, used


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


def _records_of_use(now: Use, before: Use) -> list[dict[str, object]]:
    """Of each node with limits: of each what is used, and the limit."""
    found: dict[str, dict[str, object]] = {}
    for (node, key), used in now.since(before).items():
        found.setdefault(node, {"node": node})[key] = {"used": used, "limit": now.limits[node, key]}
    return list(found.values())


def _shown_use(now: Use, before: Use) -> str:
    """A table of the nodes with limits, if there are any: use/limit."""
    used = now.since(before)
    rows = [("NODE", "MEMORY", "PIDS", "CPUS")]
    for node in dict.fromkeys(node for node, _ in used):
        cells = [
            f"{_spell(key, used[node, key])}/{_spell(key, now.limits[node, key])}" if (node, key) in used else "-"
            for key in ("memory", "pids", "cpus")
        ]
        rows.append((node, *cells))  # type: ignore[arg-type]
    return "\n\n" + table(rows) if rows[1:] else ""


def _spell(key: str, number: float) -> str:
    if key == "memory":
        return spell_size(int(number)) if number % MIB == 0 else f"{number / MIB:.1f}M"
    return f"{number:.2f}" if isinstance(number, float) else str(number)


def _size(number: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"
