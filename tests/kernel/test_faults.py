"""The faults of the lesson `broken`: each breaks what worked, shows where its truth says, and is mended."""

from __future__ import annotations

import pytest

from sandbox import lessons
from sandbox.learn.performance import Performance
from sandbox.learn.stage import World

BROKEN = lessons.read("broken")
FAULTS = {fault.name: fault for fault in BROKEN.faults}
PING = "ip netns exec red ping -c 1 -W 1"
# Where each is seen, and what is said there only while it lasts.
SIGNS = {
    "carrier": ("ip -n red link", "NO-CARRIER"),
    "prefix": ("ip -n red route get 10.0.2.2", "10.0.2.2 dev eth0 src"),
    "return": ("ip -n blue route get 10.0.1.2", "Network is unreachable"),
    "forwarding": ("ip netns exec router sysctl net.ipv4.ip_forward", "= 0"),
    "firewall": ("ip netns exec router nft list ruleset", "tcp dport 80 counter packets"),
    "rpfilter": ("ip netns exec blue sysctl net.ipv4.conf.eth0.rp_filter", "= 1"),
    "listener": ("ip netns exec blue ss -ltn", "127.0.0.1:80 "),
}
# What works all the same, as the symptoms say. Where it is not among these, ping gets no answer either.
PINGS = {
    "prefix": (f"{PING} 10.0.1.1",),
    "return": (f"{PING} 10.0.2.1",),
    "forwarding": (f"{PING} 10.0.2.1",),
    "firewall": (f"{PING} 10.0.2.2",),
    "rpfilter": ("ip netns exec blue ping -c 1 -W 1 10.0.1.2",),
    "listener": (f"{PING} 10.0.2.2",),
}


def test_seven_faults_each_with_a_sign() -> None:
    assert len(FAULTS) == len(BROKEN.faults) == 7
    assert FAULTS.keys() == SIGNS.keys()


@pytest.mark.deadline(60)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_breaks_shows_and_is_mended(name: str) -> None:
    fault, (look, says) = FAULTS[name], SIGNS[name]
    with Performance(BROKEN, World) as performance:
        while not performance.is_over:
            performance.forward()
        stage = performance.stage
        assert stage.run(fault.proof).status == 0
        assert says not in stage.run(look).output
        for words in fault.run:
            assert stage.run(words).status == 0, words
        assert stage.run(fault.proof).status != 0
        assert says in stage.run(look).output
        for words in {f"{PING} 10.0.2.2", *PINGS.get(name, ())}:
            assert (stage.run(words).status == 0) == (words in PINGS.get(name, ())), words
        for words in fault.mend:
            assert stage.run(words).status == 0, words
        assert stage.run(fault.proof).status == 0
        assert says not in stage.run(look).output
