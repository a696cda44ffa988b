"""What rules of nftables do with a packet, as far as that can be told from what `nft -j list ruleset` says of them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from sandbox.why.firewall import counted, decide, spell
from sandbox.why.matching import Packet, is_among, matches

Expression = dict[str, Any]

PACKET = Packet("tcp", ip_address("10.0.0.1"), ip_address("10.0.1.2"), None, 80, "", "new", "eth0", "eth1")
PING = Packet("icmp", ip_address("10.0.0.1"), ip_address("10.0.1.2"), kind="echo-request")
SIX = Packet("udp", ip_address("fd00::1"), ip_address("fd00::2"), None, 53, comes_by="eth0")


def match(left: Expression, right: object, op: str = "==") -> Expression:
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> Expression:
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key: str) -> Expression:
    return {"meta": {"key": key}}


STATE: Expression = {"ct": {"key": "state"}}
DPORT = payload("tcp", "dport")
SADDR = payload("ip", "saddr")
UNKNOWN = {"xt": {"type": "match", "name": "owner"}}


@pytest.mark.parametrize(
    ("expression", "packet", "expected"),
    [
        (match(DPORT, 80), PACKET, True),
        (match(DPORT, 81), PACKET, False),
        (match(DPORT, 80), PING, False),
        (match(DPORT, 80), SIX, False),
        (match(DPORT, 80, "!="), PACKET, False),
        (match(DPORT, 22, "!="), PACKET, True),
        (match(DPORT, {"set": [22, 80]}), PACKET, True),
        (match(DPORT, {"set": [22, {"range": [8000, 8999]}]}), PACKET, False),
        (match(DPORT, {"range": [1, 1023]}), PACKET, True),
        (match(DPORT, 1024, "<"), PACKET, True),
        (match(DPORT, 80, ">"), PACKET, False),
        (match(payload("th", "dport"), 53), SIX, True),
        (match(payload("tcp", "sport"), 80), PACKET, None),
        (match(payload("tcp", "flags"), "syn"), PACKET, None),
        (match(SADDR, "10.0.0.1"), PACKET, True),
        (match(SADDR, {"prefix": {"addr": "10.0.0.0", "len": 24}}), PACKET, True),
        (match(SADDR, {"prefix": {"addr": "10.9.0.0", "len": 24}}), PACKET, False),
        (match(SADDR, {"range": ["10.0.0.1", "10.0.0.9"]}), PACKET, True),
        (match(SADDR, {"set": ["10.0.0.7", {"prefix": {"addr": "10.0.0.0", "len": 30}}]}), PACKET, True),
        (match(SADDR, "@ours"), PACKET, True),
        (match(SADDR, "@theirs"), PACKET, None),
        (match(SADDR, "some.name"), PACKET, None),
        (match(SADDR, "10.0.0.1"), SIX, False),
        (match(payload("ip6", "daddr"), "fd00::2"), SIX, True),
        (match(payload("ip", "protocol"), "tcp"), PACKET, True),
        (match(payload("ip", "protocol"), 6), PACKET, True),
        (match(payload("icmp", "type"), "echo-request"), PING, True),
        (match(payload("icmp", "type"), {"set": ["echo-reply", "echo-request"]}), PING, True),
        (match(payload("icmp", "type"), "echo-reply"), PING, False),
        (match(payload("icmpv6", "type"), "echo-request"), PING, False),
        (match(meta("iifname"), "eth0"), PACKET, True),
        (match(meta("iifname"), "eth*"), PACKET, True),
        (match(meta("oifname"), "eth0"), PACKET, False),
        (match(meta("iif"), "lo"), PACKET, False),
        (match(meta("iif"), "lo"), PING, False),
        (match(meta("l4proto"), "tcp"), PACKET, True),
        (match(meta("l4proto"), {"set": ["icmp", "ipv6-icmp"]}), PING, True),
        (match(meta("nfproto"), "ipv6"), SIX, True),
        (match(meta("mark"), 7), PACKET, None),
        (match(STATE, "established", "in"), PACKET, False),
        (match(STATE, ["established", "related"], "in"), PACKET, False),
        (match(STATE, {"set": ["new", "untracked"]}, "in"), PACKET, True),
        (match({"&": [meta("mark"), 255]}, 1), PACKET, None),
    ],
)
def test_a_match_holds_or_not_or_cannot_be_told(expression: Expression, packet: Packet, expected: bool | None) -> None:
    sets = {"ours": [{"prefix": {"addr": "10.0.0.0", "len": 8}}]}
    assert matches(expression["match"], packet, sets) is expected


def test_an_element_of_a_set_may_have_more_than_its_value() -> None:
    assert is_among(80, {"set": [{"elem": {"val": 80, "counter": {"packets": 1, "bytes": 1}}}]}, {})


def table(*rules: list[Expression], policy: str = "accept", hook: str = "input", **chain: Any) -> list[Expression]:
    """A chain c with these rules, each of which ends as it is written."""
    where = {"family": "inet", "table": "t"}
    head = {"chain": {**where, "name": "c", "type": "filter", "hook": hook, "prio": 0, "policy": policy, **chain}}
    return [
        {"table": {"family": "inet", "name": "t"}},
        head,
        *(rule("c", *each, handle=at) for at, each in enumerate(rules)),
    ]


def rule(chain: str, *expressions: Expression, handle: int = 1) -> Expression:
    return {"rule": {"family": "inet", "table": "t", "chain": chain, "handle": handle, "expr": list(expressions)}}


def called(name: str) -> Expression:
    return {"chain": {"family": "inet", "table": "t", "name": name, "handle": 9}}


DROP: Expression = {"drop": None}
ACCEPT: Expression = {"accept": None}
RETURN: Expression = {"return": None}
HTTP, SSH = match(DPORT, 80), match(DPORT, 22)


def jump(target: str) -> Expression:
    return {"jump": {"target": target}}


@pytest.mark.parametrize(
    ("ruleset", "drops"),
    [
        ([], False),
        (table(), False),
        (table(policy="drop"), True),
        (table(policy="drop", hook="forward"), False),
        (table([DROP], family="bridge"), False),
        (table([HTTP, DROP]), True),
        (table([SSH, DROP]), False),
        (table([HTTP, {"reject": None}]), True),
        (table([HTTP, ACCEPT], [DROP]), False),
        (table([SSH, ACCEPT], [DROP]), True),
        (table([HTTP, {"counter": {"packets": 0, "bytes": 0}}], [DROP]), True),
        (table([UNKNOWN, DROP]), None),
        (table([UNKNOWN, ACCEPT], [DROP]), None),
        (table([UNKNOWN, DROP], [ACCEPT]), None),
        (table([UNKNOWN, {"counter": {"packets": 0, "bytes": 0}}, DROP]), False),
        (table([UNKNOWN, {"counter": {"packets": 2, "bytes": 9}}, DROP]), None),
        (table([UNKNOWN, ACCEPT], policy="drop"), None),
        (table([{"limit": {"rate": 1, "per": "second"}}, ACCEPT], [DROP]), None),
        ([*table([jump("d")], [DROP]), called("d"), rule("d", HTTP, ACCEPT)], False),
        ([*table([jump("d")], [DROP]), called("d"), rule("d", SSH, ACCEPT)], True),
        ([*table([jump("d")], [DROP]), called("d"), rule("d", RETURN), rule("d", ACCEPT)], True),
        ([*table([jump("d")]), called("d"), rule("d", HTTP, DROP)], True),
        ([*table([{"goto": {"target": "d"}}], [DROP]), called("d"), rule("d", SSH, ACCEPT)], False),
        ([*table([UNKNOWN, jump("d")]), called("d"), rule("d", HTTP, DROP)], None),
        ([*table([UNKNOWN, jump("d")], [DROP]), called("d"), rule("d", HTTP, ACCEPT)], None),
        ([*table([jump("c")])], False),
        (table([{"vmap": {"key": STATE, "data": {"set": [["established", ACCEPT], ["new", DROP]]}}}]), True),
        (table([{"vmap": {"key": STATE, "data": {"set": [["new", ACCEPT]]}}}], [DROP]), False),
        (table([{"vmap": {"key": STATE, "data": {"set": [["new", {"continue": None}]]}}}], [DROP]), True),
        ([*table([{"vmap": {"key": DPORT, "data": {"set": [[80, jump("d")]]}}}]), called("d"), rule("d", DROP)], True),
    ],
)
def test_a_packet_is_dropped_or_not_or_that_cannot_be_told(ruleset: list[Expression], drops: bool | None) -> None:
    assert decide(ruleset, "input", PACKET).drops is drops


def test_a_chain_of_lower_priority_comes_first_and_what_one_accepts_the_next_may_drop() -> None:
    other = {"family": "ip", "table": "u"}
    late = [
        {"chain": {**other, "name": "l", "type": "filter", "hook": "input", "prio": 10, "policy": "accept"}},
        {"rule": {**other, "chain": "l", "handle": 1, "expr": [DROP]}},
    ]
    decision = decide([*late, *table([HTTP, ACCEPT])], "input", PACKET)
    assert decision.drops
    assert str(decision) == "rule 'drop' in chain ip u l"
    assert decide([*late, *table([HTTP, DROP], prio="raw")], "input", PACKET).chain["table"] == "t"
    assert not decide(late, "input", SIX).drops, "of the other family"


def test_it_is_told_whether_addresses_are_translated() -> None:
    for statement in ({"masquerade": None}, {"snat": {"addr": "10.9.9.9"}}, {"dnat": {"addr": "10.0.0.7"}}):
        assert decide(table([HTTP, statement], type="nat"), "input", PACKET).translates
        assert not decide(table([SSH, statement], type="nat"), "input", PACKET).translates


def test_a_rule_is_told_as_one_would_write_it() -> None:
    expressions = [
        match(meta("iifname"), "eth0"),
        match(SADDR, {"prefix": {"addr": "10.0.0.0", "len": 8}}),
        match(DPORT, {"set": [80, 443]}),
        match(STATE, ["new", "invalid"], "in"),
        match(payload("ip", "ttl"), 3, "!="),
        {"counter": {"packets": 5, "bytes": 100}},
        DROP,
    ]
    written = rule("c", *expressions)["rule"]
    assert spell(written) == (
        "iifname eth0 ip saddr 10.0.0.0/8 tcp dport {80,443} ct state new,invalid ip ttl != 3 drop"
    )
    assert counted(written) == 5
    assert counted(rule("c", DROP)["rule"]) is None
