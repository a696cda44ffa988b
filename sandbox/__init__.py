"""Give commands a network of their own: a namespace each, joined by a veth pair, as Docker links containers.

with sandbox.pair("a:192.168.1.1", "b:192.168.1.2") as (a, b):
    server = a.popen(["python3", "-m", "http.server", "80"])
    b.run(["ping", "-c", "1", "a"], check=True)

with sandbox.Lab(topology) as lab:
    lab["web"].run([...])

sandbox.run(["make", "test"])     # one command, no network but lo
sandbox.run(["make", "test"], contain=sandbox.Containment(bind="."))     # nor more of the machine than it needs
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import topologies as topologies
    from .containment import Bind, Containment, Tmpfs
    from .errors import LabClosed, NotAllowed, RequestError, SandboxError, ServiceFailed, StepFailed
    from .lab import Lab
    from .lab.kept import KeptLab, ServiceState, connect
    from .lab.live import LiveLink
    from .lab.logreader import LogReader
    from .lab.node import Node
    from .lab.oneshot import pair, run
    from .lab.ping import Reachability
    from .lab.process import Process
    from .lab.services import start_services
    from .topology import Topology
    from .topology.address import Address, Subnet
    from .topology.draft import Draft
    from .topology.endpoint import Endpoint, Link
    from .topology.interface import Interface
    from .topology.limits import Limits
    from .topology.publication import Publication
    from .topology.service import Ready, Service
    from .topology.switch import Switch
    from .why.asking import Port
    from .why.diagnosis import Diagnosis
    from .why.nodes import diagnose

__version__ = "0.1.0"

__all__ = [
    "Address",
    "Bind",
    "Containment",
    "Diagnosis",
    "Draft",
    "Endpoint",
    "Interface",
    "KeptLab",
    "Lab",
    "LabClosed",
    "Limits",
    "Link",
    "LiveLink",
    "LogReader",
    "Node",
    "NotAllowed",
    "Port",
    "Process",
    "Publication",
    "Reachability",
    "Ready",
    "RequestError",
    "SandboxError",
    "Service",
    "ServiceFailed",
    "ServiceState",
    "StepFailed",
    "Subnet",
    "Switch",
    "Tmpfs",
    "Topology",
    "connect",
    "diagnose",
    "pair",
    "run",
    "start_services",
]

_HOMES = {
    "containment": ("Bind", "Containment", "Tmpfs"),
    "topology.address": ("Address", "Subnet"),
    "topology.draft": ("Draft",),
    "topology.endpoint": ("Endpoint", "Link"),
    "errors": ("LabClosed", "NotAllowed", "RequestError", "SandboxError", "ServiceFailed", "StepFailed"),
    "topology.interface": ("Interface",),
    "topology.limits": ("Limits",),
    "lab.kept": ("KeptLab", "ServiceState", "connect"),
    "lab": ("Lab",),
    "lab.live": ("LiveLink",),
    "lab.logreader": ("LogReader",),
    "lab.node": ("Node",),
    "lab.oneshot": ("pair", "run"),
    "lab.ping": ("Reachability",),
    "lab.process": ("Process",),
    "topology.publication": ("Publication",),
    "topology.service": ("Ready", "Service"),
    "lab.services": ("start_services",),
    "topology.switch": ("Switch",),
    "topology": ("Topology",),
    "why.asking": ("Port",),
    "why.diagnosis": ("Diagnosis",),
    "why.nodes": ("diagnose",),
}
_MODULES = ("topologies",)


def __getattr__(name: str) -> object:
    """Public names are loaded when first used: the command line needs few of them (PEP 562)."""
    home = name if name in _MODULES else next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Not importlib, whose own import takes half a millisecond.
    module = __import__(f"{__name__}.{home}", fromlist=[name])
    return module if home == name else getattr(module, name)


def __dir__() -> list[str]:
    return [*__all__, *_MODULES, "__version__"]
