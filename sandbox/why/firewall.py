"""What the rules of nftables do with a packet: nft(8). Of rules that cannot be judged it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from .facts import IP
from .matching import Packet, Sets, is_among, matches

Record = Mapping[str, Any]
DEEPEST = 16  # jumps, which is how many the kernel allows
PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100, "out": 100}
ENDS = ("accept", "drop", "reject", "return", "queue")
STATEMENTS = ("counter", "log", "mangle", "notrack", "comment")
TRANSLATIONS = {"masquerade": "source", "snat": "source", "dnat": "destination", "redirect": "destination"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a packet: `drops` yes, no, or None: perhaps, by the rule (or, without one, the chain's policy).

    `translates`: which of its addresses is, or may be, changed here: source, destination, or (empty) none; `to` and
    `port` are the destination that it gets, where that is known.
    """

    drops: bool | None = False
    chain: Record = field(default_factory=dict)
    rule: Record | None = None
    translates: str = ""
    to: IP | None = None
    port: int | None = None

    @property
    def packets(self) -> int | None:
        """How many packets the rule has counted, if it counts."""
        return counted(self.rule) if self.rule else None

    def __str__(self) -> str:
        where = f"{self.chain['family']} {self.chain['table']} {self.chain['name']}"
        if self.rule is None:
            return f"policy {self.chain['policy']} of chain {where}"
        return f"rule {spell(self.rule)!r} in chain {where}"


def decide(rules: Sequence[Record], hook: str, packet: Packet) -> Decision:
    """What the chains of a hook do with the packet, one after the other."""
    families = ("inet", "ip" if packet.version == 4 else "ip6")
    chains = [each["chain"] for each in rules if "chain" in each]
    chains = [each for each in chains if each.get("hook") == hook and each["family"] in families]
    perhaps: Decision | None = None
    translated = Decision()
    for chain in sorted(chains, key=_priority):
        decision = _Run(rules, chain, packet).decide()
        translated = translated if translated.translates else decision
        if decision.drops:
            return decision if perhaps is None else perhaps
        perhaps = perhaps or (decision if decision.drops is None else None)
    if perhaps:
        return perhaps
    return Decision(translates=translated.translates, to=translated.to, port=translated.port)


def counted(rule: Record) -> int | None:
    """The packets that a rule has counted, None where it does not count."""
    for part in rule["expr"]:
        if isinstance(part.get("counter"), Mapping):
            return int(part["counter"]["packets"])
    return None


def _priority(chain: Record) -> int:
    prio = chain.get("prio", 0)
    return prio if isinstance(prio, int) else PRIORITIES.get(str(prio), 0)


class _Run:
    """One packet through one chain that is hooked in, and those that it jumps to."""

    def __init__(self, rules: Sequence[Record], chain: Record, packet: Packet) -> None:
        self._chain = chain
        self._packet = packet
        of_table = (chain["family"], chain["table"])
        self._rules: dict[str, list[Record]] = {}
        self._chains: dict[str, Record] = {}
        sets: dict[str, Any] = {}
        for record in rules:
            for kind, each in record.items():
                if (each.get("family"), each.get("table")) != of_table:
                    continue
                if kind == "rule":
                    self._rules.setdefault(each["chain"], []).append(each)
                elif kind == "chain":
                    self._chains[each["name"]] = each
                elif kind in ("set", "map"):
                    sets[each["name"]] = each.get("elem", [])
        self._sets: Sets = sets
        # The first rule that drops it if it matches, which cannot be told; whether one that accepts may match before.
        self._suspect: Decision | None = None
        self._may_have_left = False
        self._translation = Decision()

    def decide(self) -> Decision:
        """What becomes of it."""
        found = self._through(self._chain["name"], 0)
        if found is None and self._chain.get("policy") == "drop":
            found = Decision(True, self._chain)
        if found is not None and found.drops and self._may_have_left:
            found = Decision(None, found.chain, found.rule)
        if found is not None and found.drops:
            return self._suspect or found
        if self._suspect:
            return self._suspect
        return found if found and found.drops is None else self._translation

    def _through(self, name: str, depth: int) -> Decision | None:
        """What the rules of a chain decide; None where they leave it to who has called."""
        for rule in self._rules.get(name, []) if depth < DEEPEST else []:
            holds, action = self._read(rule)
            if holds is None and counted(rule) == 0:
                holds = False  # it has never matched anything
            if holds is False or action is None:
                continue
            kind, target = action
            if kind in ("jump", "goto"):
                if not holds:
                    self._perhaps_through(target, depth + 1)
                elif (found := self._through(target, depth + 1)) or kind == "goto":
                    return found
            elif kind in ("drop", "reject"):
                if holds:
                    return Decision(True, self._chains[name], rule)
                self._suspect = self._suspect or Decision(None, self._chains[name], rule)
            elif holds:
                return None if kind == "return" else Decision()
            else:
                self._may_have_left = True
        return None

    def _perhaps_through(self, name: str, depth: int) -> None:
        """A chain that may be gone through: all that it could do is a matter of perhaps."""
        before = self._may_have_left
        self._may_have_left = True
        found = self._through(name, depth)
        if found is not None and found.drops:
            self._suspect = self._suspect or Decision(None, found.chain, found.rule)
        self._may_have_left = before or found is not None

    def _read(self, rule: Record) -> tuple[bool | None, tuple[str, str] | None]:
        """Whether all of a rule's matches hold, and what it does then."""
        holds: bool | None = True
        for part in rule["expr"]:
            ((kind, content),) = part.items()
            if kind in ENDS:
                return holds, (kind, "")
            if kind in ("jump", "goto"):
                return holds, (kind, content["target"])
            if kind == "vmap":
                return self._by_map(content, holds)
            if kind in TRANSLATIONS:
                self._translation = _translation(TRANSLATIONS[kind], content, is_certain=holds is True)
                return holds, ("accept", "")
            if kind not in STATEMENTS:
                found = matches(content, self._packet, self._sets) if kind == "match" else None
                if found is False:
                    return False, None
                holds = holds if found else None
        return holds, None

    def _by_map(self, content: Record, holds: bool | None) -> tuple[bool | None, tuple[str, str] | None]:
        data = content.get("data")
        members = data.get("set") if isinstance(data, Mapping) else self._sets.get(str(data).lstrip("@"))
        key = self._packet.content(content["key"]) if isinstance(content.get("key"), Mapping) else None
        for member, verdict in members or []:
            found = None if key is None else is_among(key, member, self._sets)
            if found is False:
                continue
            ((kind, target),) = verdict.items()
            if kind == "continue":
                return False, None
            name = target.get("target", "") if isinstance(target, Mapping) else ""
            return (holds if found else None), (kind, name)
        return False, None


def _translation(which: str, content: Any, *, is_certain: bool) -> Decision:
    """What a rule of a nat chain does; where to is known only of a rule that matches, and says it in plain words."""
    told = content if isinstance(content, Mapping) and is_certain and which == "destination" else {}
    address, port = told.get("addr"), told.get("port")
    to = ip_address(address) if isinstance(address, str) else None
    return Decision(translates=which, to=to, port=port if isinstance(port, int) else None)


def spell(rule: Record) -> str:
    """A rule about as one would write it."""
    return " ".join(filter(None, (_spell_part(*item) for part in rule["expr"] for item in part.items())))


def _spell_part(kind: str, content: Any) -> str:
    if kind == "match":
        op = content.get("op", "==")
        return (
            f"{_spell_value(content['left'])} {'' if op in ('==', 'in') else op + ' '}{_spell_value(content['right'])}"
        )
    if kind in ("jump", "goto"):
        return f"{kind} {content['target']}"
    return "" if kind == "counter" else kind


def _spell_value(content: Any) -> str:
    match content:
        case {"payload": {"protocol": protocol, "field": name}}:
            return f"{protocol} {name}"
        case {"meta": {"key": key}}:
            return str(key) if key in ("iif", "oif", "iifname", "oifname") else f"meta {key}"
        case {"ct": {"key": key}}:
            return f"ct {key}"
        case {"prefix": {"addr": address, "len": length}}:
            return f"{address}/{length}"
        case {"range": [low, high]}:
            return f"{low}-{high}"
        case {"set": list(members)} | list(members):
            return ",".join(map(_spell_value, members)).join("{}" if isinstance(content, dict) else ("", ""))
        case dict():
            return "..."
        case _:
            return str(content)
