"""More ids than one's own for the containers of an ordinary user, where root has granted some: given from outside."""

from __future__ import annotations

import os

from ..kernel import subordinate
from .owner import FIRST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..kernel.subordinate import Grant


class Grants:
    """What a user was granted, in the process that forks init, and in init, which waits for it."""

    def __init__(self, own: tuple[int, int], granted: tuple[Grant, Grant]) -> None:
        self._own, self._granted = own, granted
        self._readable, self._writable = os.pipe2(os.O_CLOEXEC)

    @classmethod
    def of(cls, uid: int, gid: int) -> Grants | None:
        """Those of a user; None where there are none."""
        granted = subordinate.granted(uid)
        return cls((uid, gid), granted) if granted else None

    def give(self, pid: int) -> None:
        """Map them for init, from outside of its user namespace."""
        subordinate.give(pid, self._own, FIRST, self._granted)
        os.close(self._writable)
        os.close(self._readable)

    def come(self) -> bool:
        """In init: wait until they were given; whether they were."""
        os.close(self._writable)
        os.read(self._readable, 1)  # nobody writes: its end is the word
        return subordinate.is_mapped()
