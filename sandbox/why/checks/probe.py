"""Real packets: whether B answers, and if not, how far they get."""

from __future__ import annotations

from ..case import Case
from ..diagnosis import Check

NAME = "probe"


def check_probe(case: Case) -> Check:
    """What came of real packets."""
    final, hops = case.probes.final, case.probes.hops
    if final is None:
        return Check(NAME, None, "there is nowhere to send a packet to")
    if final.ok is not False:
        return Check(NAME, final.ok, final.seen)
    far = [each.to for each in hops if each.ok]
    lost = next((each.to for each in hops if not each.ok), None)
    where = f"; {far[-1]} still answers" if far else ""
    where += f"; {lost} does not" if lost and lost != final.to else ""
    wrong = f"{case.question.a} does not reach {case.question.target}: {final.seen}{where}"
    return Check(NAME, False, "", wrong)
