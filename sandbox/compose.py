"""A topology as a file for `docker compose`, as far as that can say it. What it cannot is refused, by name.

Each link and each switch becomes a network without a way out. Which image has the commands no topology knows: it is
left to the variable IMAGE.
"""

from __future__ import annotations

from math import ceil

from .errors import RequestError
from .labfile import yaml
from .plan.routes import routes
from .topology.endpoint import DOMAIN
from .topology.limits import NONE, Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .containment import Bind, Containment
    from .topology import Topology
    from .topology.address import Address, Subnet
    from .topology.segments import Segment
    from .topology.service import Ready, Service

    Table = dict[str, Any]

IMAGE = "${IMAGE:?name an image that has the commands of this lab}"
FOREVER = ["sleep", "infinity"]
FORWARD = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"}
# Networks for what goes out and what comes in. In the latter nothing is masqueraded: it leads nowhere.
UPLINK, PUBLISHED = "uplink", "published"
NO_MASQUERADE = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
MTU = "com.docker.network.driver.mtu"


def compose(topology: Topology) -> str:
    """The file. Raises RequestError for what compose cannot say."""
    if way := next(iter(routes(topology)), None):
        raise _unsaid(f"a route of {way.node!r} through {way.via.ip}", "try --no-routes, or one switch for all nodes")
    networks = dict(_networks(topology))
    return yaml.write(
        {
            "services": {node: _service(topology, node, networks) for node in topology.nodes},
            "networks": {name: _network(topology, name, segment) for name, segment in networks.items()}
            | ({UPLINK: {}} if topology.uplinks else {})
            | ({PUBLISHED: {"driver_opts": NO_MASQUERADE}} if topology.publications else {}),
        }
    )


def _unsaid(what: str, fix: str) -> RequestError:
    return RequestError(f"compose cannot say {what} - {fix}")


def _networks(topology: Topology) -> Iterator[tuple[str, Segment]]:
    """The segments, each under a name of its own: that of a switch, or of the two nodes that a cable joins."""
    taken = {UPLINK, PUBLISHED}
    switch_of = {id(end): other.node for link in topology.links for end, other in (link.ends, link.ends[::-1])}
    for segment in topology.segments:
        if not segment:
            continue
        switch = switch_of[id(segment[0])]
        name = switch if switch in topology.switch_names else "-".join(end.node for end in segment)
        while name in taken:
            name += "-2"
        taken.add(name)
        yield name, segment


def _network(topology: Topology, name: str, segment: Segment) -> Table:
    subnets = list(dict.fromkeys(address.subnet for end in segment for address in end.addresses))
    for version in (4, 6):
        if sum(subnet.version == version for subnet in subnets) > 1:
            raise _unsaid(f"two IPv{version} subnets on {name!r}", "leave one of them out")
    network: Table = {"internal": True}
    if any(subnet.version == 6 for subnet in subnets):
        network["enable_ipv6"] = True
    taken = {address for end in segment for address in end.addresses}
    network["ipam"] = {"config": [{"subnet": str(subnet), "gateway": _gateway(subnet, taken)} for subnet in subnets]}
    mtus = {interface.mtu for wire in topology.wires for interface in wire if _is_on(interface, segment)}
    if len(mtus) > 1:
        raise _unsaid(f"two MTUs on {name!r}", "write mtu for the switch only, or the same at both ends")
    if mtu := mtus.pop():
        network["driver_opts"] = {MTU: str(mtu)}
    return network


def _is_on(interface: Any, segment: Segment) -> bool:
    return any((end.node, end.addresses) == (interface.node, interface.addresses) for end in segment)


def _gateway(subnet: Subnet, taken: set[Address]) -> str:
    """Docker wants an address of its own in each network: the last that nobody has."""
    for place in range(subnet.size, max(0, subnet.size - len(taken) - 1), -1):
        if (address := subnet.host(place)) not in taken:
            return address.ip
    raise _unsaid(f"{str(subnet)!r}, where every address is taken and Docker wants one", "take a larger subnet")


def _service(topology: Topology, node: str, networks: dict[str, Segment]) -> Table:
    service = next((each for each in topology.services if each.node == node), None)
    table: Table = {"image": IMAGE, "hostname": node, "cap_add": ["NET_ADMIN"]}
    table |= _command(service, topology) if service else {"command": FOREVER}
    if topology.containment:
        table |= _contained(topology.containment)
    if node in topology.routers:
        table["sysctls"] = FORWARD
    table |= _limits(dict(topology.limits).get(node, NONE))
    if ports := [_port(str(each), node) for each in topology.publications if each.node == node]:
        table["ports"] = ports
    joined = {name: _joined(topology, node, name, segment) for name, segment in networks.items()}
    places: Table = {name: place for name, place in joined.items() if place}
    for number, place in enumerate(reversed(places.values())):
        place["priority"] = number  # the highest is joined first, and becomes eth0
    if node in topology.uplinks:
        places[UPLINK] = {"priority": -1}
    if ports:
        places[PUBLISHED] = {"priority": -1}
    return table | ({"networks": places} if places else {"network_mode": "none"})


def _joined(topology: Topology, node: str, network: str, segment: Segment) -> Table:
    """How a node is joined to a network; empty if it is not."""
    ends = [end for end in segment if end.node == node]
    if not ends:
        return {}
    if len(ends) > 1:
        raise _unsaid(f"two interfaces of {node!r} on {network!r}", "leave one of them out")
    place: Table = {}
    for version in (4, 6):
        addresses = [address.ip for address in ends[0].addresses if address.version == version]
        if len(addresses) > 1:
            raise _unsaid(f"two IPv{version} addresses of {node!r} on {network!r}", "leave one of them out")
        place |= {f"ipv{version}_address": ip for ip in addresses}
    if not place:
        raise _unsaid(f"{node!r} on {network!r} without an address", "give it one")
    if ends[0].mac:
        place["mac_address"] = ends[0].mac
    place["aliases"] = [f"{node}.{DOMAIN}", *(alias for alias, name in topology.aliases if name == node)]
    return place


def _contained(containment: Containment) -> Table:
    """What makes a container of docker's as tight; its own filter of system calls is much like ours."""
    if containment.root:
        raise _unsaid(f"rootfs {containment.root!r}", "make an image of it, and name it in IMAGE")
    size = containment.tmp_size
    tmpfs = {**dict.fromkeys(("/tmp", "/run", "/home"), size), **{each.target: each.size for each in containment.tmpfs}}
    table: Table = {
        "read_only": True,
        "cap_drop": ["ALL"],
        "cap_add": list(map(str.upper, containment.cap_add)),
        "security_opt": ["no-new-privileges:true", *([] if containment.seccomp else ["seccomp=unconfined"])],
        "tmpfs": [f"{target}:size={given or size}" for target, given in tmpfs.items()],
        "shm_size": size,
    }
    if volumes := [_volume(each) for each in (*containment.bind, *containment.ro_bind)]:
        table["volumes"] = volumes
    return table


def _volume(bind: Bind) -> Table:
    # Of the short form neither place may have a colon in it.
    source = bind.source if bind.source.startswith(("/", ".")) else f"./{bind.source}"
    if not bind.target:
        raise _unsaid(f"where {bind.source!r} is to be", "write SRC:DST")
    return {"type": "bind", "source": _escaped(source), "target": _escaped(bind.target), "read_only": not bind.writable}


def _command(service: Service, topology: Topology) -> Table:
    table: Table = {"command": list(map(_escaped, service.argv))}
    if service.environment:
        table["environment"] = {key: _escaped(content) for key, content in service.environment.items()}
    if service.cwd:
        table["working_dir"] = _escaped(service.cwd)
    if service.depends_on:
        awaited = {each.node for each in topology.services if each.ready}
        table["depends_on"] = {
            node: {"condition": "service_healthy" if node in awaited else "service_started"}
            for node in service.depends_on
        }
    if service.ready:
        table["healthcheck"] = _health(service.node, service.ready)
    return table


def _limits(limits: Limits) -> Table:
    table: Table = {}
    if limits.memory_bytes is not None:
        table |= {"mem_limit": limits.memory_bytes, "memswap_limit": limits.memory_bytes}
    if limits.pids is not None:
        table["pids_limit"] = limits.pids
    if limits.cpus is not None:
        table["cpus"] = limits.cpus
    if "as" in limits.ulimits:
        raise _unsaid("the ulimit as", "limit memory instead")
    if limits.ulimits:
        table["ulimits"] = {name: {"soft": soft, "hard": hard} for name, (soft, hard) in limits.rlimits.items()}
    return table


def _health(node: str, ready: Ready) -> Table:
    if ready.port is not None:
        # As it is looked up here: state 0A is LISTEN, 07 a UDP socket without a peer.
        test = f"cat /proc/net/tcp* /proc/net/udp* | grep -qE ':{ready.port:04X} [0-9A-F]+:[0-9A-F]+ (0A|07) '"
        checks = ["CMD-SHELL", test]
    elif ready.command:
        checks = ["CMD", *map(_escaped, ready.command)]
    else:
        raise _unsaid(f"that {node!r} is ready once it prints {ready.log!r}", "write ready.port or ready.command")
    return {"test": checks, "interval": "1s", "retries": ceil(ready.timeout_s)}


def _port(publication: str, node: str) -> str:
    host, _, port = publication.rpartition(f":{node}:")
    return f"{host}:{port}"


def _escaped(text: str) -> str:
    """Compose puts variables in place of $."""
    return text.replace("$", "$$")
