"""One fault to be found: a sound lab, something broken in it, and the proof that it is mended."""

from __future__ import annotations

import re

from ..errors import SandboxError
from .performance import Ran

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lessons.lesson import Fault
    from .performance import Performance
    from .state import State

# A link that was set up just now may lose a first packet.
TRIES, HTTP = 2, "80"
ENTERED = re.compile(r"\bip\s+netns\s+exec\s+(\S+)")
ADDRESS = re.compile(r"(?<![\w.:])(\d+\.\d+\.\d+\.\d+)(?:[: ]+(\d+))?\b")


class Trial:
    """A fault, made in a lab that is sound but for it."""

    def __init__(self, performance: Performance, fault: Fault) -> None:
        self.fault = fault
        self._performance = performance

    def begin(self) -> Ran:
        """Make it; returns the proof, which fails. Raises SandboxError where it does not."""
        performance = self._performance
        performance.start_again()
        performance.build(len(performance.lesson.steps))
        for words in self.fault.run:
            self._do(words)
        performance.look_again()
        proof = self._prove()
        if proof.status == 0:
            raise SandboxError(f"`{proof.words}` works although {self.fault.name} is broken - try: sandbox doctor")
        return proof

    def prove(self) -> Ran:
        """The proof, as it comes out now: with status 0 if the fault is mended."""
        for _ in range(TRIES - 1):
            if (proof := self._prove()).status == 0:
                return proof
        return self._prove()

    def mend(self) -> tuple[Ran, ...]:
        """Mend it as the lesson does, and prove that."""
        return (*(self._do(words) for words in self.fault.mend), self.prove())

    def _do(self, words: str) -> Ran:
        outcome = self._performance.stage.run(words)
        if outcome.status:
            said = " ".join(outcome.output.split()) or "nothing"
            raise SandboxError(f"`{words}` ended with {outcome.status}, saying: {said} - try: sandbox doctor")
        return Ran("run", words, outcome.status, outcome.output)

    def _prove(self) -> Ran:
        outcome = self._performance.stage.run(self.fault.proof)
        return Ran("run", self.fault.proof, outcome.status, outcome.output)


def parties(proof: str, state: State) -> tuple[str, ...]:
    """From where to where a proof goes, and perhaps to which port, as far as its words tell: else nothing.

    From the place that it enters, to the one that has the address it names.
    """
    entered, address = ENTERED.search(proof), ADDRESS.search(proof)
    if not entered or not address:
        return ()
    wanted, *port = filter(None, address.groups())
    if not port and "http://" in proof:
        port = [HTTP]
    for name, place in state.items():
        if any(wanted == each.partition("/")[0] for link in place.interfaces for each in link.addresses):
            return entered[1], name, *port
    return ()
