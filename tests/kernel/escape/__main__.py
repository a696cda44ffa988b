"""Shows what each launcher lets through."""

from __future__ import annotations

import sys

from .bait import bait
from .launchers import LAUNCHERS, carry_out, is_there, probes


def main() -> None:
    known = probes()
    chosen = [word for word in sys.argv[1:] if word in LAUNCHERS] or list(LAUNCHERS)
    chosen = [name for name in chosen if is_there(LAUNCHERS[name])]
    wanted = [word for word in sys.argv[1:] if word in known] or list(known)
    escaped = dict.fromkeys(chosen, 0)
    with bait() as told:
        for probe in wanted:
            for launcher in chosen:
                said = carry_out(LAUNCHERS[launcher], probe, told)
                escaped[launcher] += said.startswith("ESCAPED")
                print(f"{probe:36} {launcher:10} {said}")
    for launcher, count in escaped.items():
        print(f"{count} of {len(wanted)} escaped: {launcher}")


main()
