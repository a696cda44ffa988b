"""What was found: the checks in their order, and the first thing that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

MARKS = {True: "ok", False: "no", None: "--"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is as it should be (None: there was nothing to judge), what was `seen`.

    `wrong` says in one sentence what is not right; `mend` is the command that mends it, where there is one.
    `is_proof_against_packets`: it is wrong even if a packet is answered, by the wrong one or a small one only.
    """

    name: str
    ok: bool | None
    seen: str
    wrong: str = ""
    mend: str = ""
    is_proof_against_packets: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Whether `a` reaches `b`, and if not, why. `to` is the address of b that was tried, None where it has none.

    True where nothing is wrong. `str()` is what `sandbox why` prints.
    """

    a: str
    b: str
    to: str | None
    port: int | None
    protocol: str
    checks: tuple[Check, ...]

    @property
    def first(self) -> Check | None:
        """The first check that found something wrong."""
        return next((each for each in self.checks if each.ok is False), None)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.first is None

    @property
    def mend(self) -> str:
        """The command that mends the first thing that is wrong; empty where nothing is, or no single command would."""
        return self.first.mend if self.first else ""

    @property
    def verdict(self) -> str:
        """One sentence: what is wrong first, or that nothing is."""
        if self.first:
            return self.first.wrong
        at = f" at {self.to}" if self.to and self.to != self.b else ""
        on = f", {self.protocol.upper()} port {self.port}" if self.port else ""
        return f"nothing is wrong: {self.a} reaches {self.b}{at}{on}"

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        width = max((len(each.name) for each in self.checks), default=0)
        lines = [f"{MARKS[each.ok]:<3} {each.name:<{width}}  {each.wrong or each.seen}" for each in self.checks]
        mend = [f"to mend it: {self.mend}"] if self.mend else []
        return "\n".join([*lines, "", self.verdict, *mend])

    def as_record(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "from": self.a,
            "to": self.b,
            "address": self.to,
            "port": self.port,
            "protocol": self.protocol,
            "ok": self.ok,
            "verdict": self.verdict,
            "mend": self.mend,
            "checks": [
                {"name": each.name, "ok": each.ok, "seen": each.seen, "wrong": each.wrong, "mend": each.mend}
                for each in self.checks
            ],
        }


def proven(checks: list[Check]) -> list[Check]:
    """The checks of a way on which a real packet was answered: what it shows to work is not wrong."""
    return [
        each
        if each.ok is not False or each.is_proof_against_packets
        else replace(each, ok=None, seen=f"{each.wrong}; it gets through all the same", wrong="", mend="")
        for each in checks
    ]
