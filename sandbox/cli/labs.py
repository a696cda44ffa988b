"""Labs that are up: listed, looked into, their services stopped and started, taken down."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from ..errors import RequestError
from ..kernel import cgroup
from ..lab import kept
from ..lab.kept import KeptLab, ServiceState
from ..lab.process import Process
from ..outside import traces
from . import execute
from .output import JsonFrame, PrefixFrame, Sink, Stream, prefix
from .target import Target

GRACE_S = 10.0  # for a service to end after SIGTERM: what docker stop gives

LabName = Annotated[str, typer.Argument(metavar="LAB", help="The name of a lab: see sandbox ps.")]
LabOrNode = Annotated[str, typer.Argument(metavar="LAB[/NODE]", help="A lab, or one node of it.")]
NodeOfLab = Annotated[str, typer.Argument(metavar="LAB/NODE", help="A node of a lab.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


def ps(as_json: AsJson = False) -> None:
    """List the labs that are up, and what labs have on this host: the links of uplinks, and cgroups left by a kill."""
    links = {trace.name: trace for trace in traces.find()}
    records = [_summary(name, links) for name in kept.names()]
    if as_json:
        print(json.dumps(records, indent=2))
        return
    rows = [("LAB", "NODES", "SERVICES", "UP", "INIT", "UPLINKS")]
    for each in records:
        services = f"{each['running']}/{each['services']}"
        uplinks = " ".join(each["uplinks"])
        rows.append((each["lab"], str(each["nodes"]), services, _for_people(each["up_s"]), str(each["init"]), uplinks))
    for name in links.keys() - {uplink for each in records for uplink in each["uplinks"]}:
        rows.append(("-", "-", "-", "gone" if links[name].is_stale else "-", str(links[name].pid), name))
    rows += [("-", "-", "-", "gone", str(pid), path) for path, pid, is_stale in cgroup.find() if is_stale]
    print(table(rows))


def inspect(lab: LabName, as_json: AsJson = False) -> None:
    """Show a lab: its nodes and switches, their interfaces and addresses, its services."""
    with Target.parse(lab).open() as there:
        record = describe(there)
    if as_json:
        print(json.dumps(record, indent=2))
        return
    rows = [("NODE", "INTERFACE", "ADDRESSES", "PEER")]
    rows += [
        (node["name"], each["name"], " ".join(each["addresses"]), each["peer"])
        for node in record["nodes"]
        for each in node["interfaces"] or [{"name": "lo", "addresses": [], "peer": ""}]
    ]
    print(table(rows))
    if record["contain"]:
        print(f"\nin containers: {_words(record['contain'])}")
    if record["services"]:
        services = [("SERVICE", "STATE", "COMMAND")]
        services += [(each["node"], each["state"], each["command"]) for each in record["services"]]
        print("\n" + table(services))


def shell(target: NodeOfLab) -> None:
    """Open a shell in a node."""
    raise typer.Exit(execute.shell(Target.parse(target)))


def logs(
    target: LabOrNode,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print what the services of a lab have printed, or one node's."""
    asked = Target.parse(target)
    with asked.open() as lab:
        nodes = [each.node for each in lab.services] if asked.node is None else [asked.node]
        if as_json:
            stdout = Sink(1)
            follow_logs(lab, nodes, lambda node, number: Stream(stdout, JsonFrame(node, number)), follow=follow)
        elif asked.node is None:
            follow_logs(lab, nodes, prefixed(nodes), follow=follow)
        else:
            for stream, data in lab.log(asked.node, follow=follow):
                os.write(stream, data)


def stop(target: LabOrNode) -> None:
    """Stop the services of a lab, or one node's; its network stays."""
    with Target.parse(target).open() as lab:
        processes = [lab.service(each.node) for each in _services(lab, target) if each.returncode is None]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + GRACE_S
        for process in processes:
            _end(process, deadline)


def start(target: LabOrNode) -> None:
    """Start the services of a lab again, or one node's, once they have ended."""
    with Target.parse(target).open() as lab:
        for each in _services(lab, target):
            if each.returncode is not None:
                lab.start_service(each.node)


def down(labs: Annotated[list[str], typer.Argument(metavar="LAB...", help="Which labs.")]) -> None:
    """End labs: every process in them is killed, and their networks are gone."""
    for name in labs:
        Target.parse(name).open().down()


def describe(lab: KeptLab) -> dict[str, Any]:
    """A lab as a record: nodes and switches with their interfaces, links, services."""
    ends: dict[str, list[dict[str, Any]]] = {name: [] for name in (*lab.topology.nodes, *lab.topology.switch_names)}
    for link in lab.links:
        for end, peer in (link.ends, link.ends[::-1]):
            addresses = list(map(str, end.addresses))
            peer_name = f"{peer.node}:{peer.name}"
            ends[end.node].append({"name": end.name, "index": end.index, "addresses": addresses, "peer": peer_name})
    return {
        "lab": lab.name,
        "init": lab.init_pid,
        "contain": _contain(lab),
        "nodes": [
            {"name": name, "router": name in lab.topology.routers, "interfaces": ends[name]}
            for name in lab.topology.nodes
        ],
        "switches": [
            {"name": each.name, "subnets": list(map(str, each.subnets)), "interfaces": ends[each.name]}
            for each in lab.topology.switches
        ],
        "services": [
            {"node": each.node, "state": _state(each), "returncode": each.returncode, "command": each.command}
            for each in lab.services
        ],
    }


def prefixed(nodes: Sequence[str]) -> Callable[[str, int], Stream]:
    """Streams that show each line with its node before it."""
    sinks = {1: Sink(1), 2: Sink(2)}
    return lambda node, number: Stream(sinks[number], PrefixFrame(prefix(nodes, node, sinks[number])))


def follow_logs(lab: KeptLab, nodes: Sequence[str], stream_of: Callable[[str, int], Stream], *, follow: bool) -> None:
    """Print the logs of several services at once: what each prints on 1 and 2 goes to its stream for that."""
    import selectors

    with selectors.DefaultSelector() as selector:
        for node in nodes:
            streams = {number: stream_of(node, number) for number in (1, 2)}
            selector.register(lab.log(node, follow=follow), selectors.EVENT_READ, streams)
        while selector.get_map():
            for key, _ in selector.select():
                reader: Any = key.fileobj
                # Before it can close itself at its end.
                selector.unregister(reader)
                stream, data = next(reader, (0, b""))
                for number, each in key.data.items():
                    if number == stream or not stream:
                        each.take(data)
                if stream:
                    selector.register(reader, selectors.EVENT_READ, key.data)


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as columns, the first row their heads."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _contain(lab: KeptLab) -> Any:
    """As a lab file says it: false, true, or a table."""
    from ..labfile import document

    return document(lab.topology).get("contain", False)


def _words(contain: Any) -> str:
    """What containers have, on one line."""
    from ..labfile.toml import value

    return (
        ", ".join(f"{key} = {value(each)}" for key, each in contain.items()) if contain is not True else "as they are"
    )


def _summary(name: str, links: Mapping[str, traces.Trace]) -> dict[str, Any]:
    import psutil

    with KeptLab(name) as lab:
        services = lab.services
        return {
            "lab": name,
            "nodes": len(lab.nodes),
            "services": len(services),
            "running": sum(each.returncode is None for each in services),
            "up_s": round(time.time() - psutil.Process(lab.init_pid).create_time(), 1),
            "init": lab.init_pid,
            "uplinks": [link.name for link in links.values() if link.pid == lab.init_pid],
        }


def _services(lab: KeptLab, target: str) -> Iterator[ServiceState]:
    node = Target.parse(target).node
    services = [each for each in lab.services if node in (None, each.node)]
    if not services:
        raise RequestError(f"{target!r}: no service - start a command there: sandbox exec {target} -- CMD")
    yield from services


def _end(process: Process, deadline: float) -> None:
    import subprocess

    try:
        process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _state(service: ServiceState) -> str:
    since = _for_people(time.time() - service.since_s)
    if service.returncode is None:
        return f"running for {since}"
    return f"ended {since} ago with {service.returncode}"


def _for_people(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
