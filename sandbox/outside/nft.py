"""The program nft, by which addresses are translated: nft(8)."""

from __future__ import annotations

import os

from ..errors import NotAllowed
from ..kernel import caps
from . import tool
from .tool import Tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..plan.ways import Translate


def find() -> str:
    """Its path. Raises NotAllowed where it is not installed."""
    return tool.find("nft", package="nftables", purpose="an uplink")


class OwnedTable:
    """A table that is there as long as the nft that made it, whose socket owns it: the kernel sees to that.

    It is made in the network that this process is in now.
    """

    def __init__(self, nft: str) -> None:
        # Interactive, and with an input that does not end, it stays until it is killed: see Tool.
        self._tool = Tool([nft, "-i"], caps.TO_STAY)

    def translate(self, step: Translate, netns_fd: int) -> None:
        """Make the table. Raises NotAllowed."""
        # The answer to the last line tells that those before it were carried out.
        lines = [*step.commands(flags=" { flags owner; }"), f"list table inet {step.table}", ""]
        self._tool.begin(netns_fd, "\n".join(lines))
        said, is_there = self._tool.hear(lambda said: "Error" in said or said.endswith("}\n"))
        if "Error" in said or not is_there:
            fix = "it takes nftables 0.9.9 and Linux 5.12 or newer, with nf_tables"
            raise NotAllowed(f"{step.why}: nft: {_error(said)}", fix)

    def close(self) -> None:
        """Take the table away before the lab ends."""
        self._tool.kill()


def translate(nft: str, step: Translate, netns_fd: int) -> None:
    """Make a table in a node's network; it is there as long as that. Raises NotAllowed."""
    once = Tool([nft, "; ".join(step.commands())], caps.TO_CHANGE)
    once.begin(netns_fd, inside=True)
    said, _ = once.hear()
    _, ended = os.waitpid(once.pid, 0)
    if ended:
        raise NotAllowed(f"{step.why}: nft: {_error(said)}", f"by hand: {step}")


def _error(said: str) -> str:
    errors = (line.partition("Error: ")[2] for line in said.splitlines() if "Error: " in line)
    return next(errors, said or "no answer within ten seconds")
