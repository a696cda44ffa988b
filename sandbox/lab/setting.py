"""What commands are given beside their words: variables, a directory, a user."""

from __future__ import annotations

import os

from ..command import Command
from ..values import value
from .node import current_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .node import Node

# What is left of the caller's variables where all others are cleared; and what a lab tells: SANDBOX_NAME...
KEPT = ("PATH", "HOME", "TERM", "LANG")
TOLD = "SANDBOX_"


@value
class Setting:
    """`variables` go over the caller's own, of which `clear` leaves KEPT only; they run in `workdir` as `user`.

    Without a `workdir` it is the current directory, or / in a container that has not got that.
    """

    variables: Mapping[str, str] = {}
    clear: bool = False
    workdir: str | None = None
    user: str | None = None

    def command(
        self,
        node: Node,
        argv: tuple[str, ...],
        *,
        variables: Mapping[str, str] = {},
        cwd: str | None = None,
        **rest: Any,
    ) -> Command:
        """A command of `node`, which would have these `variables` and be in `cwd` were nothing said of it here."""
        own = node.environment() if self.user is None else node.environment_of_another()
        kept = {key: content for key, content in own.items() if not self.clear or key in KEPT or key.startswith(TOLD)}
        return Command(
            node=node.name,
            argv=argv,
            environment={**kept, **variables, **self.variables},
            cwd=os.path.join(current_directory(), *filter(None, (self.workdir, cwd))),
            cwd_if_there=self.workdir is None and cwd is None,
            user=self.user,
            **rest,
        )
