"""What has to be right for a packet to arrive, in the order in which the one builds on the other."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check, Diagnosis, proven
from .address import check_address
from .firewall import check_firewall
from .interface import check_bridge, check_carrier, check_interface, check_up
from .listener import check_listener
from .neighbour import check_neighbour
from .probe import check_probe
from .refusal import check_forwarding, check_rp_filter
from .route import check_route, check_route_back
from .size import check_mtu

CHECKS = (
    check_interface,
    check_up,
    check_carrier,
    check_bridge,
    check_address,
    check_route,
    check_route_back,
    check_neighbour,
    check_rp_filter,
    check_forwarding,
    check_firewall,
    check_mtu,
    check_listener,
    check_probe,
)


def judge(case: Case) -> Diagnosis:
    """Every check of a case, in order."""
    checks: list[Check] = [check(case) for check in CHECKS]
    if case.probes.final and case.probes.final.ok:
        checks = proven(checks)
    asked = case.question
    to = None if asked.to is None else str(asked.to)
    return Diagnosis(asked.a, asked.target, to, asked.port, asked.protocol, tuple(checks))
