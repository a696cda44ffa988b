"""Listeners: whether anything at B waits for what comes to that port, at that address."""

from __future__ import annotations

from ..case import Case, translations
from ..diagnosis import Check
from ..facts import IP, Listener, Place

NAME = "listener"


def check_listener(case: Case) -> Check:
    """Whether a program listens on the port, for the address that is asked for."""
    asked, there = case.question, case.there
    if asked.port is None:
        return Check(NAME, None, "no port was asked for")
    if there is None or case.b is None:
        return Check(NAME, None, f"nothing is known of {asked.target}")
    if there.redirected and there.arrived:
        return _judge(case, case.look.place(there.last.place), there.to, there.port or asked.port)
    for hop, decision in translations(case.look, asked, there):
        if decision.translates == "destination":
            return Check(NAME, None, f"{hop.place} may give packets another destination")
    return _judge(case, case.b, there.to, asked.port)


def _judge(case: Case, place: Place, to: IP, port: int) -> Check:
    protocol = case.question.protocol
    on_port = [each for each in place.listeners if each.port == port]
    ours = [each for each in on_port if each.protocol == protocol]
    hearing = [each for each in ours if each.hears(to)]
    what = f"{protocol.upper()} port {port}"
    if hearing:
        return Check(NAME, True, f"{place.name} listens on {what}, at {hearing[0]}")
    serve = _serve(place, to, port) if protocol == "tcp" else ""
    if ours:
        return Check(NAME, False, "", f"{place.name} listens on {what} {_but_where(ours, to)}", serve)
    if on_port:
        other = f"only on {on_port[0].protocol.upper()} port {port}"
        return Check(NAME, False, "", f"nothing in {place.name} listens on {what}, {other}")
    return Check(NAME, False, "", f"nothing in {place.name} listens on {what}", serve)


def _but_where(listeners: list[Listener], to: IP) -> str:
    places = ", ".join(map(str, listeners))
    if all(each.ip.is_loopback for each in listeners):
        return f"only at {places}, which nobody outside of it reaches"
    if all(each.ip.version != to.version for each in listeners):
        return f"only at {places}, which is IPv{listeners[0].ip.version} alone"
    return f"only at {places}, not at {to}"


def _serve(place: Place, to: IP, port: int) -> str:
    """Something that answers, for a try: what ought to is for its owner to start."""
    return place.words.run(f"python3 -m http.server {port} --bind {to}")
