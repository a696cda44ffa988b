"""Listeners: whether anything at B waits for what comes to that port, at that address."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check
from ..facts import IP, Listener, Place

NAME = "listener"


def check_listener(case: Case) -> Check:
    """Whether a program listens on the port, for the address that is asked for."""
    asked = case.question
    b = case.b
    if asked.port is None:
        return Check(NAME, None, "no port was asked for")
    if b is None or asked.to is None:
        return Check(NAME, None, f"nothing is known of {asked.target}")
    if case.translator:
        return Check(NAME, None, f"{case.translator} translates addresses: it may be another port that answers")
    on_port = [each for each in b.listeners if each.port == asked.port]
    ours = [each for each in on_port if each.protocol == asked.protocol]
    hearing = [each for each in ours if each.hears(asked.to)]
    what = f"{asked.protocol.upper()} port {asked.port}"
    if hearing:
        return Check(NAME, True, f"{b.name} listens on {what}, at {hearing[0]}")
    if ours:
        return Check(NAME, False, "", f"{b.name} listens on {what} {_but_where(ours, asked.to)}", _serve(case, b))
    if on_port:
        other = on_port[0].protocol.upper()
        return Check(NAME, False, "", f"nothing in {b.name} listens on {what}, only on {other} port {asked.port}")
    return Check(NAME, False, "", f"nothing in {b.name} listens on {what}", _serve(case, b))


def _but_where(listeners: list[Listener], to: IP) -> str:
    places = ", ".join(map(str, listeners))
    if all(each.ip.is_loopback for each in listeners):
        return f"only at {places}, which nobody outside of it reaches"
    if all(each.ip.version != to.version for each in listeners):
        return f"only at {places}, which is IPv{listeners[0].ip.version} alone"
    return f"only at {places}, not at {to}"


def _serve(case: Case, b: Place) -> str:
    """Something that answers, for a try: what ought to is for its owner to start."""
    asked = case.question
    if asked.protocol != "tcp":
        return ""
    return b.words.run(f"python3 -m http.server {asked.port} --bind {asked.to}")
